"""The demand page: what is forecast, drawn, searched and told in words."""

import pytest
from playwright.sync_api import Page, expect

from serving.http.templates import units

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"
DAY_HOURS = 24


@pytest.fixture
def demand(page: Page, demand_client):
    """The page with its first series open."""
    page.goto(f"{demand_client.base_url}/demand")
    expect(page.locator(".chart .main-svg").first).to_be_visible()
    return page


def test_history_fan_and_the_forecast_then_are_drawn_and_the_browser_complains_of_nothing(demand):
    # Ranges of 95, 80 and 50 %, what is expected, the range and the median then, what was sold.
    expect(demand.locator(".chart .scatterlayer .trace")).to_have_count(7)


def test_stock_outs_are_shaded_beside_the_line_of_today(demand, demand_client):
    demand.goto(f"{demand_client.base_url}/demand/one?sku=A-00000&site=north")
    expect(demand.locator(".chart .shapelayer path")).to_have_count(2)


def test_the_chart_follows_light_and_dark(demand):
    line = demand.locator(".chart .scatterlayer .trace >> nth=6 >> path.js-line")
    light = line.evaluate("line => getComputedStyle(line).stroke")
    demand.emulate_media(color_scheme="dark")

    expect(line).not_to_have_css("stroke", light)


def test_nothing_of_the_page_comes_from_elsewhere(page, demand_client):
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(f"{demand_client.base_url}/demand")
    expect(page.locator(".chart .main-svg").first).to_be_visible()

    foreign = [url for url in urls if not url.startswith((str(demand_client.base_url), "data:"))]
    assert foreign == []


def test_the_list_is_searched_while_one_types(demand):
    demand.keyboard.press("/")
    demand.keyboard.type("00001 south")

    expect(demand.locator(ROWS)).to_have_count(1)
    expect(demand.locator(f"{ROWS} .what")).to_contain_text("A-00001")


def test_a_row_opens_by_keys_and_is_drawn(demand):
    demand.keyboard.press("j")
    demand.keyboard.press("Enter")

    expect(demand.locator("#panel h2")).to_be_focused()
    expect(demand.locator(".chart .main-svg").first).to_be_visible()
    assert "/demand/one?" in demand.url


def test_a_sum_of_series_is_shown_as_they_are(demand):
    demand.click("#level-site")
    expect(demand.locator("#level-site")).to_have_attribute("aria-current", "true")
    demand.click(".open >> nth=0")

    expect(demand.locator("#panel h2")).to_contain_text("Site south")
    expect(demand.locator(".chart .main-svg").first).to_be_visible()


def test_on_a_phone_nothing_is_cut_off(page, demand_client):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{demand_client.base_url}/demand")
    expect(page.locator(".chart .main-svg").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_every_control_has_a_name(demand):
    nameless = demand.evaluate("""() => [...document.querySelectorAll("a, button, input, select")]
        .filter((one) => one.type !== "hidden" && one.checkVisibility())
        .filter((one) => !(one.innerText || one.ariaLabel || one.labels?.length))
        .map((one) => one.outerHTML)""")

    assert nameless == []


def test_the_table_beside_the_chart_tells_what_the_api_tells(demand, demand_client):
    parameters = {"sku": "A-00001", "site": "south"}
    forecast = demand_client.get("/v1/forecasts", params=parameters).json()["forecasts"][0]
    demand.goto(f"{demand_client.base_url}/demand/one?sku=A-00001&site=south")
    demand.click("text=As a table")
    shown = demand.locator(".as-table tbody >> nth=0 >> td:nth-child(2)").all_inner_texts()

    assert shown == [units(mean) for mean in forecast["mean"]]


def test_accuracy_method_and_price_are_told_in_words(demand_client):
    page = demand_client.get("/demand/one?sku=A-00001&site=south").text

    for words in ("units a week off on average", "moving average", "EUR 20.00"):
        assert words in page


def test_by_which_model_and_as_of_when_is_told(demand_client):
    page = demand_client.get("/demand").text
    assert "<b>demand-1</b>" in page
    assert 'datetime="2026-03-01T00:00:00.000Z"' in page
    assert "stale" not in page


def test_stale_forecasts_are_flagged_with_what_to_run(demand_client, clock):
    clock.pass_hours(30 * DAY_HOURS)
    page = demand_client.get("/demand").text

    assert "These forecasts are stale" in page
    assert "python -m training forecast --history HISTORY --as-of DATE" in page


@pytest.mark.parametrize("address", ["/demand", "/stock"])
def test_without_forecasts_the_page_says_what_to_run(page, without_champion, address):
    page.goto(f"{without_champion.base_url}{address}")
    expect(page.locator(".empty")).to_contain_text("python -m training forecast")


def test_a_series_that_is_not_there_is_not_found(demand_client):
    assert demand_client.get("/demand/one?sku=nothing&site=north").status_code == 404


def test_the_chart_library_is_loaded_where_there_are_charts_only(demand_client):
    assert "plotly" in demand_client.get("/demand").text
    assert "plotly" not in demand_client.get("/").text
