"""Content of a forecast book. `models.forecast_book.store` writes and reads it."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from models.demand.forecast import Forecast
from models.demand.level_sets import PROBABILITIES

REVIEW_QUANTILES = np.array([0.025, 0.5, 0.975])


@dataclass(frozen=True)
class RecentSales:
    """Recent sales.

    Attributes:
        periods: (T,) datetime64[D], the first day of each; the last one is before the forecast.
        units: (n, T) float32, NaN where the series had not begun.
        in_stock: (n, T), share of the period in which it could be bought.
    """

    periods: np.ndarray
    units: np.ndarray
    in_stock: np.ndarray


@dataclass(frozen=True)
class BookStock:
    """Stock on hand and inbound, and its worth; NaN where that is not known.

    Attributes:
        on_hand: (n,) units; below 0 is oversold.
        inbound: (n, H) units that arrive in each period of the forecast.
        unit_price: (n,) in the book's currency.
        unit_cost: (n,) in the book's currency.
        lead_time_days: (n,) from an order to its arrival.
    """

    on_hand: np.ndarray
    inbound: np.ndarray
    unit_price: np.ndarray
    unit_cost: np.ndarray
    lead_time_days: np.ndarray


@dataclass(frozen=True)
class Review:
    """The forecast that would have been made one horizon earlier, against what came.

    Its model saw nothing that became known after that moment. Its periods are the last H of
    `Recent.periods`, and what came stands there.

    Attributes:
        quantiles: (n, H, 3) units at `REVIEW_QUANTILES`; NaN for series that were not there yet.
        figures: (n,) float32 by name, over the periods in stock: NaN where there were none.
        overall: The same over all series.
    """

    quantiles: np.ndarray
    figures: Mapping[str, np.ndarray]
    overall: Mapping[str, float]


@dataclass(frozen=True)
class Aggregates:
    """Sums over series, from sample paths that are joint over series and periods.

    Attributes:
        kind: (m,) texts: site, product_group or total.
        key: (m,) texts: which site, ...; "" for the total.
        mean: (m, H) units expected.
        spread: (m, H, P) units at `level_sets.PROBABILITIES`.
        units: (m, T) units sold lately, summed.
    """

    kind: np.ndarray
    key: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    units: np.ndarray

    def quantiles(self, row: int, probabilities: np.ndarray) -> np.ndarray:
        """Return (H, P) units of one aggregate; those outside of `PROBABILITIES` get its ends."""
        return np.stack(
            [np.interp(probabilities, PROBABILITIES, units) for units in self.spread[row]]
        )

    @cached_property
    def rows(self) -> dict[tuple[str, str], int]:
        """Row by kind and key."""
        pairs = zip(self.kind.tolist(), self.key.tolist(), strict=True)
        return {pair: row for row, pair in enumerate(pairs)}


@dataclass(frozen=True, eq=False)
class Book:
    """n series, in the order of SKU, then site.

    Attributes:
        model_version: Which model forecast, like "demand-3".
        as_of_ms: Tick: nothing that became known at or after it was seen.
        made_at_ms: Tick at which the job ended.
        currency: ISO 4217, of prices and costs; None where there are none.
        forecast: Of all series.
        recent: What was sold lately.
        stock: What is there.
        review: How the last forecast did.
        aggregates: Coherent sums.
        attributes: (n,) texts of series by name (product_group, region, ...), None where not known.
        exceptions: One row a stock exception; no columns where nothing was looked for.
    """

    model_version: str
    as_of_ms: int
    made_at_ms: int
    currency: str | None
    forecast: Forecast
    recent: RecentSales
    stock: BookStock
    review: Review
    aggregates: Aggregates
    attributes: Mapping[str, np.ndarray]
    exceptions: pa.Table

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """First row of each SKU, and the row after its last."""
        skus = self.forecast.sku
        if not len(skus):
            return {}
        starts = np.flatnonzero(np.concatenate([[True], skus[1:] != skus[:-1]]))
        ends = np.append(starts[1:], len(skus))
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return dict(zip(skus[starts].tolist(), spans, strict=True))

    def rows(self, sku: str) -> range:
        """Return the rows of a SKU, one a site; none where it is not known."""
        return range(*self._spans.get(sku, (0, 0)))

    def row(self, sku: str, site: str) -> int | None:
        """Return the row of a SKU at a site; None where it is not known."""
        begin, end = self._spans.get(sku, (0, 0))
        row = bisect_left(self.forecast.site, site, begin, end)
        return row if row < end and self.forecast.site[row] == site else None

    @property
    def skus(self) -> list[str]:
        """All SKUs, in order."""
        return list(self._spans)
