"""The order history as its readers see it: tables as of a moment, and named queries over them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from data.contract.conversion import arrow_schema, to_frame
from data.contract.tables import TABLES
from data.domain import NoHistoryError, UnknownChoiceError
from data.history.manifest import Manifest
from data.history.money import MONEY_TABLES, quotes_of, show_in_currency
from data.history.queries import database, query_text, show_table
from data.policy.exchange_rates import ExchangeRates, PolicyRates, Quotes

END_OF_TIME = pd.Timestamp("2262-01-01", tz="UTC")
ROWS_PER_BATCH = 1_000_000


@dataclass(frozen=True)
class History:
    """One state of an order history; a later import does not show until it is opened again.

    Holds no file and no connection open between reads, so that threads may share it.

    Attributes:
        path: Its folder.
        manifest: Its files.
        rates: By which money is converted at each read; None leaves it as recorded.
        timezone: The company's, of days where neither a site nor a row names its own.
    """

    path: Path
    manifest: Manifest
    rates: ExchangeRates | None = None
    timezone: str = "UTC"

    @classmethod
    def open(cls, path: Path | str) -> "History":
        """Open the history at a path.

        Raises:
            NoHistoryError: there is none.
        """
        path = Path(path)
        manifest = Manifest.read(path)
        if manifest is None:
            raise NoHistoryError(str(path))
        return cls(path, manifest)

    def in_currency(self, currency: str, by_policy: PolicyRates) -> "History":
        """Return the history with all money in the company's currency.

        An amount in another currency is converted at the rate of its day; without a rate it is
        empty. An amount without a currency is in the company's.
        """
        if not self.foreign_currencies(currency):
            return self
        return replace(self, rates=self.quotes().into(currency, by_policy))

    def in_time_zone(self, timezone: str) -> "History":
        """Return the history with the days of a company's time zone."""
        return replace(self, timezone=timezone)

    def foreign_currencies(self, currency: str) -> dict[str, int]:
        """Return the other currencies in which there is money, each with its rows."""
        counts = self.query("money/currencies")
        rows = dict(zip(counts["currency"].tolist(), counts["rows"].tolist(), strict=True))
        return {name: count for name, count in rows.items() if name != currency}

    def quotes(self, *, known_before: pd.Timestamp | None = None) -> Quotes:
        """Return the recorded exchange rates."""
        return quotes_of(self.table("rates", known_before=known_before))

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows of each table; 0 for a table that no source provides."""
        files = self.manifest.tables
        return {name: files[name].rows if name in files else 0 for name in TABLES}

    @property
    def fingerprint(self) -> str:
        """The sha256 of the content: equal rows give an equal value, in any order of imports."""
        return self.manifest.fingerprint

    def filled_columns(self) -> set[str]:
        """The columns that have a value at all, as "orders.promised_at"."""
        return {
            f"{table}.{column}"
            for table, file in self.manifest.tables.items()
            for column, rows in file.filled.items()
            if rows
        }

    def table(
        self,
        name: str,
        *,
        known_before: pd.Timestamp | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The rows of a table with `known_at < known_before`, sorted by `known_at`, then key.

        Args:
            name: A table of the contract; empty if no source provides it.
            known_before: A moment with its zone; all rows if left out.
            columns: Columns to read, in this order; all if left out.
        """
        _check_names("table", [name], TABLES)
        selected = list(columns) if columns is not None else arrow_schema(name).names
        _check_names(f"column of {name}", selected, arrow_schema(name).names)
        names = {"table": name, "columns": ", ".join(f'"{name}"' for name in selected)}
        moment = END_OF_TIME if known_before is None else known_before.tz_convert("UTC")
        query = "rows_known_before"
        if self.rates is not None and name in MONEY_TABLES:
            query, names["key"] = "rows_in_order", ", ".join(TABLES[name].key)
        return self._read(query_text(query, **names), [name], known_before=moment)

    def sample(self, name: str, rows: int) -> pd.DataFrame:
        """Return a few rows of a table, the same ones each time."""
        _check_names("table", [name], TABLES)
        return self._read(query_text("describe/sample", table=name, rows=str(rows)), [name])

    def query(self, name: str, **values: Any) -> pd.DataFrame:
        """The answer of `data/sql/<name>.sql`, its `$names` bound to values.

        `@{timezone}` in it is the company's time zone.
        """
        sql = query_text(name, timezone=self.timezone)
        return self._read(sql, _tables_in(sql), **values)

    def batches(
        self, name: str, *, beside: Mapping[str, pa.Table], **values: Any
    ) -> Iterator[pa.RecordBatch]:
        """The answer of `data/sql/<name>.sql` in parts, so that it may be larger than the memory.

        Args:
            name: The query.
            beside: Tables that it reads besides those of the history, by name.
            values: What its `$names` are bound to.
        """
        sql = query_text(name, timezone=self.timezone)
        with self._opened(_tables_in(sql)) as con:
            for table, rows in beside.items():
                con.from_arrow(rows).create_view(table)
            yield from con.sql(sql, params=values or None).to_arrow_reader(ROWS_PER_BATCH)

    def _read(self, sql: str, tables: Iterable[str], **values: Any) -> pd.DataFrame:
        with self._opened(tables) as con:
            return to_frame(con.sql(sql, params=values or None).to_arrow_table())

    @contextmanager
    def _opened(self, tables: Iterable[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that sees tables of this history."""
        with database() as con:
            for table in tables:
                if self.rates is not None and table in MONEY_TABLES:
                    show_in_currency(con, table, self._file_of, self.rates)
                else:
                    show_table(con, table, table, self._file_of(table))
            yield con

    def _file_of(self, table: str) -> Path | None:
        stored = self.manifest.tables.get(table)
        return self.path / stored.file if stored else None


def _tables_in(sql: str) -> list[str]:
    """The tables that a query may read: those whose names stand in it."""
    words = set(re.findall(r"\w+", sql))
    return [table for table in TABLES if table in words]


def _check_names(kind: str, names: Sequence[str], allowed: Sequence[str] | dict[str, Any]) -> None:
    for name in names:
        if name not in allowed:
            raise UnknownChoiceError(kind, name, allowed)
