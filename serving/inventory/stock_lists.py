"""The lists of the stock page: what runs out, what can't be filled, what lies too long.

Pure: a book and the policy in, what is shown out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
import orjson

from data.domain import ExceptionType
from data.policy.policy import Policy
from models.forecast_book.book import Book
from models.wording import money
from serving.forecast_book import PreparedBook
from serving.inventory.stock_detail import ordered

KINDS = {
    ExceptionType.STOCK_OUT_RISK: "Runs out",
    ExceptionType.UNFILLABLE_ORDERS: "Can't fill",
    ExceptionType.OVERSTOCK: "Lies too long",
}


class StockFilters(NamedTuple):
    """Filters of the list; an empty text means all."""

    kind: str = ExceptionType.STOCK_OUT_RISK
    text: str = ""
    site: str = ""


@dataclass(frozen=True)
class StockRow:
    """One stock exception.

    Attributes:
        query: What names its series in an address.
        kind: Which of `KINDS`.
        sku: Of the series.
        site: Of the series.
        loss: Money that handling it can save.
        message: What it is, as a sentence.
        facts: The numbers behind that.
        order: Units to order now; None where that was not asked or can't be said.
    """

    query: str
    kind: str
    sku: str
    site: str
    loss: float
    message: str
    facts: Mapping[str, Any]
    order: float | None = None


@lru_cache(maxsize=1)
def stock_list(book: Book) -> "StockList":
    """Return the stock exceptions of a book, which are read once."""
    return StockList(book)


class StockList:
    """The stock exceptions of a book, the dearest first."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @cached_property
    def rows(self) -> list[StockRow]:
        """All; what runs out by the margin that it loses, the others by what handling saves."""
        exceptions = self.book.exceptions
        rows = [_row(record) for record in exceptions.to_pylist()] if exceptions.num_columns else []
        return sorted(rows, key=lambda row: -row.facts.get("lost_margin", row.loss))

    @cached_property
    def kinds(self) -> list[tuple[str, str, int]]:
        """Each kind: its key, its name, how many there are."""
        count = Counter(row.kind for row in self.rows)
        return [(str(kind), name, count[kind]) for kind, name in KINDS.items()]

    @property
    def counted(self) -> bool:
        """True if any stock was ever counted."""
        return bool(np.isfinite(self.book.stock.on_hand).any())

    def matching(self, filters: StockFilters) -> list[StockRow]:
        """Return those of a kind whose SKU or site holds all words of a text."""
        words = filters.text.casefold().split()
        return [
            row
            for row in self.rows
            if row.kind == filters.kind
            and filters.site in ("", row.site)
            and all(word in f"{row.sku} {row.site}".casefold() for word in words)
        ]

    def of_series(self, sku: str, site: str) -> list[StockRow]:
        """Return all of one series."""
        return [row for row in self.rows if (row.sku, row.site) == (sku, site)]


def stock_listed(
    used: PreparedBook, policy: Policy, filters: StockFilters, begin: int, limit: int
) -> dict[str, Any]:
    """Return a page of the matching rows, and the values to choose from."""
    exceptions = stock_list(used.book)
    matches = exceptions.matching(filters)
    begin = min(begin, max(0, (len(matches) - 1) // limit * limit))
    rows = matches[begin : begin + limit]
    return {
        "rows": _with_orders(used, policy, rows),
        "begin": begin,
        "end": begin + len(rows),
        "total": len(matches),
        "of_kind": sum(row.kind == filters.kind for row in exceptions.rows),
        "saving": money(sum(row.loss for row in matches), policy.currency),
        "currency": policy.currency,
        "kinds": exceptions.kinds,
        "sites": sorted({row.site for row in exceptions.rows}),
        "counted": exceptions.counted,
    }


def _with_orders(used: PreparedBook, policy: Policy, rows: list[StockRow]) -> list[StockRow]:
    """Add what to order to those that run out."""
    short = [(row.sku, row.site) for row in rows if row.kind == ExceptionType.STOCK_OUT_RISK]
    if not short:
        return rows
    replenishments = ordered(used, short, policy)
    return [
        replace(row, order=replenishments.get((row.sku, row.site), {}).get("order")) for row in rows
    ]


def _row(record: Mapping[str, Any]) -> StockRow:
    return StockRow(
        query=urlencode({"sku": record["sku"], "site": record["site"]}),
        kind=record["kind"],
        sku=record["sku"],
        site=record["site"],
        loss=record["loss"],
        message=record["message"],
        facts=orjson.loads(record["facts"]),
    )
