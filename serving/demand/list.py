"""The list of the demand page: a book's series and sums, searched and in the order that matters.

Pure: a book in, rows out.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np

from models.forecast_book.book import Book
from serving.demand.view import shares_missed
from serving.forecast_book import PreparedBook

TREND_PERIODS = 40
ORDERS = {
    "volume": "Volume",
    "risk": "Risk",
    "error": "Units missed",
    "name": "Name",
}

LEVELS = {"site": "Sites", "product_group": "Groups", "total": "Total"}


class SeriesFilters(NamedTuple):
    """Filters of the list, and its order; an empty text means all."""

    text: str = ""
    site: str = ""
    group: str = ""
    level: str = "series"
    order: str = "volume"


class SearchText(NamedTuple):
    """Text to search, a line a series, and (n,) offsets at which the lines begin."""

    text: str
    begins: np.ndarray


@lru_cache(maxsize=1)
def series_list(book: Book) -> "SeriesList":
    """Return the list of a book, which is made once."""
    return SeriesList(book)


@dataclass(frozen=True)
class SeriesRow:
    """One series or sum in the list.

    Attributes:
        query: Its name in an address.
        name: The SKU, or the key of the sum.
        location: The site, and the product group if the book names it.
        expected: Units over all periods to come.
        error: WAPE of the last forecast; None where not known.
        risk: Chance of a stock-out before the next delivery; None where nothing says so.
        sold: Points of a line of what was sold, for a drawing of 100 x 24.
        coming: The same of what is expected.
    """

    query: str
    name: str
    location: str
    expected: float
    error: float | None
    risk: float | None
    sold: str
    coming: str


class SeriesList:
    """All series and sums of a book, ready to be searched; made once for each book."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @cached_property
    def sites(self) -> list[str]:
        """All sites."""
        return np.unique(self.book.forecast.site.astype(str)).tolist()

    @cached_property
    def groups(self) -> list[str]:
        """All product groups; none where they are not known."""
        named = self.book.attributes.get("product_group")
        return [] if named is None else sorted({group for group in named if group is not None})

    @cached_property
    def levels(self) -> list[tuple[str, str, int]]:
        """Levels that can be listed, each with its key, its name and its number of rows."""
        kind = self.book.aggregates.kind
        sums = [(key, name, int((kind == key).sum())) for key, name in LEVELS.items()]
        return [("series", "Series", self.book.forecast.series), *(s for s in sums if s[2])]

    @cached_property
    def risk(self) -> np.ndarray:
        """(n,) chances to run out before the next delivery; NaN where nothing says so."""
        risks = np.full(self.book.forecast.series, np.nan)
        table = self.book.exceptions
        if "chance" in table.column_names:
            for exception in table.select(["kind", "sku", "site", "chance"]).to_pylist():
                row = self.book.row(exception["sku"], exception["site"])
                if exception["kind"] == "stock_out_risk" and row is not None:
                    risks[row] = exception["chance"]
        return risks

    @cached_property
    def error(self) -> np.ndarray:
        """(n,) WAPE of the last forecast of each series; NaN where it is not known."""
        return shares_missed(self.book, slice(None))

    @cached_property
    def _texts(self) -> SearchText:
        forecast = self.book.forecast
        groups = self.book.attributes.get("product_group", np.full(forecast.series, None, object))
        entries = zip(forecast.sku, forecast.site, groups, strict=True)
        lines = [f"{sku} {site} {group or ''}".casefold() for sku, site, group in entries]
        ends = np.cumsum([len(line) + 1 for line in lines])
        return SearchText("\n".join(lines), np.concatenate([[0], ends[:-1]]))

    def _holding(self, word: str) -> np.ndarray:
        """Return (n,) whether a series' line holds a word. One search of all is the quickest."""
        text, begins = self._texts
        offsets = [match.start() for match in re.finditer(re.escape(word), text)]
        holds = np.zeros(len(begins), bool)
        holds[np.searchsorted(begins, offsets, side="right") - 1] = True
        return holds

    @cached_property
    def _orders(self) -> dict[str, np.ndarray]:
        volume = self.book.forecast.mean.sum(1)
        missed = self.book.review.figures.get("mean_absolute_error", np.full(len(volume), np.nan))
        by = {"volume": volume, "risk": self.risk, "error": missed}
        orders = {
            name: np.lexsort((-volume, -np.nan_to_num(key, nan=-1))) for name, key in by.items()
        }
        return orders | {"name": np.arange(len(volume))}

    def matching(self, filters: SeriesFilters) -> np.ndarray:
        """Return the rows of the book that match the filters, in order."""
        forecast = self.book.forecast
        keep = np.ones(forecast.series, bool)
        if filters.site:
            keep &= forecast.site == filters.site
        if filters.group and "product_group" in self.book.attributes:
            keep &= self.book.attributes["product_group"] == filters.group
        for word in filters.text.casefold().split():
            keep &= self._holding(word)
        order = self._orders.get(filters.order, self._orders["volume"])
        return order[keep[order]]

    def matching_sums(self, filters: SeriesFilters) -> np.ndarray:
        """Return the rows of the book's sums that match the filters, in order."""
        sums = self.book.aggregates
        rows = np.flatnonzero(sums.kind == filters.level)
        text = filters.text.strip().casefold()
        rows = np.array([row for row in rows if text in sums.key[row].casefold()], int)
        if filters.order == "name":
            return rows
        return rows[np.argsort(-sums.mean[rows].sum(1), kind="stable")]

    def row(self, row: int) -> SeriesRow:
        """Return one series as the list shows it."""
        forecast = self.book.forecast
        sku, site = str(forecast.sku[row]), str(forecast.site[row])
        group = self.book.attributes.get("product_group", {row: None})[row]
        mean = forecast.mean[row]
        return SeriesRow(
            query=urlencode({"sku": sku, "site": site}),
            name=sku,
            location=" · ".join(part for part in (site, group) if part),
            expected=float(mean.sum()),
            error=_or_none(self.error[row]),
            risk=_or_none(self.risk[row]),
            **_trend(self.book.recent.units[row], mean),
        )

    def sum_row(self, row: int) -> SeriesRow:
        """Return one sum as the list shows it."""
        sums = self.book.aggregates
        kind, key = str(sums.kind[row]), str(sums.key[row])
        return SeriesRow(
            query=urlencode({"kind": kind, "key": key}),
            name=key or "Everything",
            location="",
            expected=float(sums.mean[row].sum()),
            error=None,
            risk=None,
            **_trend(sums.units[row], sums.mean[row]),
        )


def listed(series: SeriesList, filters: SeriesFilters, begin: int, limit: int) -> dict[str, Any]:
    """Return a page of the matching rows, and the values to choose from."""
    of_series = filters.level == "series"
    matches = series.matching(filters) if of_series else series.matching_sums(filters)
    begin = min(begin, max(0, (len(matches) - 1) // limit * limit))
    row = series.row if of_series else series.sum_row
    return {
        "rows": [row(int(match)) for match in matches[begin : begin + limit]],
        "begin": begin,
        "end": min(begin + limit, len(matches)),
        "total": len(matches),
        "series": series.book.forecast.series,
        "levels": series.levels,
        "sites": series.sites,
        "groups": series.groups,
        "orders": ORDERS,
        "horizon": horizon_words(series.book),
    }


def book_summary(in_use: PreparedBook, now_ms: int) -> dict[str, Any]:
    """Return the model of a book, its as-of time, its accuracy, and if it is stale."""
    overall = in_use.book.review.overall
    return in_use.stamp(now_ms) | {name: overall.get(name) for name in ("wape", "covered")}


def horizon_words(book: Book) -> str:
    """Return how far ahead a book looks, like "8 weeks"."""
    count, grain = book.forecast.horizon, book.forecast.grain
    return f"{count} {grain.plural}" if count > 1 else grain.noun


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _trend(units: np.ndarray, mean: np.ndarray) -> dict[str, str]:
    """Points of two lines that follow each other, the highest point at the top."""
    sold = units[-TREND_PERIODS:]
    both = np.concatenate([sold, mean])
    top = np.nanmax(both, initial=0) or 1
    across = np.linspace(0, 100, len(both))
    points = [
        f"{x:.1f},{23 - 22 * y / top:.1f}" if math.isfinite(y) else ""
        for x, y in zip(across, both, strict=True)
    ]
    return {
        "sold": " ".join(filter(None, points[: len(sold)])),
        "coming": " ".join(points[len(sold) :]),
    }
