"""Hours from detection to resolution: a discrete-time hazard, so that open exceptions count too.

Time is cut into the intervals of a `TimeGrid`; one booster gives the chance that an exception which
is still open at the begin of an interval is resolved in it. Those still open when the model is
fitted are censored: they enter with the intervals that they have outlived, and a part of the
present one.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from data.domain import Json
from models.boosters import Booster, TreeSettings
from models.estimator import Batch, Files, ModelState
from models.time_grid import INTERVALS, ResolveChances, TimeGrid

MAX_TRAINING_ROWS = 600_000
SETTINGS = TreeSettings(rounds=100, learning_rate=0.08, leaves=31, smallest_leaf=40)
_CHUNK_ROWS = 16_384
_FIRST_GRID = TimeGrid(
    np.array([0, 0.1, 0.25, 1, 4, 12, 24, 48, 72, 96, 114, 144, 192, 288, 480, 960, 3000], float)
)
"""The grid of champions that were stored before grids were learned."""


class ResolveTime:
    """The hazard of being resolved, interval by interval."""

    kind = "discrete-time hazard"

    def __init__(self, trees: Booster, grid: TimeGrid) -> None:
        self.trees, self.grid = trees, grid

    @classmethod
    def fit(cls, rows: Batch, hours: np.ndarray, resolved: np.ndarray, weight: np.ndarray) -> Self:
        """Fit the hazard.

        Args:
            rows: n subjects.
            hours: Hours until resolved, or until the model is fitted for those still open.
            resolved: Whether it was resolved; at least one was.
            weight: n weights.
        """
        grid = TimeGrid.of(hours[resolved], hours[~resolved])
        subject, interval, ended, exposure = grid.exposures(hours, resolved)
        if len(subject) > MAX_TRAINING_ROWS:
            chosen = np.random.default_rng(7).choice(len(subject), MAX_TRAINING_ROWS, replace=False)
            subject, interval = subject[chosen], interval[chosen]
            ended, exposure = ended[chosen], exposure[chosen]
        table = np.column_stack([rows.matrix.dense[subject], interval.astype(np.float32)])
        trees = Booster.fit(
            table, ended, SETTINGS, weight=weight[subject] * exposure, objective="binary"
        )
        return cls(trees, grid)

    def chances(self, rows: Batch) -> ResolveChances:
        """Return the chances of being resolved in each interval."""
        dense = rows.matrix.dense
        hazard = np.ones((len(dense), INTERVALS))
        for begin in range(0, len(dense), _CHUNK_ROWS):
            part = slice(begin, begin + _CHUNK_ROWS)
            hazard[part, :-1] = self._hazards(dense[part])
        alive = np.ones_like(hazard)
        np.cumprod(1 - hazard[:, :-1], axis=1, out=alive[:, 1:])
        return ResolveChances(self.grid, alive * hazard)

    def _hazards(self, dense: np.ndarray) -> np.ndarray:
        """Return (n, 15) hazards of the intervals but the last, which ends all."""
        n, width = dense.shape
        table = np.empty((n, INTERVALS - 1, width + 1), np.float32)
        table[:, :, :-1] = dense[:, None, :]
        table[:, :, -1] = np.arange(INTERVALS - 1)
        hazards = self.trees.predict_table(table.reshape(n * (INTERVALS - 1), width + 1))
        return hazards.reshape(n, INTERVALS - 1)

    def predict(self, rows: Batch) -> np.ndarray:
        """Return (n, 3) quantiles 10, 50 and 90 % of the hours to resolve."""
        return self.chances(rows).quantiles()

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature, and of the interval of time."""
        return self.trees.importance_by_name([*names, "time open"])

    def to_json(self) -> ModelState:
        """Return plain values and the booster."""
        return ModelState(self.grid.to_json(), {"trees.txt": self.trees.to_text()})

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(Booster.from_text(files["trees.txt"]), _grid(values))


class ConstantResolveTime:
    """The baseline: the product-limit (Kaplan-Meier) distribution of all, the same for each."""

    kind = "one distribution for all"

    def __init__(self, shares: np.ndarray, grid: TimeGrid) -> None:
        self.shares, self.grid = shares, grid

    @classmethod
    def fit(cls, rows: Batch, hours: np.ndarray, resolved: np.ndarray, weight: np.ndarray) -> Self:
        """Count exposures and resolutions by interval; arguments as of `ResolveTime.fit`."""
        grid = TimeGrid.of(hours[resolved], hours[~resolved])
        subject, interval, ended, exposure = grid.exposures(hours, resolved)
        at_risk = np.bincount(interval, weight[subject] * exposure, INTERVALS)
        solved = np.bincount(interval, weight[subject] * exposure * ended, INTERVALS)
        hazard = np.clip(solved / np.maximum(at_risk, 1e-9), 0, 1)
        hazard[-1] = 1.0
        alive = np.concatenate([[1.0], np.cumprod(1 - hazard[:-1])])
        return cls(alive * hazard, grid)

    def chances(self, rows: Batch) -> ResolveChances:
        """Return the chances of being resolved in each interval."""
        return ResolveChances(self.grid, np.tile(self.shares, (rows.n, 1)))

    def predict(self, rows: Batch) -> np.ndarray:
        """Return (n, 3) quantiles 10, 50 and 90 % of the hours to resolve."""
        return self.chances(rows).quantiles()

    def importance(self, _names: Sequence[str]) -> dict[str, float]:
        """Return nothing: no feature is read."""
        return {}

    def to_json(self) -> ModelState:
        """Return plain values."""
        return ModelState({"shares": self.shares.tolist(), **self.grid.to_json()}, {})

    @classmethod
    def from_json(cls, values: Json, _files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(np.array(values["shares"]), _grid(values))


def _grid(values: Json) -> TimeGrid:
    return TimeGrid.from_json(values) if "edges" in values else _FIRST_GRID
