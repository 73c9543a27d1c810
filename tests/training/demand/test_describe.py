import pandas as pd

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from training.demand.describe import demand_facts
from training.demand.suspicious import suspicious_values

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


def test_a_typo_is_listed_with_the_usual_range_of_its_series(tmp_path):
    begins = pd.date_range("2024-01-01", periods=20, freq="7D")
    usual = [3, 4, 5, 4] * 5
    rows = {
        "sku": ["S"] * 20 + ["T"] * 20,
        "site": ["A"] * 40,
        "period_start": [str(day.date()) for day in begins] * 2,
        "units": [*usual[:-2], 10_000_000, 4, *usual],
        "known_at": [str(day.date()) for day in begins + pd.Timedelta(6, "D")] * 2,
    }
    counts = {
        "sku": ["S"] * 12,
        "site": ["A"] * 12,
        "counted_at": [str(day.date()) for day in begins[:12]],
        "on_hand": [20] * 11 + [9e11],
    }
    tables = {"demand": pd.DataFrame(rows), "stock": pd.DataFrame(counts)}
    write_history(tmp_path, iter(tables.items()), TERMS)

    stock, units = suspicious_values(History.open(tmp_path))

    assert (units.table, units.column, units.series) == ("demand", "units", "S at A")
    assert (units.period, units.value) == ("2024-05-06", 1e7)
    assert 3 <= units.low < units.high <= 5
    assert (stock.table, stock.column, stock.period) == ("stock", "on_hand", "2024-03-18")
