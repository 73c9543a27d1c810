import pandas as pd

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from training.demand.describe import demand_facts

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
WEEKS = {
    "sku": ["S"] * 4,
    "site": ["A"] * 4,
    "period_start": ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"],
    "units": [3, 0, 0, 2],
    "in_stock_share": [1, 1, 0, 1],
    "known_at": ["2024-01-07", "2024-01-14", "2024-01-21", "2024-01-28"],
}


def facts(folder, **tables):
    write_history(folder, ((name, pd.DataFrame(rows)) for name, rows in tables.items()), TERMS)
    return dict(demand_facts(History.open(folder)))


def test_the_facts_of_demand_count_zeros_and_stock_outs(tmp_path):
    shown = facts(tmp_path, demand=WEEKS)

    assert (shown["series"], shown["grain"], shown["periods"]) == ("1", "week from Monday", "3")
    assert (shown["zeros"], shown["out of stock, in part or wholly"]) == ("66.7%", "33.3%")


def test_a_history_without_orders_and_demand_has_no_facts_of_it(tmp_path):
    assert facts(tmp_path, sites={"site": ["A"], "known_at": ["2024-01-01"]}) == {}


def test_a_history_of_less_than_a_day_has_no_facts_of_demand(tmp_path):
    orders = {"order_id": ["A"], "placed_at": ["2024-01-01T08:00"]}
    lines = {"order_id": ["A"], "line_id": ["1"], "sku": ["S"], "units": [1]}

    assert facts(tmp_path, orders=orders, order_lines=lines) == {}
