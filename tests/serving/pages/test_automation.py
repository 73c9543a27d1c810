"""The page of promises, and the form of one whose suggestion is withheld."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ADDRESS = "tr:has(th:text('incorrect address'))"


@pytest.fixture
def audited(running, shelf, a_triage, policy_with):
    """Start a service whose automatic decisions are all audited."""
    shelf.promote(a_triage())
    with running(policy=policy_with(audit_share=1.0)) as client:
        yield client


def judged(client, an_exception, **resolution):
    created = client.post("/v1/exceptions", json=an_exception(str(resolution))).json()
    client.post(f"/v1/exceptions/{created['id']}/resolve", json=resolution)


def test_the_page_says_what_is_set_without_asking(client, page):
    page.goto(f"{client.base_url}/promises")

    expect(page.locator(ADDRESS)).to_contain_text("set without asking")
    expect(page.locator(ADDRESS)).to_contain_text("0 of 400 wrong")


def test_a_promise_is_withdrawn_by_a_person_who_says_why(client, page):
    page.goto(f"{client.base_url}/promises")
    row = page.locator(ADDRESS)
    row.locator("summary").click()
    row.locator("[name=by]").fill("ana")
    row.locator("[name=reason]").fill("the address form changed")
    row.locator("button").click()

    expect(row).to_contain_text("Withdrawn by ana")
    expect(row).to_contain_text("the address form changed")


def test_a_form_of_another_site_withdraws_nothing(client):
    answer = client.post("/promises/suspend", data={"label": "category"})

    assert answer.status_code == 403


def test_doubt_is_drawn_once_people_have_checked(audited, page, an_exception):
    for minutes in range(3):
        judged(audited, an_exception, category="incorrect_address", touch_minutes=minutes)
    page.goto(f"{audited.base_url}/promises")

    expect(page.locator(ADDRESS)).to_contain_text("0 of 3 wrong")
    expect(page.locator(f"{ADDRESS} polyline")).to_have_count(1)


def test_without_a_model_the_page_says_what_to_do(without_champion, page):
    page.goto(f"{without_champion.base_url}/promises")

    expect(page.locator(".empty")).to_contain_text("python -m training triage")


def test_the_form_of_one_that_is_withheld_suggests_nothing(audited, page, an_exception):
    audited.post("/v1/exceptions", json=an_exception("A-1"))
    audited.post("/v1/exceptions", json=an_exception("A-2"))
    page.goto(str(audited.base_url))
    page.click(".open >> nth=0")
    page.click("text=Resolve")

    expect(page.locator("#resolve")).to_contain_text("suggestion for this exception is hidden")
    for name in ("category", "team"):
        expect(page.locator(f"#resolve [name={name}]")).to_have_value("")
    expect(page.locator("#panel")).not_to_contain_text("What it probably is")


def test_what_is_said_of_one_that_was_withheld_was_typed(audited, page, an_exception):
    created = audited.post("/v1/exceptions", json=an_exception("A-1")).json()
    page.goto(f"{audited.base_url}/exceptions/{created['id']}")
    page.click(".resolve summary")
    page.fill("#resolve [name=category]", "incorrect_address")
    page.fill("#resolve [name=team]", "addresses")
    page.click("text=Resolve and take off the list")
    expect(page.locator("#panel h2")).to_have_text("Resolved")

    outcome = audited.get(f"/v1/exceptions/{created['id']}").json()["outcome"]
    assert (outcome["label_origin"], outcome["team_origin"]) == ("typed", "typed")


@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_is_no_wider_than_the_window(client, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{client.base_url}/promises")
    expect(page.locator(ADDRESS)).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
