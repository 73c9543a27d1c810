"""The list keeps up with the day, and never moves a row under the cursor."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"


def names(page: Page) -> list[str]:
    return page.locator(f"{ROWS} .open").all_inner_texts()


def poll(page: Page) -> None:
    """Let the list look for news now, as its timer does."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-trigger") == "live"):
        page.evaluate("htmx.trigger('#live', 'poll')")


def test_the_time_left_counts_down(page, client, tell, an_exception):
    tell(an_exception(due_at="2026-03-01T12:09:00Z"))
    page.goto(str(client.base_url))
    shown = page.locator(".until").inner_text()

    expect(page.locator(".until")).to_have_text(re.compile(r"8 min \d\d s"))
    expect(page.locator(".until")).not_to_have_text(shown)


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


def test_a_service_that_is_gone_is_told(page, running, complaints):
    with running() as client:
        page.goto(str(client.base_url))
    page.evaluate("htmx.trigger('#live', 'poll')")

    expect(page.locator("#offline")).to_contain_text("does not answer")
    complaints.clear()
