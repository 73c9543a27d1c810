"""Movement of all series, of a product group or of a site: a single series is too quiet to show it.

Made of a whole panel once; its parts are then looked at with the totals of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from features.demand.extremes import bounded_peaks, bounded_volumes
from features.demand.panel import Panel
from features.demand.running_totals import running_totals, silent_after_life

GROUPINGS = ("product_group", "site")
SMALLEST = 3  # series a group on average; below it a group says no more than its series


@dataclass(frozen=True)
class GroupTotals:
    """Running totals of one grouping of n series.

    Attributes:
        code: (n,) the group of each series.
        sold: (groups, T + 1) units of the columns before each one.
        exposure: The same of the shares in stock.
    """

    code: np.ndarray
    sold: np.ndarray
    exposure: np.ndarray

    def rate(self, rows: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return units a series and period in stock, of columns `start` to before `end`.

        NaN where nothing was sold or in stock; columns before the panel do not count.
        """
        code = self.code[rows]
        start, end = np.maximum(start, 0), np.maximum(end, 0)
        sold = self.sold[code, end] - self.sold[code, start]
        exposure = self.exposure[code, end] - self.exposure[code, start]
        return np.where(sold > 0, sold, np.nan) / np.where(exposure > 0, exposure, np.nan)


@dataclass(frozen=True)
class SeriesGroups:
    """The totals of a panel by several groupings; the first is of all series."""

    totals: tuple[GroupTotals, ...]

    @classmethod
    def of(cls, panel: Panel) -> Self:
        """Add up a panel; neither a giant nor a sudden rise of one series is the group."""
        units = silent_after_life(panel.units)
        exposure = np.where(np.isfinite(units), panel.in_stock, np.float32(0))
        units = bounded_peaks(np.where(exposure > 0, units, np.float32(0)))
        volume = units.mean(1, dtype=np.float64)
        units = units * (bounded_volumes(volume) / np.where(volume > 0, volume, 1))[:, None]
        codes = [np.zeros(panel.series, int)]
        codes += [_codes(panel, name) for name in GROUPINGS]
        return cls(tuple(GroupTotals(c, _summed(units, c), _summed(exposure, c)) for c in codes))

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return the totals of all for some of the series."""
        return replace(self, totals=tuple(replace(t, code=t.code[rows]) for t in self.totals))


def _codes(panel: Panel, name: str) -> np.ndarray:
    """Return (n,) groups; one for all where the grouping is not known or too fine."""
    names = panel.site if name == "site" else panel.attributes.get(name)
    if names is None:
        return np.zeros(panel.series, int)
    group_names, codes = np.unique(np.asarray(names).astype(str), return_inverse=True)
    return codes if len(group_names) * SMALLEST <= panel.series else np.zeros(panel.series, int)


def _summed(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return (groups, T + 1) running totals of the series of each group."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    return running_totals(np.add.reduceat(values[order].astype(np.float64), starts, axis=0))


def chunks(series: int, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` series."""
    for start in range(0, series, size):
        yield slice(start, min(start + size, series))
