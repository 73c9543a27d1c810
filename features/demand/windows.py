"""Features of a series at a cut-off, and of a period after it, from running totals.

Running totals over a panel answer every window at every cut-off in two look-ups, so half a million
training rows take about a second. All is relative to the series' own level: what is learned on one
series holds for another that sells a hundred times as much.
"""

from functools import cached_property

import numpy as np

from features.demand.calendar import CountryCalendars, calendar_columns
from features.demand.groups import GroupTotals, SeriesGroups
from features.demand.offers import Offers
from features.demand.panel import FULLY_IN_STOCK, Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import running_totals, silent_after_life

LOWEST_LEVEL = 1e-2
LAGS, SEASONS = 4, 4
MIN_LAG_SHARE = 0.5  # in stock for less, a period is no lag of its own


class DemandWindows:
    """Features of pairs of a series and a cut-off column, and of periods after the cut-off.

    Nothing in or after the cut-off's column is read, but what is planned: prices and promotions.

    Args:
        panel: The series.
        groups: The totals of the groups that they are in.
        reach: So many periods after its end can be asked for.
        planned: Whether prices and promotions of periods ahead are known at a cut-off.
    """

    def __init__(
        self, panel: Panel, groups: SeriesGroups, reach: int, *, planned: bool = False
    ) -> None:
        self.panel, self.groups, self.reach = panel, groups, reach
        self.rhythm = rhythm_of(panel.grain)
        self._prices = Offers(panel.price, panel, planned=planned)
        self._promotions = Offers(panel.promotion, panel, planned=planned)
        units = silent_after_life(panel.units)
        observed = np.isfinite(units) & (panel.in_stock > 0)
        whole = observed & (panel.in_stock >= FULLY_IN_STOCK)
        self.units = np.where(observed, units, np.float32(0.0))
        self.whole = np.where(whole, units, np.float32(np.nan))
        self._partial = np.where(observed & (panel.in_stock >= MIN_LAG_SHARE), units, np.nan)
        self._partial = self._partial / np.maximum(panel.in_stock, MIN_LAG_SHARE)
        self._sold = running_totals(self.units)
        self._exposure = running_totals(np.where(observed, panel.in_stock, 0.0))
        self._squares = running_totals(np.where(whole, units, 0.0) ** 2)
        self._wholes = running_totals(whole)
        self._nonzero = running_totals(self.units > 0)
        self.first = np.where(observed.any(1), observed.argmax(1), panel.length)

    @cached_property
    def _last_sale(self) -> np.ndarray:
        """(n, T + 1) column of the last sale before each cut-off; -1 if there was none."""
        column = np.where(self.units > 0, np.arange(self.panel.length, dtype=np.int32), -1)
        none = np.full((len(column), 1), -1, np.int32)
        return np.concatenate([none, np.maximum.accumulate(column, axis=1)], axis=1)

    @cached_property
    def _calendar(self) -> CountryCalendars:
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

    def quiet(self, rows: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Return periods since the last sale before the cut-off, else since the first period."""
        return cut - np.maximum(self._last_sale[rows, cut] + 1, self.first[rows])

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
        columns += [*self._offered(rows, cut), *self._trends(rows, cut)]
        return np.stack(columns, axis=1).astype(np.float32)

    def _offered(self, rows: np.ndarray, cut: np.ndarray) -> list[np.ndarray]:
        """Return how price and promotion were lately, and how usually."""
        short, long = self.rhythm.windows[0], self.rhythm.level
        price, promotion = self._prices, self._promotions
        usual = price.mean(rows, cut, long)
        return [
            price.mean(rows, cut, short) / np.where(usual > 0, usual, np.nan),
            promotion.mean(rows, cut, short),
            promotion.mean(rows, cut, long),
        ]

    def _trends(self, rows: np.ndarray, cut: np.ndarray) -> list[np.ndarray]:
        """Return for each grouping how it sold lately, over the period that makes the level."""
        short, long = self.rhythm.windows[1], self.rhythm.level
        return [
            group.rate(rows, cut - short, cut) / group.rate(rows, cut - long, cut)
            for group in self.groups.totals
        ]

    def target(
        self, rows: np.ndarray, cut: np.ndarray, ahead: np.ndarray, level: np.ndarray
    ) -> np.ndarray:
        """Return (k, features) float32 of the periods `ahead` (1 is the cut-off's own column)."""
        column, season = cut + ahead - 1, self.rhythm.season
        latest = column - season * ((ahead - 1) // season + 1)
        same = np.stack([self._at(rows, latest - k * season, cut) for k in range(SEASONS)], axis=1)
        count = np.isfinite(same).sum(1)
        mean = np.where(count > 0, np.nansum(same, axis=1) / np.maximum(count, 1), np.nan)
        columns = [same[:, 0] / level, same[:, 1] / level, mean / level]
        usual = self._prices.mean(rows, cut, self.rhythm.level)
        columns += [self._prices.ahead(rows, column) / usual, self._promotions.ahead(rows, column)]
        columns += self._year(rows, cut, ahead)
        if season < self.rhythm.year:
            columns += [_pattern(group, rows, cut, latest) for group in self.groups.totals]
        return np.stack(columns, axis=1).astype(np.float32)

    def _year(self, rows: np.ndarray, cut: np.ndarray, ahead: np.ndarray) -> list[np.ndarray]:
        """Return how far the period stood out a year before, of the series and of its groups.

        Over the level of the cut-off a year before, as the label is over that of this one.
        """
        year, width = self.rhythm.year, self.rhythm.width
        then = cut - year * ((ahead - 1) // year + 1)
        spot = then + ahead - 1
        if (spot + width < 0).all():
            return [np.full(len(rows), np.nan)] * (1 + len(self.groups.totals))
        end = np.minimum(spot + width + 1, cut)
        own = GroupTotals(np.arange(self.panel.series), self._sold, self._exposure)
        return [
            one.rate(rows, spot - width, end) / one.rate(rows, then - self.rhythm.level, then)
            for one in (own, *self.groups.totals)
        ]

    def calendar(self, rows: np.ndarray, cut: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        """Return (k, features) float32 of the periods ahead: how far, and which of the year."""
        codes, table = self._calendar
        dates = table[codes[rows], cut + ahead - 1]
        return np.concatenate([ahead[:, None].astype(np.float32), dates], axis=1)

    def _at(self, rows: np.ndarray, column: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Return units of columns before the cut-off, over the share in stock; NaN elsewhere."""
        inside = (column >= 0) & (column < cut)
        return np.where(inside, self._partial[rows, np.where(inside, column, 0)], np.nan)


def _pattern(
    group: GroupTotals, rows: np.ndarray, cut: np.ndarray, latest: np.ndarray
) -> np.ndarray:
    """Return how the day of the week stood out in a group over the last four weeks."""
    day = np.mean([group.rate(rows, latest - 7 * k, latest - 7 * k + 1) for k in range(4)], axis=0)
    return day / group.rate(rows, cut - 28, cut)
