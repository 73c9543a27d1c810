"""Money of a history in the company's currency."""

import numpy as np
import pandas as pd
import pytest

DAY = "2024-03-0{}"
NAMES = ["EUR-1", "JPY-1", "JPY-2", "IDR-1", "NONE-1"]


@pytest.fixture
def of_many_currencies(write, history):
    """Orders in three currencies and in none, with rates of two days for one of them."""
    orders = pd.DataFrame(
        {
            "order_id": NAMES,
            "placed_at": [f"2024-03-0{day}T10:00:00Z" for day in (1, 2, 4, 2, 3)],
            "currency": ["EUR", "JPY", "JPY", "IDR", None],
            "total": [100.0, 15_000.0, 15_000.0, 1_500_000.0, 50.0],
        }
    )
    lines = pd.DataFrame(
        {"order_id": NAMES, "line_id": "1", "sku": "A", "units": 1.0, "site": "north",
         "unit_price": orders["total"], "currency": [None, None, "EUR", None, None]}
    )  # fmt: skip
    rates = pd.DataFrame(
        {"day": ["2024-03-01", "2024-03-03"], "currency": "JPY", "rate": [0.006, 0.007]}
    )
    write(orders=orders, order_lines=lines, rates=rates)
    return history()


def test_totals_and_prices_are_converted_at_the_rate_of_their_day(of_many_currencies):
    converted = of_many_currencies.in_currency("EUR", {})
    totals = converted.table("orders").set_index("order_id")["total"]
    prices = converted.table("order_lines").set_index("order_id")["unit_price"]

    np.testing.assert_allclose(totals[NAMES], [100.0, 90.0, 105.0, np.nan, 50.0])
    np.testing.assert_allclose(prices[NAMES], [100.0, 90.0, 15_000.0, np.nan, 50.0])


def test_rows_of_converted_tables_keep_their_order(of_many_currencies):
    converted = of_many_currencies.in_currency("EUR", {"IDR": 0.00006})

    for table in ("orders", "order_lines"):
        recorded = of_many_currencies.table(table).drop(
            columns=["total", "unit_price"], errors="ignore"
        )
        rows = converted.table(table).drop(columns=["total", "unit_price"], errors="ignore")
        pd.testing.assert_frame_equal(rows, recorded)


def test_a_history_in_one_currency_is_read_as_it_is(write, history, orders):
    write(orders=orders.assign(currency="EUR"))

    assert history().in_currency("EUR", {}).rates is None


def test_losses_and_prices_of_all_tables_are_converted(write, history, orders):
    raised = pd.DataFrame(
        {"exception_id": ["x"], "order_id": ["A"], "detected_at": [DAY.format(5)]}
    )
    ended = pd.DataFrame(
        {"exception_id": ["x"], "known_at": [DAY.format(6)], "loss": [10.0], "currency": ["USD"]}
    )
    cells = pd.DataFrame({"sku": ["A"], "site": ["n"], "period_start": [DAY.format(1)],
                          "known_at": [DAY.format(2)], "price": [10.0],
                          "currency": ["USD"]})  # fmt: skip
    products = pd.DataFrame({"sku": ["A"], "known_at": [DAY.format(1)], "cost": [4.0],
                             "unit_price": [10.0], "currency": ["USD"]})  # fmt: skip
    write(orders=orders, exceptions=raised, outcomes=ended, plans=cells, products=products,
          demand=cells.assign(units=1.0))  # fmt: skip
    converted = history().in_currency("EUR", {"USD": 0.5})

    assert converted.table("outcomes")["loss"].tolist() == [5.0]
    assert converted.table("demand")["price"].tolist() == [5.0]
    assert converted.table("plans")["price"].tolist() == [5.0]
    assert converted.table("products")[["cost", "unit_price"]].to_numpy().tolist() == [[2.0, 5.0]]
