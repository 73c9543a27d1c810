"""Plain LightGBM on raw columns for demand: what anybody would try first; and one constant.

Nine direct quantile boosters for all series read the last values of a series, how many periods
ahead, the calendar, the codes of SKU, site and attributes, and nothing that is computed from them.
It is tuned with care: leaves and scale on the median of the first cut-off, rounds of each quantile
at each cut-off, always on the last horizon that was known. Rows weigh as SPL weighs them.
"""

import time
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.demand.grain import Grain
from features.demand.panel import Panel
from models.demand.level_sets import M5_PROBABILITIES
from training.demand.scores import mean_step

LAGS = {Grain.DAY: 28, Grain.WEEK: 53, Grain.MONTH: 13}
LEAVES, SCALED = (7, 31), (False, True)
MIN_PERIODS_BEFORE = 3
MAX_ROWS = 40_000
MIN_STEP_QUANTILE = 0.05
"""Steps of quieter series count as that one: a few of them would weigh more than all."""
MAX_ROUNDS, PATIENCE_ROUNDS = 200, 10
PARAMS = {
    "objective": "quantile",
    "learning_rate": 0.1,
    "seed": 7,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True)
class PlainSettings:
    """Settings that are chosen on the first cut-off.

    Attributes:
        leaves: Of each tree.
        scaled: Whether units are divided by the mean of the values that are read.
    """

    leaves: int
    scaled: bool


@dataclass(frozen=True)
class _Targets:
    """Targets at one or more origins of a panel.

    Attributes:
        table: (n, columns) raw columns.
        scale: (n,) what units are divided by.
        weight: (n,) weight of a unit of loss: 1 over the mean step of the series, as SPL has it.
        units: (n,) actual units, NaN where not known.
    """

    table: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    units: np.ndarray

    def known(self) -> "_Targets":
        """Return those whose units are known, a random `MAX_ROWS` of them at most."""
        rows = np.flatnonzero(np.isfinite(self.units))
        if len(rows) > MAX_ROWS:
            rows = np.sort(np.random.default_rng(7).choice(rows, MAX_ROWS, replace=False))
        return _Targets(
            self.table[rows], self.scale[rows], self.weight[rows], units=self.units[rows]
        )


def settings_of(panel: Panel, horizon: int) -> PlainSettings:
    """Choose leaves and scale by the scaled loss of the median on the last known horizon."""
    losses = {}
    for scaled in SCALED:
        learned, newest = _parts(panel, horizon, scaled=scaled)
        for leaves in LEAVES:
            booster = _early_stopped(panel, learned, newest, leaves, probability=0.5)
            error = newest.units - booster.predict(newest.table, num_threads=1) * newest.scale
            loss = np.average(np.abs(error), weights=newest.weight)
            losses[PlainSettings(leaves, scaled)] = float(loss)
    return min(losses, key=lambda own: losses[own])


def plain_forecast(panel: Panel, horizon: int, settings: PlainSettings) -> dict[str, np.ndarray]:
    """Return quantiles (n, H, 9), their mean, and the seconds of processor time."""
    began = time.process_time()
    learned, newest = _parts(panel, horizon, scaled=settings.scaled)
    both = _joined([learned, newest])
    asked = _targets(panel, panel.length, horizon, scaled=settings.scaled)
    columns = []
    for probability in M5_PROBABILITIES:
        tried = _early_stopped(panel, learned, newest, settings.leaves, probability=probability)
        booster = lgb.train(
            {**PARAMS, "num_leaves": settings.leaves, "alpha": probability},
            _data(panel, both),
            num_boost_round=max(tried.best_iteration, 1),
        )
        columns.append(booster.predict(asked.table, num_threads=1) * asked.scale)
    shape = (panel.series, horizon, len(M5_PROBABILITIES))
    quantiles = np.sort(np.maximum(np.stack(columns, axis=1), 0.0), axis=1).reshape(shape)
    seconds = np.array(time.process_time() - began)
    return {"quantiles": quantiles, "mean": quantiles.mean(axis=2), "seconds": seconds}


def constant_forecast(panel: Panel, horizon: int) -> dict[str, np.ndarray]:
    """Return one distribution for each series: the quantiles of all that it sold in a period."""
    began = time.process_time()
    past = panel.demanded()
    past[~np.isfinite(past).any(axis=1), 0] = 0.0
    own = np.nanquantile(past, M5_PROBABILITIES, axis=1).T
    quantiles = np.repeat(own[:, None, :], horizon, axis=1)
    mean = np.repeat(np.nanmean(past, axis=1)[:, None], horizon, axis=1)
    return {"quantiles": quantiles, "mean": mean, "seconds": np.array(time.process_time() - began)}


def _parts(panel: Panel, horizon: int, *, scaled: bool) -> tuple[_Targets, _Targets]:
    """Return the targets of all earlier origins, and those of the last known horizon."""
    last = panel.length - horizon
    ends = range(last - horizon, MIN_PERIODS_BEFORE, -horizon)
    earlier = [_targets(panel, end, horizon, scaled=scaled).known() for end in ends]
    return _joined(earlier).known(), _targets(panel, last, horizon, scaled=scaled).known()


def _joined(parts: list[_Targets]) -> _Targets:
    names = ("table", "scale", "weight", "units")
    return _Targets(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _targets(panel: Panel, end: int, horizon: int, *, scaled: bool) -> _Targets:
    """Return the n x horizon targets after a column, a row each, series by series."""
    past, lags = panel.demanded(), LAGS[panel.grain]
    before = past[:, max(end - lags, 0) : end]
    missing = np.full((panel.series, lags - before.shape[1]), np.nan)
    before = np.hstack([missing, before])
    filled, counted = np.nan_to_num(before).sum(axis=1), np.isfinite(before).sum(axis=1)
    mean = filled / np.maximum(counted, 1)
    scale = np.where(mean > 0, mean, 1.0) if scaled else np.ones(panel.series)
    dates = pd.DatetimeIndex(panel.until(end).next_periods(horizon))
    calendar = np.stack(
        [np.arange(horizon), dates.dayofweek, dates.day, dates.month, dates.isocalendar().week],
        axis=1,
    ).astype(np.float64)
    table = np.hstack(
        [
            np.repeat(_codes(panel), horizon, axis=0),
            np.tile(calendar, (panel.series, 1)),
            np.repeat(before / scale[:, None], horizon, axis=0),
        ]
    )
    units = np.full((panel.series, horizon), np.nan)
    known = past[:, end : end + horizon]
    units[:, : known.shape[1]] = known
    step = mean_step(past[:, :end], 1)
    weight = 1 / np.maximum(step, np.nanquantile(step, MIN_STEP_QUANTILE))
    return _Targets(
        table,
        np.repeat(scale, horizon),
        np.repeat(np.nan_to_num(weight), horizon),
        units=units.ravel(),
    )


def _codes(panel: Panel) -> np.ndarray:
    texts = [panel.sku, panel.site, *panel.attributes.values()]
    return np.stack([pd.factorize(own)[0] for own in texts], axis=1).astype(np.float64)


def _data(panel: Panel, targets: _Targets, **more: object) -> lgb.Dataset:
    words = list(range(2 + len(panel.attributes)))
    label = targets.units / targets.scale
    weight = targets.weight * targets.scale
    return lgb.Dataset(
        targets.table, label, weight=weight, categorical_feature=words, free_raw_data=False, **more
    )


def _early_stopped(
    panel: Panel, learned: _Targets, newest: _Targets, leaves: int, *, probability: float
) -> lgb.Booster:
    fitted = _data(panel, learned)
    return lgb.train(
        {**PARAMS, "num_leaves": leaves, "alpha": probability},
        fitted,
        num_boost_round=MAX_ROUNDS,
        valid_sets=[_data(panel, newest, reference=fitted)],
        callbacks=[lgb.early_stopping(PATIENCE_ROUNDS, verbose=False)],
    )
