"""Launch curves by attributes: what a SKU is says how much of it will sell before any was sold.

The curve of all launches gives the shape by age. Boosted trees give its level for each series, a
factor, by all words and numbers of the SKU and its site together. They serve only where they were
better than the curves of `launch` on later launches.
"""

import json
from typing import Self

import numpy as np

from features.demand.attributes import AttributeColumns
from features.demand.panel import Panel
from models.boosters import Booster, TreeSettings
from models.demand.boosted import TWEEDIE_POWER
from models.demand.lifecycle import launch
from models.demand.lifecycle.launch import (
    MIN_FORECASTS_TO_CALIBRATE,
    LaunchCurves,
    LaunchModel,
    held_out_launches,
    launches,
    units_by_age,
)
from models.demand.method import ForecastMethod
from models.estimator import Files

NAME = "launch_attributes"
WORDS = "new: as others with the like attributes began"
SETTINGS = TreeSettings(
    rounds=200, learning_rate=0.05, leaves=8, smallest_leaf=5, columns_share=1.0, l2=1.0
)
# Launches are few: by LightGBM's own values (100 rows, 10, 10) some dozen vendors would be one.
MIN_ROWS_OF_A_WORD, WORD_SMOOTHING, WORD_L2 = 5, 2.0, 1.0
MIN_LAUNCHES_TO_LEARN, MIN_LAUNCHES_TO_JUDGE = 60, 30
JUDGED_SHARE = 0.4  # the last launches, which judge
MIN_STANDARD_ERRORS = 1.64  # of the loss that is saved, so that 19 of 20 gains by chance fail
TREES_FILE, CURVE_FILE = "factors.txt", "curve.json"


class AttributeLaunches(LaunchModel):
    """Launch curves whose level follows the attributes.

    Args:
        horizon: Periods ahead.
        curve: (A,) units of all launches by age.
        columns: The attributes that are read.
        booster: The factor of a series by its attributes.
    """

    def __init__(
        self, horizon: int, curve: np.ndarray, columns: AttributeColumns, booster: Booster
    ) -> None:
        self.horizon, self.curve = horizon, curve
        self.columns, self.booster = columns, booster

    @classmethod
    def learned_from(cls, panel: Panel, units: np.ndarray, horizon: int) -> Self:
        """Learn from (n, A) units by age of the n series of a panel."""
        curve = LaunchCurves.learned_from(panel, units, horizon).curve
        observed = np.isfinite(units)
        expected = np.where(observed, curve, 0).sum(1)
        sold = np.where(observed, units, 0).sum(1)
        learned = np.flatnonzero(expected > 0)
        columns = AttributeColumns.of(panel)
        booster = Booster.fit(
            columns.table(panel)[learned],
            sold[learned] / expected[learned],
            SETTINGS,
            weight=expected[learned] / expected[learned].mean(),
            words=columns.word_columns,
            objective="tweedie",
            tweedie_variance_power=TWEEDIE_POWER,
            min_data_per_group=MIN_ROWS_OF_A_WORD,
            cat_smooth=WORD_SMOOTHING,
            cat_l2=WORD_L2,
        )
        return cls(horizon, curve, columns, booster)

    def curves(self, panel: Panel) -> np.ndarray:
        """Return (n, A) the launch curve of each series."""
        factor = self.booster.predict_table(self.columns.table(panel))[:, 0]
        return factor[:, None] * self.curve

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        plain = {"curve": self.curve.tolist(), "columns": self.columns.to_json()}
        return {CURVE_FILE: json.dumps(plain), TREES_FILE: self.booster.to_text()}


def serves(panel: Panel) -> np.ndarray:
    """Return (n,) whether too few periods of a series were observed in stock for other methods."""
    return launch.serves(panel)


def fit(panel: Panel, horizon: int) -> ForecastMethod | None:
    """Fit the factors and their errors; None where they are no better than the curves."""
    if not AttributeColumns.of(panel).say_more_than_site or not _is_better(panel, horizon):
        return None
    past = held_out_launches(panel, horizon, AttributeLaunches.learned_from)
    if past.comparable < MIN_FORECASTS_TO_CALIBRATE:
        return None
    return ForecastMethod(AttributeLaunches.fit(panel, horizon), past.table())


def from_files(files: Files, horizon: int) -> AttributeLaunches:
    """Build it from the texts of `to_files`."""
    plain = json.loads(files[CURVE_FILE])
    columns = AttributeColumns.from_json(plain["columns"])
    booster = Booster.from_text(files[TREES_FILE])
    return AttributeLaunches(horizon, np.array(plain["curve"]), columns, booster)


def _is_better(panel: Panel, horizon: int) -> bool:
    """Return whether earlier launches tell the level of later ones better than the curves do."""
    rows = launches(panel)
    began = np.isfinite(panel.units[rows]).argmax(1)
    cut = int(np.quantile(began, 1 - JUDGED_SHARE)) if len(rows) else 0
    later = rows[began >= cut]
    past = panel.until(cut)
    if cut < 1 or len(launches(past)) < MIN_LAUNCHES_TO_LEARN:
        return False
    units = units_by_age(panel, later, horizon)[:, :horizon]
    judged = np.isfinite(units).any(1)
    if judged.sum() < MIN_LAUNCHES_TO_JUDGE:
        return False
    subjects = panel.take(later[judged])
    curves, factors = (
        _losses(learned.fit(past, horizon).curves(subjects)[:, :horizon], units[judged])
        for learned in (LaunchCurves, AttributeLaunches)
    )
    saved = curves - factors
    return bool(saved.mean() > MIN_STANDARD_ERRORS * saved.std() / np.sqrt(len(saved)))


def _losses(forecast: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return (n,) mean Tweedie loss of each series, in the terms that a forecast can change."""
    observed, mean = np.isfinite(units), np.maximum(forecast, 1e-6)
    power = TWEEDIE_POWER
    loss = mean ** (2 - power) / (2 - power) - units * mean ** (1 - power) / (1 - power)
    return np.where(observed, loss, 0).sum(1) / observed.sum(1)
