"""Filters, search, pages and keys."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"


def names(page: Page) -> list[str]:
    return page.locator(f"{ROWS} .open").all_inner_texts()


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


def test_an_order_is_found_by_its_goods(client, two):
    assert client.get("/", params={"text": "a-1"}).text.count('class="open"') == 1
