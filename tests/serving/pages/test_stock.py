"""The stock page: what runs out, what to order, and a pool shared as the sliders stand."""

import json
from decimal import Decimal

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect

from models.forecast_book.store import write_book

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"


def a_risk(sku, site, *, chance, loss):
    facts = {
        "sku": sku,
        "site": site,
        "on_hand": 3.0,
        "inbound": 0.0,
        "per_period": 9.0,
        "period": "week",
        "chance": chance,
        "runs_out_on": "2026-03-03",
        "next_delivery_on": "2026-03-09",
        "lost_units": 6.1,
        "lost_margin": 2 * loss,
    }
    return _exception("stock_out_risk", sku, site, chance, loss, facts)


def a_heap(sku, site, *, loss):
    facts = {"on_hand": 80.0, "per_period": 0.5, "period": "week", "excess_units": 60.0}
    facts |= {"tied_up": 720.0, "holding_per_day": 0.49}
    return _exception("overstock", sku, site, None, loss, facts)


def _exception(kind, sku, site, chance, loss, facts):
    plain = {"kind": kind, "sku": sku, "site": site, "chance": chance, "loss": loss}
    plain |= {"external_id": f"{kind}:{sku}@{site}", "curve": [0.0] * 11, "due_at_ms": None}
    return plain | {"message": f"{sku} at {site}: {kind}", "facts": json.dumps(facts)}


@pytest.fixture
def stock_client(books, a_book, running):
    """A service whose book holds three stock exceptions."""
    exceptions = [
        a_risk("A-00001", "south", chance=0.2, loss=40.0),
        a_risk("A-00000", "north", chance=0.9, loss=90.0),
        a_heap("A-00002", "north", loss=30.0),
    ]
    write_book(books, a_book(exceptions=pa.Table.from_pylist(exceptions)))
    with running() as client:
        yield client


@pytest.fixture
def stock(page: Page, stock_client):
    """The page with its first row open."""
    page.goto(f"{stock_client.base_url}/stock")
    expect(page.locator(".chart .main-svg").first).to_be_visible()
    return page


def slide(page: Page, name: str, value: float) -> None:
    with page.expect_response(lambda answer: "/stock/share" in answer.url):
        page.locator(f"#{name}").fill(str(value))


def test_what_runs_out_stands_by_the_money_it_loses_with_chance_and_date(stock):
    expect(stock.locator(f"{ROWS} .open")).to_have_text(["A-00000", "A-00001"])
    for words in ("90 %", "3 Mar", "9 Mar", "EUR 180"):
        expect(stock.locator(ROWS).first).to_contain_text(words)


def test_what_to_order_is_what_the_api_says(stock, stock_client):
    series = [{"sku": "A-00000", "site": "north"}]
    answer = stock_client.post("/v1/replenishments", json={"series": series}).json()
    order = answer["replenishments"][0]["order"]

    expect(stock.locator(f"{ROWS} >> nth=0 >> td:last-child")).to_have_text(str(order))


def test_what_lies_too_long_is_listed_with_what_it_ties_up(stock):
    stock.click("#kind-overstock")

    expect(stock.locator(f"{ROWS} .open")).to_have_text(["A-00002"])
    expect(stock.locator(ROWS)).to_contain_text("EUR 720")


def test_the_list_is_searched_while_one_types(stock):
    stock.fill("#text", "a-00001")
    expect(stock.locator(f"{ROWS} .open")).to_have_text(["A-00001"])


def test_the_pool_slider_shares_anew_as_the_api_does(stock, stock_client):
    slide(stock, "pool", 12)
    answer = stock_client.post("/v1/allocations", json={"sku": "A-00000", "units": 12}).json()

    expect(stock.locator("#pool-value")).to_have_text("12")
    expect(stock.locator(".places tbody td:nth-child(3)")).to_have_text(
        [str(location["units"]) for location in answer["locations"]]
    )


def test_a_higher_margin_makes_a_unit_more_worth(stock):
    def worth():
        text = stock.locator(".accuracy dd >> nth=2").inner_text()
        return Decimal(text.removeprefix("EUR "))

    slide(stock, "pool", 12)
    before = worth()
    slide(stock, "margin", 16)

    expect(stock.locator("#margin-value")).to_have_text("EUR 16.00")
    assert worth() > before


def test_every_place_says_why(stock):
    slide(stock, "pool", 12)
    expect(stock.locator(".places .why")).to_have_count(2)
    expect(stock.locator(".places .why").first).to_contain_text("unit")


def test_a_slider_moves_by_keys_and_keeps_the_focus(stock):
    stock.focus("#pool")
    before = int(stock.input_value("#pool"))
    with stock.expect_response(lambda answer: "/stock/share" in answer.url):
        stock.keyboard.press("ArrowLeft")

    expect(stock.locator("#pool-value")).to_have_text(str(before - 1))
    expect(stock.locator("#pool")).to_be_focused()


def test_on_a_phone_nothing_is_cut_off(page, stock_client):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{stock_client.base_url}/stock")
    expect(page.locator(".chart .main-svg").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_page_without_a_script_shows_the_list_and_one_series(stock_client):
    page = stock_client.get("/stock/one?sku=A-00001&site=south").text
    assert (page.count('class="open"'), page.count('<article class="one"')) == (2, 1)


@pytest.mark.parametrize("query", ["text=nothing", "site=elsewhere"])
def test_filters_that_match_nothing_say_so(stock_client, query):
    page = stock_client.get(f"/stock?{query}").text
    assert "None of the 2 is what the filters ask for" in page


def test_nothing_to_worry_about_is_told_as_such(demand_client):
    assert "Nothing of this kind" in demand_client.get("/stock").text


@pytest.mark.parametrize("query", ["sku=A-00001&pool=-1&margin=1", "sku=A-00001&pool=1&margin=x"])
def test_a_slider_that_can_not_be_is_refused(stock_client, query):
    assert stock_client.get(f"/stock/share?{query}").status_code in (400, 422)
