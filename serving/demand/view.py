"""View of one series, or of one sum of series, on the demand page: a book's rows, in words.

Pure: a book in, a view out.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from features.demand.grain import Grain
from features.demand.panel import FULLY_IN_STOCK
from models.demand.catalog import by_name
from models.forecast_book.book import Book
from models.wording import percent
from serving.http.templates import units, words

KINDS = {"site": "Site", "product_group": "Product group"}
FAN = np.array([0.025, 0.1, 0.25, 0.75, 0.9, 0.975])
"""The ends of the ranges of 95, 80 and 50 %."""


class AccuracyFigure(NamedTuple):
    """One number of accuracy: short, and as a sentence."""

    short: str
    words: str


@dataclass(frozen=True)
class SeriesView:
    """One series or sum, ready to be drawn.

    Attributes:
        title: The SKU, or the key of the sum.
        site: The site; empty for sums.
        facts: Its attributes, by name.
        grain: Length of a period.
        past_days: (T,) first days of the past periods.
        units: (T,) units sold; NaN where it was not there.
        in_stock: (T,) shares of each period; None for sums.
        periods: (H,) first days of the periods to come.
        mean: (H,) units expected.
        quantiles: (H, 6) units at `FAN`.
        past: (H, 3) units at `REVIEW_QUANTILES`, forecast before the last H periods; None where
            there is no such forecast.
        figures: How good that forecast was.
    """

    title: str
    site: str
    facts: dict[str, str]
    grain: Grain
    past_days: np.ndarray
    units: np.ndarray
    in_stock: np.ndarray | None
    periods: np.ndarray
    mean: np.ndarray
    quantiles: np.ndarray
    past: np.ndarray | None
    figures: list[AccuracyFigure]

    @property
    def past_periods(self) -> np.ndarray:
        """The first days of the periods that `past` is of."""
        return self.past_days[-len(self.periods) :]

    def stock_outs(self) -> Iterator[tuple[str, str]]:
        """Yield moments between which it could not be bought all the time."""
        if self.in_stock is None:
            return
        short = (self.in_stock < FULLY_IN_STOCK) & np.isfinite(self.units)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], short, [False]])))
        hours = self.past_days.astype("datetime64[h]")
        half = (hours[-1] - hours[-2]) // 2 if len(hours) > 1 else np.timedelta64(12, "h")
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            yield str(hours[begin] - half), str(hours[end - 1] + half)

    def coming(self) -> Iterator[dict[str, Any]]:
        """Yield what is expected, a line a period."""
        ends = self.quantiles.shape[1] - 1
        for day, mean, row in zip(self.periods, self.mean, self.quantiles, strict=True):
            ranges = [(row[low], row[ends - low]) for low in (2, 1, 0)]
            yield {"day": str(day), "mean": mean, "ranges": ranges}

    def before(self) -> Iterator[dict[str, Any]]:
        """Yield what was sold, a line a period, the latest first."""
        for back in range(1, len(self.past_days) + 1):
            past = self.past if self.past is not None and back <= len(self.past) else None
            yield {
                "day": str(self.past_days[-back]),
                "units": self.units[-back],
                "in_stock": None if self.in_stock is None else float(self.in_stock[-back]),
                "past": None if past is None else past[-back],
            }


def series_view(book: Book, row: int) -> SeriesView:
    """Return one series of a book."""
    forecast = book.forecast.take(slice(row, row + 1))
    past = book.review.quantiles[row]
    return SeriesView(
        title=str(forecast.sku[0]),
        site=str(forecast.site[0]),
        facts=_facts(book, row),
        grain=forecast.grain,
        past_days=book.recent.periods,
        units=book.recent.units[row],
        in_stock=np.asarray(book.recent.in_stock[row], np.float32),
        periods=forecast.periods,
        mean=forecast.mean[0],
        quantiles=forecast.quantiles(FAN)[0],
        past=past if np.isfinite(past).any() else None,
        figures=_figures(book, row),
    )


def aggregate_view(book: Book, row: int) -> SeriesView:
    """Return one sum of series of a book."""
    sums = book.aggregates
    kind, key = str(sums.kind[row]), str(sums.key[row])
    return SeriesView(
        title=f"{KINDS[kind]} {key}" if key else "Everything",
        site="",
        facts={"Method": "the sum of all its series, joint over series and periods"},
        grain=book.forecast.grain,
        past_days=book.recent.periods,
        units=sums.units[row],
        in_stock=None,
        periods=book.forecast.periods,
        mean=sums.mean[row],
        quantiles=sums.quantiles(row, FAN),
        past=None,
        figures=[],
    )


def shares_missed(book: Book, rows: slice) -> np.ndarray:
    """Return WAPE of some series: units missed over units sold, in the last H periods in stock.

    NaN where the last forecast is not known, or nothing was sold.
    """
    figures = book.review.figures
    if "mean_absolute_error" not in figures:
        return np.full(len(book.forecast.sku[rows]), np.nan)
    horizon = book.forecast.horizon
    actual = np.asarray(book.recent.units[rows, -horizon:], float)
    scored = (book.recent.in_stock[rows, -horizon:] >= FULLY_IN_STOCK) & np.isfinite(actual)
    count = scored.sum(1)
    sold = np.where(scored, actual, 0).sum(1) / np.where(count, count, np.nan)
    return np.asarray(figures["mean_absolute_error"])[rows] / np.where(sold > 0, sold, np.nan)


def _figures(book: Book, row: int) -> list[AccuracyFigure]:
    """Return accuracy in words; unknown measures are left out."""
    values = {name: float(column[row]) for name, column in book.review.figures.items()}
    missed = float(shares_missed(book, slice(row, row + 1))[0])
    error, bias, covered = (
        values.get(n, math.nan) for n in ("mean_absolute_error", "bias", "covered")
    )
    grain, figures = book.forecast.grain.noun, []
    if math.isfinite(error):
        share = f", {percent(missed)} of what was sold" if math.isfinite(missed) else ""
        figures.append(
            AccuracyFigure(f"± {units(error)}", f"units a {grain} off on average{share}")
        )
    if math.isfinite(bias):
        direction = "too high" if bias > 0 else "too low"
        figures.append(
            AccuracyFigure(units(abs(bias)), f"units a {grain} {direction} on the whole")
        )
    if math.isfinite(covered):
        within = f"of {book.forecast.grain.plural} came within the range of 95\N{NO-BREAK SPACE}%"
        figures.append(AccuracyFigure(percent(covered), within))
    return figures


def _facts(book: Book, row: int) -> dict[str, str]:
    """Return the attributes of a series by name; unknown ones are left out."""
    price, method = float(book.stock.unit_price[row]), str(book.forecast.method[row])
    facts = {words(name): column[row] for name, column in book.attributes.items()}
    on_hand = float(book.stock.on_hand[row])
    facts["on hand"] = f"{on_hand:,.0f} units" if math.isfinite(on_hand) else None
    if math.isfinite(price):
        facts["price"] = f"{book.currency or ''} {price:,.2f}".strip()
    file = by_name().get(method)
    facts["method"] = words(method) if file is None else file.WORDS
    return {name: str(value) for name, value in facts.items() if value is not None}
