"""The chance that an exception ends harmed, and the curve of harm if it is left open.

Two views of `p_breach` are averaged: a booster taught by *soft* labels (a resolved exception counts
with the chance that its resolution time is too late, an open one with the chance given that it has
lasted so long), and the resolution-time hazard read through the breach clock. Labels known as yet
are those of quick cases; neither view takes the slow ones for harmless.
"""

from typing import Self

import numpy as np

from data.domain import Json
from data.ticks import MISSING_TICK, MS_PER_HOUR
from features.engine.feature_set import Columns
from models.boosters import Booster, TreeSettings
from models.estimator import Batch, Files, ModelState
from models.loss_curve import CURVE_AGES_HOURS
from models.triage.breach_label import BreachByLateness
from models.triage.platt import PlattScaling
from models.triage.resolve_time import EDGES_HOURS

SETTINGS = TreeSettings(
    rounds=150, learning_rate=0.04, leaves=15, smallest_leaf=40, columns_share=0.3
)
_WITHIN = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
_LOG_EDGES = np.log1p(EDGES_HOURS)
_POINTS = np.expm1(_LOG_EDGES[:-1, None] + _WITHIN * np.diff(_LOG_EDGES)[:, None]).ravel()
"""Hours at which each interval of the time to resolve is read, five to an interval."""
GROUP_COLUMN = "severity"
UNCALIBRATED = PlattScaling()


def due_hours(columns: Columns) -> np.ndarray:
    """Return hours from detection to the deadline, NaN where none is known."""
    due, detected = columns["due_at"], columns["detected_at"]
    has_due = due != MISSING_TICK
    return np.where(has_due, (np.where(has_due, due, 0) - detected) / MS_PER_HOUR, np.nan)


def breach_groups(columns: Columns) -> np.ndarray:
    """Return the group of the breach clock: the severity as raised."""
    return np.array(["" if s is None else s for s in columns[GROUP_COLUMN]], object)


class BreachRisk:
    """Soft-label booster and breach clock.

    Args:
        trees: Chance of ending harmed; None for the baseline, the rate of all.
        breach_label: Chance of a breach by the time to resolve.
        rate: Weighted mean of the soft labels.
        calibration: Puts the chances of the trees right, where they were recalibrated.
    """

    def __init__(
        self,
        trees: Booster | None,
        breach_label: BreachByLateness,
        rate: float,
        calibration: PlattScaling = UNCALIBRATED,
    ) -> None:
        self.trees, self.breach_label, self.rate, self.calibration = (
            trees,
            breach_label,
            rate,
            calibration,
        )
        self.kind = "soft-label boosted trees + hazard" if trees else "one rate for all"

    def baseline(self) -> "BreachRisk":
        """Return the same without trees: the rate of all."""
        return BreachRisk(None, self.breach_label, self.rate)

    @classmethod
    def fit(
        cls,
        rows: Batch,
        soft_label: np.ndarray,
        breach_label: BreachByLateness,
        words: list[int],
        weight: np.ndarray,
    ) -> Self:
        """Fit on n soft labels of 0 to 1."""
        trees = Booster.fit(
            rows.matrix.table,
            soft_label,
            SETTINGS,
            weight=weight,
            words=words,
            objective="cross_entropy",
        )
        return cls(trees, breach_label, float(np.average(soft_label, weights=weight)))

    def predict(self, rows: Batch, resolve_mass: np.ndarray) -> np.ndarray:
        """Return n chances of ending harmed.

        Args:
            rows: n subjects.
            resolve_mass: (n, 16) from the model of the time to resolve.
        """
        if self.trees is None:
            return np.full(rows.n, self.rate)
        taught = self.trees.predict(rows.matrix)[:, 0]
        through = breach_by_resolve_time(self.breach_label, rows.columns, resolve_mass)
        return self.calibration.apply((taught + through) / 2)

    def curve(self, columns: Columns) -> np.ndarray:
        """Return (n, 11) chances of harm if left open to each of `CURVE_AGES_HOURS`."""
        ages = np.tile(CURVE_AGES_HOURS, (len(columns["due_at"]), 1))
        return self.breach_label.chance(breach_groups(columns), ages, due_hours(columns))

    def to_json(self) -> ModelState:
        """Return plain values and the booster."""
        files = {"trees.txt": self.trees.to_text()} if self.trees else {}
        plain = {"clock": self.breach_label.to_json(), "rate": self.rate}
        return ModelState(plain | {"calibration": self.calibration.to_json()}, files)

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        trees = Booster.from_text(files["trees.txt"]) if "trees.txt" in files else None
        calibration = PlattScaling(**values.get("calibration", {}))
        return cls(trees, BreachByLateness.from_json(values["clock"]), values["rate"], calibration)


def breach_by_resolve_time(
    breach_label: BreachByLateness, columns: Columns, mass: np.ndarray
) -> np.ndarray:
    """Return n chances of a breach for (n, 16) chances of being resolved in each interval."""
    hours = np.tile(_POINTS, (len(mass), 1))
    chance = breach_label.chance(breach_groups(columns), hours, due_hours(columns))
    by_interval = chance.reshape(len(mass), len(EDGES_HOURS) - 1, len(_WITHIN)).mean(axis=2)
    return (mass * by_interval).sum(axis=1)
