"""Demand forecaster: a distribution for every series and period.

A demand method gives the points; forecasts that are held out from the end of the panel show how
far off points are. Series that have hardly begun, have ended or hardly change are served by methods
of their own.
"""

import json
from functools import partial
from typing import Self

import numpy as np

from features.demand.closed_days import closed_periods
from features.demand.extremes import tamed
from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.stock_exposure import exposed, exposure_power
from models.demand.catalog import FALLBACK, by_name, lifecycle_methods, method_named
from models.demand.error_copula import ErrorCopula
from models.demand.forecast import Forecast
from models.demand.level_sets import LevelSets
from models.demand.lifecycle import launch
from models.demand.method import ForecastMethod, calibration_cuts, fit_method
from models.estimator import Files, files_of

BUNDLE_FILE = "demand.json"


class DemandForecaster:
    """A fitted forecaster.

    Args:
        grain: How long a period is.
        horizon: How many periods are forecast.
        methods: By name; the first serves all series that no other one is for.
        joint: Correlation of the errors.
        power: Of the share in stock, as of `features.demand.stock_exposure`.
    """

    def __init__(
        self,
        grain: Grain,
        horizon: int,
        *,
        methods: dict[str, ForecastMethod],
        joint: ErrorCopula,
        power: float,
    ) -> None:
        self.grain, self.horizon, self.methods = grain, horizon, methods
        self.joint, self.power = joint, power

    @classmethod
    def fit(cls, panel: Panel, horizon: int, *, method: str = "trees", seed: int = 7) -> Self:
        """Fit on all of a panel.

        Args:
            panel: As known at the moment of which the forecasts will be.
            horizon: How many periods are forecast.
            method: `NAME` of a file of `models/demand/methods`. The fallback serves the series
                that it cannot serve.
            seed: Of all that is drawn.

        Raises:
            UnknownChoiceError: No method has this name.
        """
        chosen, panel = method_named(method), tamed(panel)
        power = exposure_power(panel)
        panel = exposed(panel, power)
        planned = panel.price is not None and panel.price.shape[1] >= panel.length + horizon
        held_out_from = min(calibration_cuts(panel, horizon), default=panel.length)
        files = {FALLBACK: method_named(FALLBACK)}
        if chosen.can_learn(panel.until(held_out_from)):
            files = {method: chosen} | files
        methods = {
            name: fit_method(
                panel, horizon, partial(file.fit, horizon=horizon, seed=seed, planned=planned)
            )
            for name, file in files.items()
        }
        for file in lifecycle_methods():
            if (fitted := file.fit(panel, horizon)) is not None:
                methods[file.NAME] = fitted
        joint = ErrorCopula.fit(panel, horizon)
        return cls(panel.grain, horizon, methods=methods, joint=joint, power=power)

    def forecast(self, panel: Panel) -> Forecast:
        """Return the forecast of the periods after the panel's end, for every series.

        Each series is forecast beside the others of the panel: trends of groups are the panel's,
        and so are the weekdays on which a site is closed. Nothing is demanded on these.
        """
        panel = exposed(tamed(panel), self.power)
        serving = self._method_of(panel)
        point = np.zeros((panel.series, self.horizon), np.float32)
        mean, table = np.zeros_like(point), np.zeros(point.shape, np.uint8)
        for code, (name, method) in enumerate(self.methods.items()):
            rows = np.flatnonzero(serving == name)
            if len(rows):
                point[rows], mean[rows] = method.read(panel.take(rows))
                table[rows] = code
        tables = [method.table for method in self.methods.values()]
        closed = closed_periods(panel, self.horizon)
        if closed.any():
            point[closed], mean[closed], table[closed] = 0, 0, len(tables)
            tables.append(LevelSets.nothing())
        return Forecast(
            grain=self.grain,
            periods=panel.next_periods(self.horizon),
            sku=panel.sku,
            site=panel.site,
            mean=mean,
            point=point,
            table=table,
            tables=tables,
            method=serving,
            dependence=self.joint.dependence,
            common=self.joint.common,
        )

    def _method_of(self, panel: Panel) -> np.ndarray:
        """Return (n,) names of the method that serves each series."""
        serving = np.full(panel.series, next(iter(self.methods)), object)
        for file in lifecycle_methods():
            if file.NAME in self.methods:
                serving[file.serves(panel)] = file.NAME
        if launch.NAME not in self.methods:
            serving[launch.serves(panel)] = FALLBACK
        return serving.astype(str)

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        plain = {"grain": str(self.grain), "horizon": self.horizon, "power": self.power}
        plain |= {"ways": list(self.methods), **self.joint.to_json()}
        files = {BUNDLE_FILE: json.dumps(plain)}
        for name, method in self.methods.items():
            files |= {f"{name}.{file}": text for file, text in method.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Files) -> Self:
        """Build it from the texts of `to_files`."""
        plain = json.loads(files[BUNDLE_FILE])
        horizon: int = plain["horizon"]
        methods = {
            name: ForecastMethod.from_files(
                files_of(files, f"{name}."), by_name()[name].from_files, horizon
            )
            for name in plain["ways"]
        }
        joint = ErrorCopula.from_json(plain)
        grain = Grain.parse(plain["grain"])
        return cls(grain, horizon, methods=methods, joint=joint, power=plain["power"])
