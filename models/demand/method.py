"""One way to forecast: what makes the points, and the distribution that held-out ones gave it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from features.demand.panel import FULLY_IN_STOCK, Panel
from features.demand.running_totals import silent_after_life
from features.demand.windows import RHYTHMS
from models.demand.level_sets import LevelSets
from models.estimator import Files

MOST_HELD_OUT = 400_000  # forecasts; more teach a table of sixty bins nothing
MOST_CUTS = 5
SPAN = 2  # which of the windows the cut-offs are spread over at least
FILE = "table.json"
_POINTS = "points."


class PointForecaster(Protocol):
    """Anything that gives a point for each series and period ahead."""

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        ...

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        ...


@dataclass(frozen=True)
class PastForecasts:
    """Forecasts made at K earlier cut-offs, and what came.

    Attributes:
        forecast: (K, n, H) units.
        actual: (K, n, H) units; NaN where it is not to be learned from.
    """

    forecast: np.ndarray
    actual: np.ndarray

    @property
    def judged(self) -> int:
        """How many forecasts can be compared with what came."""
        return int(np.isfinite(self.actual).sum())

    def table(self) -> LevelSets:
        """Return the distribution of what came around a point."""
        known = np.isfinite(self.actual)
        if not known.any():
            return LevelSets.poisson()
        return LevelSets.fit(self.forecast[known], self.actual[known], len(self.forecast))


@dataclass(frozen=True)
class ForecastMethod:
    """Points, and the distribution around them."""

    points: PointForecaster
    table: LevelSets

    def read(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Return (n, H) points and (n, H) means of what is expected."""
        point = np.maximum(self.points.points(panel), 0)
        return point, self.table.mean(point)

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        points = {_POINTS + name: text for name, text in self.points.to_files().items()}
        return {FILE: json.dumps(self.table.to_json())} | points

    @classmethod
    def from_files(
        cls, files: Files, points: Callable[[Files, int], PointForecaster], horizon: int
    ) -> Self:
        """Build it from what `to_files` gave; `points` builds the points from theirs."""
        table = LevelSets.from_json(json.loads(files[FILE]))
        return cls(points(part(files, _POINTS), horizon), table)


def part(files: Files, prefix: str) -> Files:
    """Return the files whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): text for k, text in files.items() if k.startswith(prefix)}


def fit_way(panel: Panel, horizon: int, fit: Callable[[Panel], PointForecaster]) -> ForecastMethod:
    """Fit on the past, see how far off it is on what came, and fit again on everything."""
    cuts = calibration_cuts(panel, horizon)
    if not cuts:
        return ForecastMethod(fit(panel), LevelSets.poisson())
    held = hold_out(fit(panel.until(cuts[0])), panel, horizon, came)
    return ForecastMethod(fit(panel), held.table())


def hold_out(
    points: PointForecaster,
    panel: Panel,
    horizon: int,
    actual: Callable[[Panel, int, int], np.ndarray],
) -> PastForecasts:
    """Return forecasts at the cut-offs of calibration, and what came.

    Args:
        points: Make the forecasts.
        panel: The series; of very many, some.
        horizon: Periods ahead.
        actual: Returns of a panel, a cut-off and a horizon what came, as `came` does.
    """
    cuts = calibration_cuts(panel, horizon)
    most = max(MOST_HELD_OUT // (max(len(cuts), 1) * horizon), 1)
    shown = panel.take(slice(None, None, -(-panel.series // most)))
    shape = (len(cuts), shown.series, horizon)
    forecast, units = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for place, cut in enumerate(cuts):
        forecast[place] = np.maximum(points.points(shown.until(cut)), 0)
        units[place] = actual(shown, cut, horizon)
    return PastForecasts(forecast, units)


def came(panel: Panel, cut: int, horizon: int) -> np.ndarray:
    """Return (n, H) what was demanded after a cut-off, silence after the last life sign as none.

    NaN where it was not observed wholly in stock, and where the series had hardly begun or had
    shown no sign of life for long: whether a target counts must not hang on later sales.
    """
    rhythm = RHYTHMS[panel.grain]
    actual = np.full((panel.series, horizon), np.nan, np.float32)
    units = silent_after_life(panel.units)[:, cut : cut + horizon]
    whole = panel.in_stock[:, cut : cut + horizon] >= FULLY_IN_STOCK
    actual[:, : units.shape[1]] = np.where(whole, units, np.float32(np.nan))
    seen = np.isfinite(panel.units[:, :cut])
    begun = seen.sum(1) >= rhythm.fewest
    alive = seen[:, max(cut - rhythm.level, 0) :].any(1)
    actual[~(begun & alive)] = np.nan
    return actual


def calibration_cuts(panel: Panel, horizon: int) -> list[int]:
    """Return up to `MOST_CUTS` cut-offs, the last one a horizon before the panel's end.

    They are spread over a horizon, and not over a few days: forecasts of one time are all wrong in
    the same direction. Of earlier ones the model would be older than the one that is used.
    """
    middle = panel.length // 2
    last = max(panel.length - horizon, middle)
    first = max(last - max(horizon, RHYTHMS[panel.grain].windows[SPAN]), middle)
    return [int(cut) for cut in np.unique(np.linspace(first, last, MOST_CUTS).astype(int)) if cut]
