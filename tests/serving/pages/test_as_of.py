"""The list of the past, and the capacity line, as people see them."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr[data-id]"
SHIFTS = """
[shifts]
timezone = "UTC"
[shifts.teams.addresses]
people = 1
weekdays = ["sun", "mon"]
opens = "08:00"
closes = "12:20"
"""


def test_a_past_list_says_as_of_when_and_shows_what_was_open(page, client, two, clock):
    clock.pass_hours(1)
    client.post(f"/v1/exceptions/{two[0]}/resolve", json={})
    page.goto(f"{client.base_url}/?at=2026-03-01T12:30:00Z")

    expect(page.locator(".banner.as-of")).to_contain_text("As of 1 Mar 2026, 12:30")
    expect(page.locator(ROWS)).to_have_count(2)


def test_a_past_list_offers_nothing_to_do(page, client, two, clock):
    clock.pass_hours(1)
    page.goto(f"{client.base_url}/?at=2026-03-01T12:30:00Z")

    expect(page.locator(f"{ROWS} a")).to_have_count(0)


def test_from_a_past_list_one_comes_back_to_now(page, client, two, clock):
    clock.pass_hours(1)
    page.goto(f"{client.base_url}/?at=2026-03-01T12:30:00Z")
    page.click("text=Back to now")

    expect(page.locator(".banner.as-of")).to_have_count(0)


def test_a_moment_is_chosen_in_the_readers_own_time(page, client, two, clock):
    clock.pass_hours(1)
    page.goto(str(client.base_url))
    page.click("text=A list of the past")
    page.fill("#past input", "2026-03-01T12:15")
    page.click("#past button")

    expect(page.locator(".banner.as-of")).to_contain_text("As of 1 Mar 2026, 12:15")
    assert page.input_value("#past input") == "2026-03-01T12:15"


def test_a_past_list_stays_as_it_is_narrowed_down(page, client, two, clock):
    clock.pass_hours(1)
    page.goto(f"{client.base_url}/?at=2026-03-01T12:30:00Z")
    page.select_option("#team", "fraud")

    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(".banner.as-of")).to_be_visible()


@pytest.fixture
def on_shift(running, settings, shelf, a_triage, an_exception, tmp_path):
    """A service of one person who gets two of four rows begun."""
    shelf.promote(a_triage(touch_minutes=(10.9, 11.0, 11.1)))
    text = settings.policy.read_text()
    policy = tmp_path / "with_shifts.toml"
    policy.write_text(text[: text.index("[shifts]")] + SHIFTS + text[text.index("[promises]") :])
    with running(policy=policy) as client:
        for name in "abcd":
            client.post("/v1/exceptions", json=an_exception(name))
        yield client


def test_the_capacity_line_stands_where_work_ends(page, on_shift):
    page.goto(f"{on_shift.base_url}/?team=addresses")

    after_two = page.locator("#list tbody tr >> nth=2")
    expect(after_two).to_contain_text("Work gets to here. 1 person until 12:20")
    expect(after_two).to_contain_text("an hour more saves EUR")


def test_the_line_is_not_a_row(page, on_shift):
    page.goto(str(on_shift.base_url))
    for _ in range(3):
        page.keyboard.press("j")

    expect(page.locator(f"{ROWS} >> nth=2").locator(".open")).to_be_focused()


def test_where_all_gets_done_the_line_says_so(page, on_shift):
    rows = on_shift.get("/v1/worklist").json()["rows"]
    for row in rows[:2]:
        on_shift.post(f"/v1/exceptions/{row['id']}/resolve", json={})
    page.goto(str(on_shift.base_url))

    expect(page.locator("tr.capacity")).to_contain_text("Work gets to all of it")
