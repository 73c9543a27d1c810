"""Money of a history in the company's currency: views that convert, and the rates behind them."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from data.contract.conversion import MIN_TIME
from data.contract.reference_tables import RatesTable
from data.history.queries import query_text, show_table
from data.policy.exchange_rates import ExchangeRates, Quote, Quotes
from data.ticks import ceil_ticks

MONEY_TABLES = {
    "orders": (),
    "order_lines": ("orders",),
    "outcomes": ("exceptions", "orders"),
    "demand": (),
    "plans": (),
    "products": (),
}
"""The tables that hold money, and the tables that say in which currency and when."""
_RATES = "exchange_rates"
_MIN_TICK = MIN_TIME.value // 1_000_000


def quotes_of(rates: pd.DataFrame) -> Quotes:
    """Return rows of `RatesTable` as quotes."""
    columns = (
        rates[RatesTable.currency].tolist(),
        rates[RatesTable.to_currency].tolist(),
        ceil_ticks(rates[RatesTable.day]).tolist(),
        ceil_ticks(rates[RatesTable.known_at]).tolist(),
        rates[RatesTable.rate].tolist(),
    )
    return Quotes([Quote(*row) for row in zip(*columns, strict=True)])


def show_in_currency(
    con: duckdb.DuckDBPyConnection,
    table: str,
    file_of: Callable[[str], Path | None],
    rates: ExchangeRates,
) -> None:
    """Make a view of a table's file with its money converted."""
    shown = {name for (name,) in con.sql("show tables").fetchall()}
    for name in (table, *MONEY_TABLES[table]):
        if f"stored_{name}" not in shown:
            show_table(con, f"stored_{name}", name, file_of(name))
    if _RATES not in shown:
        con.from_arrow(_table_of(rates)).create(_RATES)
    con.sql(query_text(f"money/{table}", currency=rates.currency)).create_view(table)


def _table_of(rates: ExchangeRates) -> pa.Table:
    names, begins, factors = rates.table()
    moments = pa.array([max(tick, _MIN_TICK) for tick in begins], pa.timestamp("ms", tz="UTC"))
    return pa.table({"currency": names, "begin_at": moments, "factor": factors})
