"""A stock exception is shown with its words, its facts and what to do."""

import orjson
import pyarrow as pa
import pytest
from playwright.sync_api import expect

from models.forecast_book.store import write_book
from models.loss_curve import CURVE_AGES_HOURS
from serving.forecast_book import FOLDER

pytestmark = pytest.mark.browser

WORDS = "A-17 at berlin: 2 open orders want 4 units, 2 are there. Fill o2; tell the customer of o1."


@pytest.fixture
def stocked(running, shelf, a_triage, a_book, tmp_path):
    """A service whose book says that not all open orders can be filled."""
    orders = [
        {"order_id": "o1", "units": 2.0, "loss": 13.0, "fill": False},
        {"order_id": "o2", "units": 2.0, "loss": 40.0, "fill": True},
    ]
    row = {
        "kind": "unfillable_orders",
        "sku": "A-17",
        "site": "berlin",
        "loss": 38.7,
        "curve": [min(hours / 24, 1.0) for hours in CURVE_AGES_HOURS],
        "chance": None,
        "due_at_ms": None,
        "message": WORDS,
        "facts": orjson.dumps({"sku": "A-17", "pool_units": 2.0, "orders": orders}).decode(),
    }
    shelf.promote(a_triage())
    write_book(tmp_path / "mlruns" / FOLDER, a_book(exceptions=pa.Table.from_pylist([row])))
    with running(mlruns=tmp_path / "mlruns") as client:
        yield client


@pytest.fixture
def opened(page, stocked):
    page.goto(str(stocked.base_url))
    page.click(".open >> nth=0")
    return page


def test_the_row_says_what_it_is_and_whose(page, stocked):
    page.goto(str(stocked.base_url))
    row = page.locator("#list tbody tr").first

    expect(row).to_contain_text("Unfillable orders")
    expect(row).to_contain_text(WORDS)
    expect(row.locator(".team")).to_have_text("stock")
    expect(row.locator(".money").first).to_contain_text("EUR 39")


def test_the_open_row_lists_which_orders_to_fill(opened):
    lines = opened.locator("#panel .lines tbody tr")

    expect(lines.nth(0)).to_contain_text("o1tell the customer")
    expect(lines.nth(1)).to_contain_text("o2fill")


def test_the_open_row_gives_facts_and_terms_and_asks_no_model(opened):
    expect(opened.locator("#panel .facts").first).to_contain_text("can be saved38.7")
    expect(opened.locator("#panel .terms")).to_contain_text("EUR 38.70")
    expect(opened.locator("#panel")).not_to_contain_text("What it probably is")
