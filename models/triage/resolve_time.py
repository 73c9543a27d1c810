"""Hours from detection to resolution: a discrete-time hazard, so that open exceptions count too.

Time is cut into the intervals of a `TimeGrid`; one booster gives the chance that an exception which
is still open at the begin of an interval is resolved in it. Those still open when the model is
fitted are censored: they enter with the intervals that they have outlived, and a part of the
present one. A second booster gives the same by the raw columns, each text a category of its own;
how much each counts is learned from later times.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from data.domain import Json
from models.boosters import Booster, TreeSettings
from models.estimator import Batch, Files, ModelState
from models.mixture import mixture_weights
from models.raw_columns.table import RawColumns
from models.time_grid import INTERVALS, Exposures, ResolveChances, TimeGrid

MAX_TRAINING_ROWS = 600_000
SETTINGS = TreeSettings(rounds=100, learning_rate=0.08, leaves=31, smallest_leaf=40)
RAW_SHARE = 0.5
"""Weight of the hazard by the raw columns until later times say more."""
MIN_RAW_SHARE = 0.05
"""A lighter one is left out: it costs time in every call."""
_PRIOR_ROWS = 20.0
_CATEGORY_SMOOTHING = 20.0
_FILE, _RAW_FILE = "trees.txt", "raw_trees.txt"
_CHUNK_ROWS = 16_384
_FIRST_GRID = TimeGrid(
    np.array([0, 0.1, 0.25, 1, 4, 12, 24, 48, 72, 96, 114, 144, 192, 288, 480, 960, 3000], float)
)
"""The grid of champions that were stored before grids were learned."""


class RawHazard(NamedTuple):
    """Hazard by the raw columns alone.

    Attributes:
        trees: They give it.
        columns: The columns that they read.
        share: Weight of its chances of 0 to 1; the hazard by the features has the rest.
    """

    trees: Booster
    columns: RawColumns
    share: float


class ResolveTime:
    """The hazard of being resolved, interval by interval: by the features, and by the raw columns.

    Args:
        trees: The hazard by the features.
        grid: The intervals.
        raw: The hazard by the raw columns; None where it adds nothing.
    """

    kind = "discrete-time hazard"

    def __init__(self, trees: Booster, grid: TimeGrid, raw: RawHazard | None = None) -> None:
        self.trees, self.grid, self.raw = trees, grid, raw

    @classmethod
    def fit(
        cls,
        rows: Batch,
        hours: np.ndarray,
        resolved: np.ndarray,
        weight: np.ndarray,
        raw_share: float = RAW_SHARE,
    ) -> Self:
        """Fit the hazards.

        Args:
            rows: n subjects.
            hours: Hours until resolved, or until the model is fitted for those still open.
            resolved: Whether it was resolved; at least one was.
            weight: n weights.
            raw_share: Weight of the hazard by the raw columns; below `MIN_RAW_SHARE` none is
                fitted.
        """
        grid = TimeGrid.of(hours[resolved], hours[~resolved])
        exposures = _drawn(grid.exposures(hours, resolved))
        trees = _hazard_trees(rows.matrix.dense, exposures, weight)
        if raw_share < MIN_RAW_SHARE:
            return cls(trees, grid)
        columns = RawColumns.of(rows.columns)
        table, words = columns.table(rows.columns), columns.word_columns
        raw = _hazard_trees(table, exposures, weight, words=words)
        return cls(trees, grid, RawHazard(raw, columns, raw_share))

    def sharing(self, raw_share: float) -> "ResolveTime":
        """Return the same hazards with another weight of the one by the raw columns."""
        if self.raw is None or raw_share < MIN_RAW_SHARE:
            return ResolveTime(self.trees, self.grid)
        return ResolveTime(self.trees, self.grid, self.raw._replace(share=raw_share))

    def likeliest_raw_share(self, rows: Batch, hours: np.ndarray, resolved: np.ndarray) -> float:
        """Return the weight of the hazard by the raw columns that explains n times best.

        Args:
            rows: n subjects that the hazards were not fitted on.
            hours: Hours until resolved, or until now for those still open.
            resolved: Whether it was resolved.
        """
        if self.raw is None:
            return 0.0
        parts = (self._by_features(rows), self._by_raw_columns(rows, self.raw))
        likelihood = [np.exp(part.log_likelihood(hours, resolved)) for part in parts]
        return float(mixture_weights(np.stack(likelihood), _PRIOR_ROWS)[1])

    def chances(self, rows: Batch) -> ResolveChances:
        """Return the chances of being resolved in each interval."""
        by_features = self._by_features(rows)
        if self.raw is None:
            return by_features
        of_raw = self._by_raw_columns(rows, self.raw).mass
        mass = (1 - self.raw.share) * by_features.mass + self.raw.share * of_raw
        return ResolveChances(self.grid, mass)

    def _by_features(self, rows: Batch) -> ResolveChances:
        return _chances(self.trees, self.grid, rows.matrix.dense)

    def _by_raw_columns(self, rows: Batch, raw: RawHazard) -> ResolveChances:
        return _chances(raw.trees, self.grid, raw.columns.table(rows.columns))

    def predict(self, rows: Batch) -> np.ndarray:
        """Return (n, 3) quantiles 10, 50 and 90 % of the hours to resolve."""
        return self.chances(rows).quantiles()

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature, and of the interval of time."""
        return self.trees.importance_by_name([*names, "time open"])

    def to_json(self) -> ModelState:
        """Return plain values and the boosters."""
        values, files = self.grid.to_json(), {_FILE: self.trees.to_text()}
        if self.raw is not None:
            values["raw"] = {"columns": self.raw.columns.to_json(), "share": self.raw.share}
            files[_RAW_FILE] = self.raw.trees.to_text()
        return ModelState(values, files)

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave; of old, without the raw columns."""
        raw = None
        if stored := values.get("raw"):
            columns = RawColumns.from_json(stored["columns"])
            raw = RawHazard(Booster.from_text(files[_RAW_FILE]), columns, stored["share"])
        return cls(Booster.from_text(files[_FILE]), _grid(values), raw)


def _drawn(exposures: Exposures) -> Exposures:
    """Return at most `MAX_TRAINING_ROWS` of the exposures."""
    count = len(exposures.subject)
    if count <= MAX_TRAINING_ROWS:
        return exposures
    chosen = np.random.default_rng(7).choice(count, MAX_TRAINING_ROWS, replace=False)
    return Exposures(*(part[chosen] for part in exposures))


def _hazard_trees(
    table: np.ndarray,
    exposures: Exposures,
    weight: np.ndarray,
    words: list[int] | None = None,
) -> Booster:
    """Fit the chance of being resolved in an interval, by n rows of a table and the interval."""
    subject, interval, ended, exposure = exposures
    return Booster.fit(
        np.column_stack([table[subject], interval.astype(np.float32)]),
        ended,
        SETTINGS,
        weight=weight[subject] * exposure,
        words=words,
        objective="binary",
        cat_smooth=_CATEGORY_SMOOTHING,
    )


def _chances(trees: Booster, grid: TimeGrid, table: np.ndarray) -> ResolveChances:
    """Return the chances of n rows of a table."""
    hazard = np.ones((len(table), INTERVALS))
    for begin in range(0, len(table), _CHUNK_ROWS):
        part = slice(begin, begin + _CHUNK_ROWS)
        hazard[part, :-1] = _hazards(trees, table[part])
    alive = np.ones_like(hazard)
    np.cumprod(1 - hazard[:, :-1], axis=1, out=alive[:, 1:])
    return ResolveChances(grid, alive * hazard)


def _hazards(trees: Booster, rows: np.ndarray) -> np.ndarray:
    """Return (n, 15) hazards of the intervals but the last, which ends all."""
    n, width = rows.shape
    table = np.empty((n, INTERVALS - 1, width + 1), np.float32)
    table[:, :, :-1] = rows[:, None, :]
    table[:, :, -1] = np.arange(INTERVALS - 1)
    hazards = trees.predict_table(table.reshape(n * (INTERVALS - 1), width + 1))
    return hazards.reshape(n, INTERVALS - 1)


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
