"""The form that says how an exception ended."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"


def test_a_resolved_exception_leaves_the_list(opened, client, two):
    opened.click(".resolve summary")
    opened.fill("[name=touch_minutes]", "7.5")
    opened.get_by_label("No", exact=True).check()
    opened.click("text=Resolve and take off the list")

    expect(opened.locator(ROWS)).to_have_count(1)
    outcome = client.get(f"/v1/exceptions/{two[0]}").json()["outcome"]
    stored = {name: outcome[name] for name in ("category", "team", "touch_minutes", "breached")}
    assert stored == {
        "category": "incorrect_address",
        "team": "addresses",
        "touch_minutes": 7.5,
        "breached": False,
    }


def test_minutes_are_read_with_a_decimal_comma_too(opened, client, two):
    opened.click(".resolve summary")
    opened.fill("[name=touch_minutes]", "12,5")
    opened.click("text=Resolve and take off the list")
    expect(opened.locator("#panel h2")).to_have_text("Resolved")

    assert client.get(f"/v1/exceptions/{two[0]}").json()["outcome"]["touch_minutes"] == 12.5


@pytest.mark.parametrize(
    ("category", "origin"), [("incorrect_address", "accepted"), ("duplicate", "typed")]
)
def test_an_accepted_category_is_told_from_a_typed_one(opened, client, two, category, origin):
    opened.click(".resolve summary")
    opened.fill("#resolve [name=category]", category)
    opened.click("text=Resolve and take off the list")
    expect(opened.locator("#panel h2")).to_have_text("Resolved")

    assert client.get(f"/v1/exceptions/{two[0]}").json()["outcome"]["label_origin"] == origin


def test_a_wrong_entry_is_told_and_what_was_typed_stays(opened, client, two, complaints):
    opened.click(".resolve summary")
    opened.fill("[name=touch_minutes]", "ten")
    opened.click("text=Resolve and take off the list")

    expect(opened.locator("#resolve .form-problem")).to_have_text(
        "Minutes of work: 'ten' is no number. Write 12 or 12.5."
    )
    expect(opened.locator("[name=touch_minutes]")).to_have_value("ten")
    complaints.clear()


def test_an_exception_that_changed_meanwhile_is_not_resolved_unseen(
    opened, client, two, an_exception, complaints
):
    client.post("/v1/exceptions", json=an_exception("A-1", updated_at="2026-03-01T11:00:00Z"))
    opened.click(".resolve summary")
    opened.click("text=Resolve and take off the list")

    expect(opened.locator("#resolve .form-problem")).to_contain_text("Read it again")
    complaints.clear()


def test_a_form_of_another_site_resolves_nothing(client, two):
    answer = client.post(f"/exceptions/{two[0]}/resolve", data={"category": "x"})
    assert answer.status_code == 403


def test_a_refresh_keeps_the_open_form_as_it_is(opened, tell, an_exception):
    opened.click(".resolve summary")
    opened.fill("[name=touch_minutes]", "12")
    tell(an_exception("N-1"))
    opened.evaluate("htmx.trigger('#live', 'refresh')")
    expect(opened.locator(ROWS)).to_have_count(3)

    expect(opened.locator("[name=touch_minutes]")).to_have_value("12")


def test_a_touched_form_is_not_left_without_asking(opened):
    opened.click(".resolve summary")
    opened.fill("[name=touch_minutes]", "12")
    dialogs = []
    opened.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened.click(".open >> nth=1")

    expect(opened.locator("[name=touch_minutes]")).to_have_value("12")
    assert len(dialogs) == 1


def test_a_key_takes_the_hand_to_the_form(opened):
    opened.keyboard.press("r")
    expect(opened.locator("#resolve [name=category]")).to_be_focused()


def test_a_resolution_can_be_undone(opened, client, two):
    opened.click(".resolve summary")
    opened.click("text=Resolve and take off the list")
    expect(opened.locator(ROWS)).to_have_count(1)

    opened.fill(".reopen [name=by]", "ana")
    opened.click("text=Undo: open it again")

    expect(opened.locator(ROWS)).to_have_count(2)
    expect(opened.locator(".history")).to_contain_text("reopened")


def test_the_next_free_row_is_claimed_and_opened(page, client, two):
    page.goto(str(client.base_url))
    page.fill("#next [name=by]", "ana")

    page.click("#next button")

    expect(page.locator("#panel .one")).to_have_attribute("data-id", two[0])
    expect(page.locator("#panel #claim")).to_contain_text("ana has it")
