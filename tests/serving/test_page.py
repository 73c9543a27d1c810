"""The operator's page, in a real browser against a real server."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
ROWS = "#list tbody tr"
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser(chromium):
    # Of this file alone: as long as it lives, no other test may run an event loop of its own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """What the browser complained of; none unless a test says which."""
    return []


@pytest.fixture
def page(browser: Browser, complaints):
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        yield page
    assert complaints == []


@pytest.fixture
def tell(client, an_exception):
    """Post exceptions; return their ids."""

    def tell(*exceptions):
        answer = client.post("/v1/exceptions", json={"exceptions": list(exceptions)}).json()
        assert answer["refused"] == 0, answer
        return [result["id"] for result in answer["results"]]

    return tell


@pytest.fixture
def two(tell, an_exception):
    """An address that is due soon, above a fraud that is not."""
    return tell(
        an_exception("A-1", due_at="2026-03-01T12:40:00Z"),
        an_exception("F-1", type="fraud_risk", message="Risk score above limit", order=None),
    )


@pytest.fixture
def opened(page: Page, client, two):
    """The page with its first row open."""
    page.goto(str(client.base_url))
    page.click(".open >> nth=0")
    expect(page.locator("#panel h2")).to_contain_text("Incorrect address")
    return page


def names(page: Page) -> list[str]:
    return page.locator(f"{ROWS} .open").all_inner_texts()


def poll(page: Page) -> None:
    """Let the list look for news now, as its timer does."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-trigger") == "live"):
        page.evaluate("htmx.trigger('#live', 'poll')")


def test_a_row_says_what_it_is_what_it_costs_and_whose_it_is(page, client, two):
    page.goto(str(client.base_url))
    row = page.locator(ROWS).first

    expect(row).to_contain_text("Incorrect address 97 %")
    expect(row).to_contain_text("Postcode does not match city")
    expect(row).to_contain_text("addresses")
    expect(row.locator(".money").first).to_contain_text("EUR 62")


def test_rows_stand_in_the_order_of_the_api(page, client, two):
    page.goto(str(client.base_url))
    ranked = client.get("/v1/worklist").json()["rows"]

    assert [row.get_attribute("data-id") for row in page.locator(ROWS).all()] == [
        row["id"] for row in ranked
    ]


def test_the_whole_list_is_counted_and_summed_up(page, client, two):
    page.goto(str(client.base_url))

    expect(page.locator(".figures dl")).to_contain_text("2")
    expect(page.locator("#at-stake")).to_have_text("EUR 128")


def test_the_time_left_counts_down(page, client, tell, an_exception):
    tell(an_exception(due_at="2026-03-01T12:09:00Z"))
    page.goto(str(client.base_url))
    shown = page.locator(".until").inner_text()

    expect(page.locator(".until")).to_have_text(re.compile(r"8 min \d\d s"))
    expect(page.locator(".until")).not_to_have_text(shown)


def test_overdue_work_is_marked_and_stands_last(page, client, tell, an_exception):
    tell(an_exception("late", due_at="2026-03-01T11:00:00Z"), an_exception("f", type="fraud_risk"))
    page.goto(str(client.base_url))

    expect(page.locator(ROWS).last.locator(".mark.lost")).to_have_text("overdue")


def test_what_is_open_for_too_long_is_marked_and_stands_first(page, client, tell, an_exception):
    tell(an_exception("new"), an_exception("old", detected_at="2026-02-01T12:00:00Z"))
    page.goto(str(client.base_url))

    expect(page.locator(ROWS).first.locator(".mark.oldest")).to_have_text("oldest")


def test_an_empty_list_says_how_to_post_one(page, client):
    page.goto(str(client.base_url))
    expect(page.locator(".empty")).to_contain_text(
        f"curl -X POST {client.base_url.copy_with(path='/v1/exceptions')}"
    )


def test_without_a_model_the_page_says_so_and_shows_no_score(page, without_champion, an_exception):
    without_champion.post("/v1/exceptions", json=an_exception())
    page.goto(str(without_champion.base_url))

    expect(page.locator("#summary .banner")).to_contain_text("No model is in use")
    expect(page.locator(f"{ROWS} .score")).to_have_text("\N{EN DASH}")


def test_with_a_model_the_foot_says_which_and_how_fresh(page, client, two):
    page.goto(str(client.base_url))

    expect(page.locator("#status")).to_contain_text("Model 7, knows what was known before 28 Feb")
    expect(page.locator("#summary .banner")).to_have_count(0)


def test_an_open_row_gives_its_reasons_in_words(opened):
    expect(opened.locator("#panel .reasons")).to_contain_text("EUR 62 at stake")


def test_an_open_row_gives_the_terms_of_the_rule(opened, client, two):
    one = client.get(f"/v1/exceptions/{two[0]}").json()

    expect(opened.locator(".terms")).to_contain_text(f"EUR {one['expected_loss_now']['amount']}")
    expect(opened.locator(".formula")).to_contain_text("≈")


def test_an_open_row_shows_all_likely_categories_and_teams(opened):
    expect(opened.locator(".bars >> nth=0")).to_contain_text("fraud risk")
    expect(opened.locator(".bars >> nth=1")).to_contain_text("addresses")


def test_an_open_row_shows_its_order_and_its_history(opened):
    expect(opened.locator("#panel")).to_contain_text("#1001")
    expect(opened.locator(".lines")).to_contain_text("A-1")
    expect(opened.locator(".history")).to_contain_text("created")


def test_why_it_stands_above_the_one_below_is_told_on_demand(opened):
    opened.click("text=Why above the one below?")
    expect(opened.locator("#why-above")).to_contain_text("Rank 1 above rank 2")


def test_what_moved_the_chance_is_told_on_demand(opened):
    opened.click("text=What moved the chance of harm?")
    expect(opened.locator("#strongest")).to_contain_text("The model in use has nothing to say")


def test_an_address_of_one_exception_opens_it_beside_the_list(page, client, two):
    page.goto(f"{client.base_url}/exceptions/{two[1]}")

    expect(page.locator("#panel h2")).to_contain_text("Fraud risk")
    expect(page.locator(ROWS)).to_have_count(2)


def test_a_resolved_exception_leaves_the_list(opened, client, two):
    opened.click("summary")
    opened.fill("[name=touch_minutes]", "7.5")
    opened.get_by_label("No", exact=True).check()
    opened.click("text=Resolve and take off the list")

    expect(opened.locator(ROWS)).to_have_count(1)
    outcome = client.get(f"/v1/exceptions/{two[0]}").json()["outcome"]
    told = {name: outcome[name] for name in ("category", "team", "touch_minutes", "breached")}
    assert told == {
        "category": "incorrect_address",
        "team": "addresses",
        "touch_minutes": 7.5,
        "breached": False,
    }


@pytest.mark.parametrize(
    ("category", "origin"), [("incorrect_address", "accepted"), ("duplicate", "typed")]
)
def test_an_accepted_category_is_told_from_a_typed_one(opened, client, two, category, origin):
    opened.click("summary")
    opened.fill("#resolve [name=category]", category)
    opened.click("text=Resolve and take off the list")
    expect(opened.locator("#panel h2")).to_have_text("Resolved")

    assert client.get(f"/v1/exceptions/{two[0]}").json()["outcome"]["label_origin"] == origin


def test_a_wrong_entry_is_told_and_what_was_typed_stays(opened, client, two, complaints):
    opened.click("summary")
    opened.fill("[name=touch_minutes]", "ten")
    opened.click("text=Resolve and take off the list")

    expect(opened.locator(".form-problem")).to_contain_text("/touch_minutes")
    expect(opened.locator("[name=touch_minutes]")).to_have_value("ten")
    complaints.clear()


def test_an_exception_that_changed_meanwhile_is_not_resolved_unseen(
    opened, client, two, an_exception, complaints
):
    client.post("/v1/exceptions", json=an_exception("A-1", updated_at="2026-03-01T11:00:00Z"))
    opened.click("summary")
    opened.click("text=Resolve and take off the list")

    expect(opened.locator(".form-problem")).to_contain_text("Read it again")
    complaints.clear()


def test_a_form_of_another_site_resolves_nothing(client, two):
    answer = client.post(f"/exceptions/{two[0]}/resolve", data={"category": "x"})
    assert answer.status_code == 403


def test_the_list_is_narrowed_by_team_and_the_address_keeps_it(page, client, two):
    page.goto(str(client.base_url))
    page.select_option("#team", "fraud")
    expect(page.locator(ROWS)).to_have_count(1)
    page.reload()

    assert names(page) == ["Fraud risk"]
    assert parse_qs(urlsplit(page.url).query) == {"team": ["fraud"]}


def test_the_list_is_searched_while_one_types(page, client, two):
    page.goto(str(client.base_url))
    page.keyboard.press("/")
    page.keyboard.type("risk score")

    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator("#text")).to_be_focused()


def test_going_back_undoes_a_filter(page, client, two):
    page.goto(str(client.base_url))
    page.select_option("#category", "fraud_risk")
    expect(page.locator(ROWS)).to_have_count(1)
    page.go_back()

    expect(page.locator(ROWS)).to_have_count(2)


def test_the_list_is_narrowed_by_priority(page, client, two):
    page.goto(str(client.base_url))
    priority = client.get("/v1/worklist").json()["rows"][0]["priority"]
    page.click(f"#band-{priority}")

    expect(page.locator(f"#band-{priority}")).to_have_attribute("aria-current", "true")
    expect(page.locator(f"{ROWS} .band-mark").first).to_have_text(priority.upper())


def test_filters_that_match_nothing_say_so(page, client, two):
    page.goto(f"{client.base_url}?text=nowhere")
    expect(page.locator(".empty")).to_contain_text("Nothing open matches")


def test_a_long_list_is_shown_in_pages(page, client, tell, an_exception):
    tell(*(an_exception(f"PE-{i}") for i in range(60)))
    page.goto(str(client.base_url))
    page.click("text=Next 50")

    expect(page.locator(".pager")).to_contain_text("60 of 60")
    expect(page.locator(ROWS)).to_have_count(10)


def test_the_list_refreshes_itself(page, client, two, tell, an_exception):
    page.goto(str(client.base_url))
    tell(an_exception("N-1"))

    expect(page.locator(ROWS)).to_have_count(3)


def test_no_row_moves_while_one_is_open_but_news_is_told(opened, two, tell, an_exception):
    tell(an_exception("N-1", due_at="2026-03-01T12:20:00Z"))
    before = names(opened)
    poll(opened)

    expect(opened.locator("#changes")).to_have_text("1 new · update")
    assert names(opened) == before


def test_the_counts_are_kept_up_while_rows_are_held(opened, two, tell, an_exception):
    tell(an_exception("N-1"))
    poll(opened)

    expect(opened.locator("#open-count")).to_have_text("3")


def test_news_are_taken_in_when_asked_for(opened, two, tell, an_exception):
    tell(an_exception("N-1"))
    poll(opened)
    opened.click("#changes")

    expect(opened.locator(ROWS)).to_have_count(3)
    expect(opened.locator("#panel h2")).to_contain_text("Incorrect address")


def test_no_row_moves_under_the_cursor(page, client, two, tell, an_exception):
    page.goto(str(client.base_url))
    page.hover(f"{ROWS} >> nth=1")
    tell(an_exception("N-1"))
    poll(page)

    expect(page.locator("#changes")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(2)


def test_a_refresh_keeps_the_open_form_as_it_is(opened, tell, an_exception):
    opened.click("summary")
    opened.fill("[name=touch_minutes]", "12")
    tell(an_exception("N-1"))
    opened.evaluate("htmx.trigger('#live', 'refresh')")
    expect(opened.locator(ROWS)).to_have_count(3)

    expect(opened.locator("[name=touch_minutes]")).to_have_value("12")


def test_a_touched_form_is_not_left_without_asking(opened):
    opened.click("summary")
    opened.fill("[name=touch_minutes]", "12")
    asked = []
    opened.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    opened.click(".open >> nth=1")

    expect(opened.locator("[name=touch_minutes]")).to_have_value("12")
    assert len(asked) == 1


def test_keys_move_open_and_close(page, client, two):
    page.goto(str(client.base_url))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_contain_text("Fraud risk")
    page.keyboard.press("k")
    expect(page.locator("#panel h2")).to_contain_text("Incorrect address")
    page.keyboard.press("Escape")

    expect(page.locator("#panel h2")).to_have_count(0)
    expect(page.locator(".open >> nth=0")).to_be_focused()


def test_a_key_takes_the_hand_to_the_form(opened):
    opened.keyboard.press("r")
    expect(opened.locator("#resolve [name=category]")).to_be_focused()


def test_an_order_is_found_by_its_goods(client, two):
    assert client.get("/", params={"text": "a-1"}).text.count('class="open"') == 1


def test_the_page_without_a_script_shows_the_list_and_one_exception(client, two):
    page = client.get(f"/exceptions/{two[1]}").text
    assert (page.count('class="open"'), page.count('<article class="one"')) == (2, 1)


def test_a_file_of_the_page_may_be_kept_for_ever_since_its_address_names_its_content(client):
    address = re.search(r"/static/\w+/page\.css", client.get("/").text)

    assert "immutable" in client.get(address.group()).headers["Cache-Control"]
    assert client.get("/static/0/page.css").status_code == 404


def test_what_a_caller_sends_is_text_and_never_markup(page, client, tell, an_exception):
    nasty = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    order = {"order_number": nasty, "customer": {"segment": nasty}}
    tell(an_exception(nasty, message=nasty, order=order, type=nasty, attributes={nasty: nasty}))
    page.goto(str(client.base_url))
    page.click(".open")

    expect(page.locator("#panel .message")).to_have_text(nasty)
    assert page.evaluate("window.hacked") is None


def test_a_script_in_the_page_itself_would_not_run(page, client, complaints):
    page.goto(str(client.base_url))
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
    }""")

    assert page.evaluate("window.hacked") is None
    assert "Content Security Policy" in complaints.pop()


def test_nothing_is_asked_of_anyone_else(page, client, two):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(str(client.base_url))
    page.click(".open >> nth=0")
    expect(page.locator("#panel h2")).to_be_visible()

    assert all(url.startswith(str(client.base_url)) for url in asked)


def test_a_service_that_is_gone_is_told(page, running, complaints):
    with running() as client:
        page.goto(str(client.base_url))
    page.evaluate("htmx.trigger('#live', 'poll')")

    expect(page.locator("#offline")).to_contain_text("does not answer")
    complaints.clear()


def test_on_a_phone_nothing_is_cut_off(page, client, two):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(str(client.base_url))

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(f"{ROWS} .open").first).to_be_in_viewport()


def test_dark_is_dark(page, client, two):
    page.emulate_media(color_scheme="dark")
    page.goto(str(client.base_url))
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    assert colour == "rgb(15, 20, 26)"


def test_every_control_has_a_name(opened):
    opened.click("summary")
    nameless = opened.evaluate("""() => [...document.querySelectorAll("a, button, input, select")]
        .filter((one) => one.type !== "hidden" && one.checkVisibility())
        .filter((one) => !(one.innerText || one.ariaLabel || one.labels?.length))
        .map((one) => one.outerHTML)""")

    assert nameless == []
