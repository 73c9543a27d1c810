"""What is known of a series at a cut-off, and of a period after it, from sums kept once.

Running totals over a panel answer every window at every cut-off in two look-ups, so half a million
training rows take about a second. All is relative to the series' own level: what is learned on one
series holds for another that sells a hundred times as much.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.domain import Grain
from features.calendars import calendar_columns
from features.demand_panel import FULLY_IN_STOCK, Panel

LOWEST_LEVEL = 1e-2
LAGS, SEASONS = 4, 4


@dataclass(frozen=True)
class Rhythm:
    """How demand of one grain repeats, in periods.

    Attributes:
        season: After so many it repeats.
        windows: Lengths of the recent pasts that are looked at, growing.
        level: Length of the past that makes the level.
        fewest: So many observed ones are needed to be forecast from its own past.
    """

    season: int
    windows: tuple[int, ...]
    level: int
    fewest: int


RHYTHMS = {
    Grain.DAY: Rhythm(7, (7, 14, 28, 56, 112), 56, 14),
    Grain.WEEK: Rhythm(52, (2, 4, 8, 13, 26, 52), 26, 6),
    Grain.MONTH: Rhythm(12, (2, 3, 6, 12, 24), 12, 4),
}


class DemandWindows:
    """Features of pairs of a series and a cut-off column, and of periods after the cut-off.

    Nothing in or after the cut-off's column is read, but what is planned: prices and promotions.

    Args:
        panel: The series.
        reach: So many periods after its end can be asked for.
    """

    def __init__(self, panel: Panel, reach: int) -> None:
        self.panel, self.rhythm, self.reach = panel, RHYTHMS[panel.grain], reach
        units = silent_after_life(panel.units)
        seen = np.isfinite(units) & (panel.in_stock > 0)
        whole = seen & (panel.in_stock >= FULLY_IN_STOCK)
        self.units = np.where(seen, units, np.float32(0.0))
        self.whole = np.where(whole, units, np.float32(np.nan))
        self._sold = _totals(self.units)
        self._exposure = _totals(np.where(seen, panel.in_stock, 0.0))
        self._squares = _totals(np.where(whole, units, 0.0) ** 2)
        self._wholes = _totals(whole)
        self._nonzero = _totals(self.units > 0)
        self.first = np.where(seen.any(1), seen.argmax(1), panel.length)

    @cached_property
    def _last_sale(self) -> np.ndarray:
        """(n, T + 1) column of the last sale before each cut-off; -1 if there was none."""
        column = np.where(self.units > 0, np.arange(self.panel.length, dtype=np.int32), -1)
        none = np.full((len(column), 1), -1, np.int32)
        return np.concatenate([none, np.maximum.accumulate(column, axis=1)], axis=1)

    @cached_property
    def _calendar(self) -> tuple[np.ndarray, np.ndarray]:
        return calendar_columns(self.panel, self.reach)

    def _window(
        self, totals: np.ndarray, rows: np.ndarray, cut: np.ndarray, length: int
    ) -> np.ndarray:
        return totals[rows, cut] - totals[rows, np.maximum(cut - length, 0)]

    def rate(self, rows: np.ndarray, cut: np.ndarray, length: int) -> np.ndarray:
        """Return units a period wholly in stock over the last `length`; 0 if never in stock."""
        exposure = self._window(self._exposure, rows, cut, length)
        sold = self._window(self._sold, rows, cut, length)
        return sold / np.where(exposure > 0, exposure, 1)

    def observed(self, rows: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Return how many periods in stock there were before the cut-off."""
        return self._exposure[rows, cut]

    def level(self, rows: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Return units a period, of the recent past and, by half a period, of all of it."""
        length = self.rhythm.level
        exposure = self._window(self._exposure, rows, cut, length)
        sold = self._window(self._sold, rows, cut, length)
        always = self._sold[rows, cut] / (self._exposure[rows, cut] + 1)
        return np.maximum((sold + 0.5 * always) / (exposure + 0.5), LOWEST_LEVEL)

    def state(self, rows: np.ndarray, cut: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Return (k, features) float32 of k pairs of a series and a cut-off."""
        columns = []
        for length in self.rhythm.windows:
            rate = self.rate(rows, cut, length)
            wholes = np.maximum(self._window(self._wholes, rows, cut, length), 1)
            columns += [rate / level, self._window(self._nonzero, rows, cut, length) / wholes]
            if length >= 8:
                square = self._window(self._squares, rows, cut, length) / wholes
                columns.append(np.sqrt(np.maximum(square - rate**2, 0)) / level)
        columns += [self._at(rows, cut - lag, cut) / level for lag in range(1, LAGS + 1)]
        silent = cut - 1 - self._last_sale[rows, cut]
        age = cut - self.first[rows]
        always = self._sold[rows, cut]
        sales = np.maximum(self._nonzero[rows, cut], 1)
        often = sales / np.maximum(self._exposure[rows, cut], 1)
        columns += [silent, silent * often, age, np.log(level), always / sales / level, often]
        return np.stack(columns, axis=1).astype(np.float32)

    def target(self, rows: np.ndarray, cut: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        """Return (k, features) float32 of the periods `ahead` (1 is the cut-off's own column).

        The same seasons of the past are in units, and are to be divided by the level.
        """
        season = self.rhythm.season
        column = cut + ahead - 1
        latest = column - season * ((ahead - 1) // season + 1)
        same = np.stack([self._at(rows, latest - k * season, cut) for k in range(SEASONS)], axis=1)
        count = np.isfinite(same).sum(1)
        mean = np.where(count > 0, np.nansum(same, axis=1) / np.maximum(count, 1), np.nan)
        around = self._around(rows, latest, cut)
        return np.stack([same[:, 0], same[:, 1], mean, around], axis=1).astype(np.float32)

    def calendar(self, rows: np.ndarray, cut: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        """Return (k, features) float32 of the periods ahead: how far, and which of the year."""
        codes, table = self._calendar
        found = table[codes[rows], cut + ahead - 1]
        return np.concatenate([ahead[:, None].astype(np.float32), found], axis=1)

    def _around(self, rows: np.ndarray, latest: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Return the rate of three periods around the same one of the last season."""
        high = np.clip(latest + 2, 0, cut)
        low = np.clip(latest - 1, 0, high)
        exposure = self._exposure[rows, high] - self._exposure[rows, low]
        sold = self._sold[rows, high] - self._sold[rows, low]
        return np.where(exposure > 0, sold / np.where(exposure > 0, exposure, 1), np.nan)

    def _at(self, rows: np.ndarray, column: np.ndarray, cut: np.ndarray) -> np.ndarray:
        known = (column >= 0) & (column < cut)
        return np.where(known, self.whole[rows, np.where(known, column, 0)], np.nan)


def silent_after_life(units: np.ndarray) -> np.ndarray:
    """Return units in which a series that has ended sells nothing: it may come back."""
    begun = np.maximum.accumulate(np.isfinite(units), axis=1)
    later = np.maximum.accumulate(np.isfinite(units[:, ::-1]), axis=1)[:, ::-1]
    return np.where(begun & ~later, np.float32(0.0), units)


def _totals(values: np.ndarray) -> np.ndarray:
    """Return (n, T + 1) sums of the columns before each one."""
    totals = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=totals[:, 1:])
    return totals
