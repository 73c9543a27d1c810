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
from models.demand_spread import CELLS_A_GROUP, Spread, spread_state
from models.demand_trees import DemandTrees
from models.forecast import Forecast
from models.level_sets import LOWEST_LEVEL

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
    spread: Spread | None = None

    def read(self, panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (n, H) points, (n, H) means and the (n,) tables that they are read in."""
        point = np.maximum(self.points.points(panel), 0)
        group = np.zeros(panel.series, np.uint8)
        if self.spread is not None:
            level = point.mean(1)
            group = self.spread.groups(spread_state(panel, panel.length, level), level)
        return point, self.calibration.mean(point, group), group


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
                point[rows], mean[rows], code = one.read(panel.take(rows))
                table[rows] = code[:, None] + len(tables)
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
    spread, group = _spread(shown, cuts, forecast, actual)
    return Way(fit(panel), Calibration.fit(HeldOut(forecast, actual, group)), spread)


def _spread(
    panel: Panel, cuts: list[int], forecast: np.ndarray, actual: np.ndarray
) -> tuple[Spread | None, np.ndarray]:
    """Return what sorts series into groups, and (K, n) the groups of the held-out forecasts."""
    group = np.zeros(forecast.shape[:2], np.uint8)
    known = np.isfinite(actual)
    judged = known.any(2)
    if known.sum() < 2 * CELLS_A_GROUP:
        return None, group
    level = forecast.mean(2)
    state = [spread_state(panel.until(c), c, at) for c, at in zip(cuts, level, strict=True)]
    far = np.where(known, np.abs(actual - forecast), 0).sum(2)
    expected = np.where(known, forecast, 0).sum(2)
    strayed = far[judged] / np.maximum(expected[judged], LOWEST_LEVEL)
    series = np.broadcast_to(np.arange(panel.series), judged.shape)[judged]
    spread, group[judged] = Spread.fit(
        np.stack(state)[judged], level[judged], strayed, series, int(known.sum())
    )
    return spread, group


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
