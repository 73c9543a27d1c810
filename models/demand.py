"""The forecaster of demand: a point for every series and period, made into a distribution.

What makes the point is interchangeable; what makes it a distribution is not: forecasts held out
from the end of the panel say how far off the points are.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from data.domain import Grain, UnknownChoiceError
from features.demand_panel import Panel
from features.demand_windows import RHYTHMS
from models.contract import Files
from models.demand_average import Average, SeasonalNaive
from models.demand_calibration import Calibration, HeldOut
from models.demand_trees import DemandTrees
from models.forecast import Forecast

METHODS = ("trees", "average", "seasonal_naive")
BUNDLE_FILE = "demand.json"
MOST_HELD_OUT = 20_000  # series; more teach a table of a hundred ratios nothing


class Points(Protocol):
    """Anything that gives a point for each series and period ahead."""

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        ...

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        ...


@dataclass(frozen=True)
class Way:
    """One way to forecast: points, and the distribution around them."""

    points: Points
    calibration: Calibration


class Demand:
    """A fitted forecaster.

    Args:
        grain: How long a period is.
        horizon: How many periods are forecast.
        ways: By name, the one that was asked for first; the last one serves any series.
    """

    def __init__(self, grain: Grain, horizon: int, ways: dict[str, Way]) -> None:
        self.grain, self.horizon, self.ways = grain, horizon, ways

    @classmethod
    def fit(cls, panel: Panel, horizon: int, *, method: str = "trees", seed: int = 7) -> Self:
        """Fit on all of a panel.

        Args:
            panel: As known at the moment of which the forecasts will be.
            horizon: How many periods are forecast.
            method: One of `METHODS`. Series that it can't serve fall back to the average.
            seed: Of all that is drawn.
        """
        if method not in METHODS:
            raise UnknownChoiceError("method", method, METHODS)
        ways = {}
        if method == "trees" and DemandTrees.can_learn(panel, horizon):
            ways["trees"] = _way(
                panel, horizon, lambda past: DemandTrees.fit(past, horizon, seed=seed)
            )
        if method == "seasonal_naive":
            ways["seasonal_naive"] = _way(panel, horizon, lambda _: SeasonalNaive(horizon))
        ways["average"] = _way(panel, horizon, lambda past: Average.fit(past, horizon))
        return cls(panel.grain, horizon, ways)

    def forecast(self, panel: Panel) -> Forecast:
        """Return the forecast of the periods after the panel's end, for every series."""
        way = self._way_of(panel)
        point = np.zeros((panel.series, self.horizon), np.float32)
        mean, table = np.zeros_like(point), np.zeros(point.shape, np.uint8)
        tables = []
        for name, one in self.ways.items():
            rows = np.flatnonzero(way == name)
            if len(rows):
                found = np.maximum(one.points.points(panel.take(rows)), 0)
                codes, mean[rows] = one.calibration.read(found)
                point[rows], table[rows] = found, codes + len(tables)
            tables += one.calibration.tables
        first = next(iter(self.ways.values())).calibration
        return Forecast(
            grain=self.grain,
            periods=panel.next_periods(self.horizon),
            sku=panel.sku,
            site=panel.site,
            mean=mean,
            point=point,
            table=table,
            tables=tables,
            method=way,
            dependence=first.dependence,
            common=first.common,
        )

    def _way_of(self, panel: Panel) -> np.ndarray:
        """Return (n,) names of the way that serves each series."""
        first, last = next(iter(self.ways)), list(self.ways)[-1]
        observed = (np.isfinite(panel.units) & (panel.in_stock > 0)).sum(1)
        return np.where(observed >= RHYTHMS[self.grain].fewest, first, last)

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        files = {}
        plain = {"grain": self.grain, "horizon": self.horizon, "ways": {}}
        for name, way in self.ways.items():
            plain["ways"][name] = way.calibration.to_json()
            files |= {f"{name}.{file}": text for file, text in way.points.to_files().items()}
        return {BUNDLE_FILE: json.dumps(plain)} | files

    @classmethod
    def from_files(cls, files: Files) -> Self:
        """Build it from what `to_files` gave."""
        plain = json.loads(files[BUNDLE_FILE])
        ways = {}
        for name, calibration in plain["ways"].items():
            prefix = f"{name}."
            own = {k.removeprefix(prefix): v for k, v in files.items() if k.startswith(prefix)}
            points = KINDS[name].from_files(own, plain["horizon"])
            ways[name] = Way(points, Calibration.from_json(calibration))
        return cls(Grain(plain["grain"]), plain["horizon"], ways)


KINDS = {"trees": DemandTrees, "average": Average, "seasonal_naive": SeasonalNaive}


def calibration_cuts(length: int, horizon: int) -> list[int]:
    """Return up to three cut-offs of which most of the horizon has come.

    They are days apart, since forecasts of one day are all wrong in the same direction.
    """
    last = max(length - horizon, length // 2)
    steps = {0, -(-horizon // 4), -(-horizon // 2)}
    return sorted(cut for cut in {last - step for step in steps} if cut >= max(length // 3, 1))


def _way(panel: Panel, horizon: int, fit: Callable[[Panel], Points]) -> Way:
    """Fit on the past, see how far off it is on what came, and fit again on everything."""
    cuts = calibration_cuts(panel.length, horizon)
    if not cuts:
        return Way(fit(panel), Calibration.unknown(horizon))
    points = fit(panel.until(min(cuts)))
    step = -(-panel.series // MOST_HELD_OUT)
    shown = panel.take(slice(None, None, step))
    held = [_held_out(points, shown, cut, horizon) for cut in cuts]
    forecast, actual = (np.stack(each) for each in zip(*held, strict=True))
    return Way(fit(panel), Calibration.fit(HeldOut(forecast, actual)))


def _held_out(
    points: Points, panel: Panel, cut: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, H) points of a cut-off and what came, NaN where the series can't be judged."""
    actual = np.full((panel.series, horizon), np.nan, np.float32)
    came = panel.demanded()[:, cut : cut + horizon]
    actual[:, : came.shape[1]] = came
    past = panel.until(cut)
    begun = np.isfinite(past.units).sum(1) >= RHYTHMS[panel.grain].fewest
    actual[~begun] = np.nan
    return np.maximum(points.points(past), 0), actual
