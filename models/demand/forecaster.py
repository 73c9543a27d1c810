"""The forecaster of demand: a point for every series and period, made into a distribution.

What makes the point is interchangeable; what makes it a distribution is not: forecasts held out
from the end of the panel say how far off the points are.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import numpy as np

from data.domain import Grain, UnknownChoiceError
from features.demand.panel import Panel
from features.demand.running_totals import silent_after_life
from features.demand.stock_exposure import exposed, exposure_power
from features.demand.windows import RHYTHMS
from models.demand.blend import BlendedDemand
from models.demand.boosted import BoostedDemand
from models.demand.error_copula import ErrorCopula
from models.demand.forecast import Forecast
from models.demand.launch_curve import LaunchCurves, held_out_launches
from models.demand.method import (
    ForecastMethod,
    PointForecaster,
    calibration_cuts,
    came,
    fit_way,
    hold_out,
    part,
)
from models.demand.moving_average import MovingAverage, SeasonalNaive
from models.estimator import Files

METHODS = ("trees", "average", "seasonal_naive")
BUNDLE_FILE = "demand.json"
SALES_MISSED = 6.0  # at its usual rate, one silence in 400 that lasts so long is by chance
FEWEST_JUDGED = 400  # cells that a calibration of its own is worth


class DemandForecaster:
    """A fitted forecaster.

    Args:
        grain: How long a period is.
        horizon: How many periods are forecast.
        ways: By name, the one that was asked for first. "average" serves any series.
        joint: How errors hang together.
        power: Of the share in stock, as of `features.demand.stock_exposure`.
    """

    def __init__(
        self,
        grain: Grain,
        horizon: int,
        *,
        ways: dict[str, ForecastMethod],
        joint: ErrorCopula,
        power: float,
    ) -> None:
        self.grain, self.horizon, self.ways = grain, horizon, ways
        self.joint, self.power = joint, power

    @classmethod
    def fit(cls, panel: Panel, horizon: int, *, method: str = "trees", seed: int = 7) -> Self:
        """Fit on all of a panel.

        Args:
            panel: As known at the moment of which the forecasts will be.
            horizon: How many periods are forecast.
            method: One of `METHODS`. Series that it can't serve fall back to others.
            seed: Of all that is drawn.
        """
        if method not in METHODS:
            raise UnknownChoiceError("method", method, METHODS)
        power = exposure_power(panel)
        panel = exposed(panel, power)
        makers: dict[str, Callable[[Panel], PointForecaster]] = {}
        planned = panel.price is not None and panel.price.shape[1] >= panel.length + horizon
        held_out_from = min(calibration_cuts(panel, horizon), default=panel.length)
        if method == "trees" and BoostedDemand.can_learn(panel.until(held_out_from)):
            makers["trees"] = lambda past: BlendedDemand.fit(
                past, horizon, seed=seed, planned=planned
            )
        if method == "seasonal_naive":
            makers["seasonal_naive"] = lambda _: SeasonalNaive(horizon)
        makers["average"] = lambda past: MovingAverage.fit(past, horizon)
        ways = {name: fit_way(panel, horizon, maker) for name, maker in makers.items()}
        ways |= _special_ways(panel, horizon)
        joint = ErrorCopula.fit(panel, horizon)
        return cls(panel.grain, horizon, ways=ways, joint=joint, power=power)

    def forecast(self, panel: Panel) -> Forecast:
        """Return the forecast of the periods after the panel's end, for every series.

        Series are seen beside the others of the panel: trends of groups are those of the panel.
        """
        panel = exposed(panel, self.power)
        method = self._method_of(panel)
        point = np.zeros((panel.series, self.horizon), np.float32)
        mean, table = np.zeros_like(point), np.zeros(point.shape, np.uint8)
        for code, (name, way) in enumerate(self.ways.items()):
            rows = np.flatnonzero(method == name)
            if len(rows):
                point[rows], mean[rows] = way.read(panel.take(rows))
                table[rows] = code
        return Forecast(
            grain=self.grain,
            periods=panel.next_periods(self.horizon),
            sku=panel.sku,
            site=panel.site,
            mean=mean,
            point=point,
            table=table,
            tables=[way.table for way in self.ways.values()],
            method=method,
            dependence=self.joint.dependence,
            common=self.joint.common,
        )

    def _method_of(self, panel: Panel) -> np.ndarray:
        """Return (n,) names of the way that serves each series."""
        first = next(iter(self.ways))
        observed = (np.isfinite(panel.units) & (panel.in_stock > 0)).sum(1)
        method = np.full(panel.series, first, object)
        if DYING in self.ways:
            method[dying(panel)] = DYING
        short = observed < RHYTHMS[self.grain].fewest
        method[short] = LAUNCH if LAUNCH in self.ways else "average"
        return method.astype(str)

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        plain = {"grain": self.grain, "horizon": self.horizon, "power": self.power}
        plain |= {"ways": list(self.ways), **self.joint.to_json()}
        files = {BUNDLE_FILE: json.dumps(plain)}
        for name, way in self.ways.items():
            files |= {f"{name}.{file}": text for file, text in way.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Files) -> Self:
        """Build it from what `to_files` gave."""
        plain = json.loads(files[BUNDLE_FILE])
        horizon: int = plain["horizon"]
        ways = {
            name: ForecastMethod.from_files(
                part(files, f"{name}."), _KINDS[name].from_files, horizon
            )
            for name in plain["ways"]
        }
        joint = ErrorCopula.from_json(plain)
        return cls(Grain(plain["grain"]), horizon, ways=ways, joint=joint, power=plain["power"])


LAUNCH, DYING = "launch", "dying"
_KINDS = {
    "trees": BlendedDemand,
    "average": MovingAverage,
    "seasonal_naive": SeasonalNaive,
    DYING: MovingAverage,
    LAUNCH: LaunchCurves,
}


def dying(panel: Panel) -> np.ndarray:
    """Return (n,) which series have been silent for far longer than they usually are."""
    units = silent_after_life(panel.units)
    seen = np.isfinite(units) & (panel.in_stock > 0)
    sold = seen & (units > 0)
    last = panel.length - np.argmax(sold[:, ::-1], axis=1)
    later = np.arange(panel.length) >= last[:, None]
    silent = (seen & later).sum(1)
    often = sold.sum(1) / np.maximum((seen & ~later).sum(1), 1)
    long = silent >= RHYTHMS[panel.grain].windows[1]
    return sold.any(1) & long & (silent * often >= SALES_MISSED)


def _special_ways(panel: Panel, horizon: int) -> dict[str, ForecastMethod]:
    """Return the ways of series that have ended or hardly begun, where enough of them were seen."""
    ways = {}
    average = MovingAverage.fit(panel, horizon)
    ended = hold_out(average, panel, horizon, _came_dying)
    if ended.judged >= FEWEST_JUDGED:
        ways[DYING] = ForecastMethod(average, ended.table())
    begun = held_out_launches(panel, horizon)
    if begun.judged >= FEWEST_JUDGED:
        ways[LAUNCH] = ForecastMethod(LaunchCurves.fit(panel, horizon), begun.table())
    return ways


def _came_dying(panel: Panel, cut: int, horizon: int) -> np.ndarray:
    """Return (n, H) what came of series that were dying: nothing, where they did not live on."""
    actual = came(replace(panel, units=silent_after_life(panel.units)), cut, horizon)
    actual[~dying(panel.until(cut))] = np.nan
    return actual
