"""The list, and an open row beside it."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"


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


def test_lost_work_is_marked_and_stands_last(page, client, tell, an_exception):
    tell(an_exception("late", due_at="2026-02-01T11:00:00Z"), an_exception("f", type="fraud_risk"))
    page.goto(str(client.base_url))

    expect(page.locator(ROWS).last.locator(".mark.lost")).to_have_text("lost")


def test_the_number_of_overdue_ones_leads_to_them(page, client, tell, an_exception):
    tell(an_exception("late", due_at="2026-03-01T11:00:00Z"), an_exception("f", type="fraud_risk"))
    page.goto(str(client.base_url))

    page.locator("#state-overdue").click()

    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text("over")


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

    expect(page.locator("#status")).to_contain_text("Model 7, data before 28 Feb")
    expect(page.locator("#summary .banner")).to_have_count(0)


def test_an_open_row_gives_its_reasons_in_words(opened):
    expect(opened.locator("#panel .reasons")).to_contain_text("EUR 62 at stake")


def test_an_open_row_gives_the_terms_of_the_rule(opened, client, two):
    view = client.get(f"/v1/exceptions/{two[0]}").json()

    expect(opened.locator(".terms")).to_contain_text(f"EUR {view['expected_loss_now']['amount']}")
    expect(opened.locator(".formula")).to_contain_text("≈")


def test_an_open_row_shows_all_likely_categories_and_teams(opened):
    expect(opened.locator(".bars:not(.waits) >> nth=0")).to_contain_text("fraud risk")
    expect(opened.locator(".bars:not(.waits) >> nth=1")).to_contain_text("addresses")


def test_an_open_row_shows_its_order_and_its_history(opened):
    expect(opened.locator("#panel")).to_contain_text("#1001")
    expect(opened.locator(".lines")).to_contain_text("A-1")
    expect(opened.locator(".history")).to_contain_text("created")


def test_how_it_compares_with_the_one_below_is_told_on_demand(opened):
    opened.click("text=Compare with rank")

    expect(opened.locator("#versus")).to_contain_text("Rank 1 stands above rank 2")
    expect(opened.locator("#versus .decides")).to_have_count(1)


def test_it_can_be_compared_with_any_rank(page, client, two):
    page.goto(f"{client.base_url}/exceptions/{two[1]}")
    page.fill(".compare input", "1")
    page.press(".compare input", "Enter")

    expect(page.locator("#versus")).to_contain_text("Rank 2 stands below rank 1")


def test_a_rank_that_is_not_there_is_said_to_be_none(opened, complaints):
    opened.locator(".compare input").evaluate("field => { field.max = 99; field.value = 7 }")
    opened.click("text=Compare with rank")

    expect(opened.locator(".compare .form-problem")).to_contain_text("rank '7'")
    assert any("404" in complaint for complaint in complaints)
    complaints.clear()


def test_an_open_row_shows_what_waiting_costs(opened, client):
    waits = client.get("/v1/worklist").json()["rows"][0]["cost_of_waiting"]
    day = f"EUR {float(waits['day']['amount']):,.0f}"

    expect(opened.locator(".waits")).to_contain_text("an hour")
    expect(opened.locator(".waits")).to_contain_text(day)


def test_what_moved_the_chance_is_told_on_demand(opened):
    opened.click("text=What moved the chance of harm?")
    expect(opened.locator("#strongest")).to_contain_text("the chance of harm is not learned")


def test_an_address_of_one_exception_opens_it_beside_the_list(page, client, two):
    page.goto(f"{client.base_url}/exceptions/{two[1]}")

    expect(page.locator("#panel h2")).to_contain_text("Fraud risk")
    expect(page.locator(ROWS)).to_have_count(2)
