import pandas as pd
import pytest

from data.console import history_tables
from data.history.look_alikes import look_alikes


@pytest.fixture
def shop(write, history):
    """Write order lines with these SKUs, products and customers; return the history."""

    def _write(skus, products, customers):
        ids = [f"o{row}" for row in range(len(skus))]
        write(
            orders=pd.DataFrame(
                {"order_id": ids, "placed_at": "2024-03-01", "customer_id": customers}
            ),
            order_lines=pd.DataFrame({"order_id": ids, "line_id": "1", "sku": skus, "units": 1}),
            products=pd.DataFrame({"sku": products, "known_at": "1970-01-01"}),
        )
        return history()

    return _write


def test_keys_that_look_alike_in_a_column_are_counted_with_examples(shop):
    opened = shop(["S"] * 5, ["S"], ["ab1", "AB1", "ab1", "ab2", None])

    assert look_alikes(opened) == [
        ("orders.customer_id", "orders.customer_id", 2, 3, ["'ab1' / 'AB1'"])
    ]


@pytest.mark.parametrize(
    ("sku", "product", "example"),
    [
        ("ab1", "AB1", "'ab1' / 'AB1'"),
        ("ab1 ", "ab1", "'ab1 ' / 'ab1'"),
        ("ab1\u00a0", "ab1", r"'ab1\xa0' / 'ab1'"),
        ("ab  1", "ab 1", "'ab  1' / 'ab 1'"),
        ("7", "007", "'7' / '007'"),
        ("7.0", "7", "'7.0' / '7'"),
        ("\uff17", "7", "'\uff17' / '7'"),
        ("e\u0301", "\u00e9", r"'e\u0301' / '" + "\u00e9'"),
    ],
)
def test_a_key_without_a_partner_but_for_its_spelling_is_listed(shop, sku, product, example):
    opened = shop([sku, "B"], [product, "B"], [None, None])

    assert look_alikes(opened) == [("order_lines.sku", "products.sku", 1, 1, [example])]


@pytest.mark.parametrize(("sku", "product"), [("12", "1 2"), ("A-07", "A-7"), ("1.5", "15")])
def test_keys_that_differ_do_not_look_alike(shop, sku, product):
    assert look_alikes(shop([sku], [product], [None])) == []


@pytest.mark.parametrize(("product", "is_listed"), [("AB1", True), ("ab1", False)])
def test_a_history_is_described_with_the_keys_that_look_alike(shop, product, is_listed):
    titles = [table.title for table in history_tables(shop(["ab1"], [product], [None]))]

    assert ("Keys that look alike" in titles) is is_listed
