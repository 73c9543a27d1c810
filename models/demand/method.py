"""Forecast method: its points, and the distribution around them that held-out forecasts give."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from features.demand.closed_days import closed_periods
from features.demand.extremes import bounded_by_others
from features.demand.panel import FULLY_IN_STOCK, Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import silent_after_life
from models.demand.level_sets import LOWEST_LEVEL, LevelSets
from models.demand.points import PointForecaster
from models.estimator import Files, files_of

MAX_HELD_OUT_FORECASTS = 400_000  # more teach a table of sixty bins nothing
MAX_CUTS = 5
MIN_SPAN_WINDOW = 2  # position of the window that cut-offs are spread over at least
FILE = "table.json"
_POINTS = "points."


@dataclass(frozen=True)
class PastForecasts:
    """Forecasts made at K earlier cut-offs, and the actual demand.

    Attributes:
        forecast: (K, n, H) units.
        actual: (K, n, H) units; NaN where it is not to be learned from.
    """

    forecast: np.ndarray
    actual: np.ndarray

    @property
    def comparable(self) -> int:
        """Number of forecasts that can be compared with actual demand."""
        return int(np.isfinite(self.actual).sum())

    def table(self) -> LevelSets:
        """Return the distribution of actual demand around a point.

        A giant is scaled to the level that other series reach, or its errors would be the mean of
        all that sell much.
        """
        finite = np.isfinite(self.actual)
        if not finite.any():
            return LevelSets.poisson()
        forecast = np.maximum(self.forecast[finite], LOWEST_LEVEL)
        series = np.broadcast_to(np.arange(finite.shape[1])[:, None], finite.shape)[finite]
        level = bounded_by_others(forecast, series)
        actual = self.actual[finite] * (level / forecast)
        return LevelSets.fit(level, actual, len(self.forecast))


class PointsAndMeans(NamedTuple):
    """Forecast of n series over H periods, in units.

    Attributes:
        point: (n, H) points.
        mean: (n, H) expected demand.
    """

    point: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True)
class ForecastMethod:
    """Points, and the distribution around them."""

    points: PointForecaster
    table: LevelSets

    def read(self, panel: Panel) -> PointsAndMeans:
        """Forecast the periods after a panel's end."""
        point = np.maximum(self.points.points(panel), 0)
        return PointsAndMeans(point, self.table.mean(point))

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        points = {_POINTS + name: text for name, text in self.points.to_files().items()}
        return {FILE: json.dumps(self.table.to_json())} | points

    @classmethod
    def from_files(
        cls, files: Files, points: Callable[[Files, int], PointForecaster], horizon: int
    ) -> Self:
        """Build it from the texts of `to_files`; `points` builds the points from theirs."""
        table = LevelSets.from_json(json.loads(files[FILE]))
        return cls(points(files_of(files, _POINTS), horizon), table)


def fit_method(
    panel: Panel, horizon: int, fit: Callable[[Panel], PointForecaster]
) -> ForecastMethod:
    """Fit on the past, measure the errors on later periods, and fit again on everything."""
    cuts = calibration_cuts(panel, horizon)
    if not cuts:
        return ForecastMethod(fit(panel), LevelSets.poisson())
    past = hold_out(fit(panel.until(cuts[0])), panel, horizon, demand_after)
    return ForecastMethod(fit(panel), past.table())


def hold_out(
    points: PointForecaster,
    panel: Panel,
    horizon: int,
    actual: Callable[[Panel, int, int], np.ndarray],
) -> PastForecasts:
    """Return forecasts at the cut-offs of calibration, and the actual demand.

    Args:
        points: Make the forecasts.
        panel: The series; of very many, some.
        horizon: Periods ahead.
        actual: Returns the demand of a panel after a cut-off, as `demand_after` does.
    """
    cuts = calibration_cuts(panel, horizon)
    most = max(MAX_HELD_OUT_FORECASTS // (max(len(cuts), 1) * horizon), 1)
    every = slice(None, None, -(-panel.series // most))
    sample = panel.take(every)
    shape = (len(cuts), sample.series, horizon)
    forecast, units = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for row, cut in enumerate(cuts):
        forecast[row] = np.maximum(points.points(sample.until(cut)), 0)
        closed = closed_periods(panel.until(cut), horizon)[every]
        units[row] = np.where(closed, np.float32(np.nan), actual(sample, cut, horizon))
    return PastForecasts(forecast, units)


def demand_after(panel: Panel, cut: int, horizon: int) -> np.ndarray:
    """Return (n, H) units demanded after a cut-off; silence after the last life sign is none.

    NaN where it was not observed wholly in stock, and where the series had hardly begun. A long
    silence counts: whether a target does must not hang on later sales.
    """
    actual = np.full((panel.series, horizon), np.nan, np.float32)
    lived = silent_after_life(panel.units)
    units = lived[:, cut : cut + horizon]
    whole = panel.in_stock[:, cut : cut + horizon] >= FULLY_IN_STOCK
    actual[:, : units.shape[1]] = np.where(whole, units, np.float32(np.nan))
    begun = np.isfinite(lived[:, :cut]).sum(1) >= rhythm_of(panel.grain).fewest
    actual[~begun] = np.nan
    return actual


def calibration_cuts(panel: Panel, horizon: int) -> list[int]:
    """Return at most `MAX_CUTS` cut-offs, the last a horizon before the panel's end.

    They are spread over a horizon, and not over a few days: forecasts of one time are all wrong in
    the same direction. Of earlier ones the model would be older than the one that is used.
    """
    middle = panel.length // 2
    last = max(panel.length - horizon, middle)
    first = max(last - max(horizon, rhythm_of(panel.grain).windows[MIN_SPAN_WINDOW]), middle)
    return [int(cut) for cut in np.unique(np.linspace(first, last, MAX_CUTS).astype(int)) if cut]
