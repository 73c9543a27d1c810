"""Steady series: they sell next to the same in each period, or on each weekday.

What other series do says nothing of them. A model of all series draws them towards what all did,
and the errors of all make them look uncertain. So their own level serves, with errors of their own.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from data.ticks import DAYS_PER_WEEK
from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import silent_after_life
from features.demand.stock_exposure import MAX_PARTIAL_SHARE
from models.demand.method import ForecastMethod, demand_after, hold_out
from models.estimator import Files

NAME = "steady"
WORDS = "its own level: it hardly ever changes"
MAX_DEVIATION = 0.1  # of the level; a hundred units by chance deviate more
MIN_SALES = 8  # at the level
MIN_OBSERVED = 4  # periods of each phase of the season
MAX_OUTLIERS, MAX_OUTLIERS_SHARE = 1, 0.03  # a mistake or a lost day; more are a new level
MAX_RISE = 2.0  # of units over the level, in the errors


@dataclass(frozen=True)
class SteadyLevel:
    """The mean of what is usual in the period that makes the level; of days by weekday."""

    horizon: int

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        own = _own_levels(panel)
        sold = np.where(own.usual, own.units, 0).sum(1)
        level = sold / np.maximum(own.usual.sum(1), 1)
        return level[:, np.arange(self.horizon) % level.shape[1]].astype(np.float32)

    def to_files(self) -> Files:
        """Return no text: it has learned nothing."""
        return {}


def serves(panel: Panel) -> np.ndarray:
    """Return (n,) whether a series kept its level lately, and all of the year before."""
    own = _own_levels(panel)
    sales = (own.usual & (own.units > 0)).sum((1, 2))
    enough = (np.isfinite(own.units).sum(1) >= MIN_OBSERVED).all(1)
    steady = enough & (sales >= MIN_SALES) & _few(own.units, own.usual)
    rows = np.flatnonzero(steady)
    year = _seasons(panel.take(rows), rhythm_of(panel.grain).year)
    steady[rows] = _few(year, _usual(year, own.level[rows]))
    return steady


def fit(panel: Panel, horizon: int) -> ForecastMethod:
    """Measure the errors of steady series; there is nothing else to learn.

    Steady series may be few, and one that left its level says little of another. So its rise is
    bounded, and the level is what is expected.
    """
    steady = SteadyLevel(horizon)
    past = hold_out(steady, panel, horizon, _demand_of_steady)
    bounded = np.minimum(past.actual, MAX_RISE * past.forecast)
    bounded[past.forecast <= 0] = np.nan  # on weekdays without sales there is no error to measure
    table = replace(past, actual=bounded).table()
    return ForecastMethod(steady, replace(table, means=np.ones_like(table.means)))


def from_files(_files: Files, horizon: int) -> SteadyLevel:
    """Build it again; there is nothing to read."""
    return SteadyLevel(horizon)


class OwnLevels(NamedTuple):
    """Last periods of n series, by S phases of the season, and the levels that they keep.

    Attributes:
        units: (n, k, S), NaN where cut short; the next period has phase 0.
        level: (n, S) medians; NaN where nothing is known.
        usual: (n, k, S) whether units are next to the level.
    """

    units: np.ndarray
    level: np.ndarray
    usual: np.ndarray


def _own_levels(panel: Panel) -> OwnLevels:
    units = _seasons(panel, max(rhythm_of(panel.grain).level, MIN_SALES))
    ordered, count = np.sort(units, axis=1), np.isfinite(units).sum(1, keepdims=True)
    level = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)[:, 0]
    return OwnLevels(units, level, _usual(units, level))


def _seasons(panel: Panel, length: int) -> np.ndarray:
    """Return (n, k, S) units of the last periods: of days by weekday, else S is 1."""
    phases = DAYS_PER_WEEK if panel.grain == Grain.DAY else 1
    units = silent_after_life(panel.units)[:, -length:]
    # What sold as usual was not cut short, whatever the stock table says of a part of it.
    in_stock = panel.in_stock[:, -length:] >= MAX_PARTIAL_SHARE
    whole = np.where(in_stock, units, np.float32(np.nan))
    missing = -whole.shape[1] % phases
    padded = np.pad(whole, ((0, 0), (missing, 0)), constant_values=np.nan)
    return padded.reshape(len(units), padded.shape[1] // phases, phases)


def _usual(units: np.ndarray, level: np.ndarray) -> np.ndarray:
    return np.abs(units - level[:, None]) <= MAX_DEVIATION * level[:, None]


def _few(units: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return (n,) whether hardly any of the observed periods is unusual."""
    observed = np.isfinite(units)
    outliers = (observed & ~usual).sum((1, 2))
    return outliers <= np.maximum(MAX_OUTLIERS, MAX_OUTLIERS_SHARE * observed.sum((1, 2)))


def _demand_of_steady(panel: Panel, cut: int, horizon: int) -> np.ndarray:
    """Return (n, H) units demanded of steady series; NaN of the others."""
    actual = demand_after(panel, cut, horizon)
    actual[~serves(panel.until(cut))] = np.nan
    return actual
