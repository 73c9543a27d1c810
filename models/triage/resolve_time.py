"""Hours from detection to resolution: a discrete-time hazard, so that open exceptions count too.

Time is cut into intervals; one booster gives the chance that an exception which is still open at
the begin of an interval is resolved in it. Those still open when the model is fitted are censored:
they enter with the intervals that they have outlived, and a part of the present one.
"""

from typing import NamedTuple, Self

import numpy as np

from data.domain import Json
from models.boosters import Booster, TreeSettings
from models.estimator import Batch, Files, ModelState

EDGES_HOURS = np.array(
    [0, 0.1, 0.25, 1, 4, 12, 24, 48, 72, 96, 114, 144, 192, 288, 480, 960, 3000], np.float64
)
"""Begin of each interval; the last two close the last interval."""

QUANTILES = (0.1, 0.5, 0.9)
MAX_TRAINING_ROWS = 600_000
SETTINGS = TreeSettings(rounds=100, learning_rate=0.08, leaves=31, smallest_leaf=40)
_INTERVALS = len(EDGES_HOURS) - 1
_CHUNK_ROWS = 16_384


class ResolveTime:
    """The hazard of being resolved, interval by interval."""

    kind = "discrete-time hazard"

    def __init__(self, trees: Booster) -> None:
        self.trees = trees

    @classmethod
    def fit(cls, rows: Batch, hours: np.ndarray, resolved: np.ndarray, weight: np.ndarray) -> Self:
        """Fit the hazard.

        Args:
            rows: n subjects.
            hours: Hours until resolved, or until the model is fitted for those still open.
            resolved: Whether it was resolved.
            weight: n weights.
        """
        subject, interval, ended, exposure = exposures(hours, resolved)
        if len(subject) > MAX_TRAINING_ROWS:
            chosen = np.random.default_rng(7).choice(len(subject), MAX_TRAINING_ROWS, replace=False)
            subject, interval = subject[chosen], interval[chosen]
            ended, exposure = ended[chosen], exposure[chosen]
        table = np.column_stack([rows.matrix.dense[subject], interval.astype(np.float32)])
        trees = Booster.fit(
            table, ended, SETTINGS, weight=weight[subject] * exposure, objective="binary"
        )
        return cls(trees)

    def mass(self, rows: Batch) -> np.ndarray:
        """Return (n, 16) chances of being resolved in each interval; rows sum to 1."""
        dense = rows.matrix.dense
        hazard = np.ones((len(dense), _INTERVALS))
        for begin in range(0, len(dense), _CHUNK_ROWS):
            part = slice(begin, begin + _CHUNK_ROWS)
            hazard[part, :-1] = self._hazards(dense[part])
        alive = np.ones_like(hazard)
        np.cumprod(1 - hazard[:, :-1], axis=1, out=alive[:, 1:])
        return alive * hazard

    def _hazards(self, dense: np.ndarray) -> np.ndarray:
        """Return (n, 15) hazards of the intervals but the last, which ends all."""
        n, width = dense.shape
        table = np.empty((n, _INTERVALS - 1, width + 1), np.float32)
        table[:, :, :-1] = dense[:, None, :]
        table[:, :, -1] = np.arange(_INTERVALS - 1)
        hazards = self.trees.predict_table(table.reshape(n * (_INTERVALS - 1), width + 1))
        return hazards.reshape(n, _INTERVALS - 1)

    def predict(self, rows: Batch) -> np.ndarray:
        """Return (n, 3) quantiles 10, 50 and 90 % of the hours to resolve."""
        return quantiles(self.mass(rows))

    def to_json(self) -> ModelState:
        """Return plain values and the booster."""
        return ModelState({}, {"trees.txt": self.trees.to_text()})

    @classmethod
    def from_json(cls, _values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(Booster.from_text(files["trees.txt"]))


class ConstantResolveTime:
    """The baseline: the product-limit (Kaplan-Meier) distribution of all, the same for each."""

    kind = "one distribution for all"

    def __init__(self, shares: np.ndarray) -> None:
        self.shares = shares

    @classmethod
    def fit(cls, rows: Batch, hours: np.ndarray, resolved: np.ndarray, weight: np.ndarray) -> Self:
        """Count exposures and resolutions by interval; arguments as of `ResolveTime.fit`."""
        subject, interval, ended, exposure = exposures(hours, resolved)
        at_risk = np.bincount(interval, weight[subject] * exposure, _INTERVALS)
        solved = np.bincount(interval, weight[subject] * exposure * ended, _INTERVALS)
        hazard = np.clip(solved / np.maximum(at_risk, 1e-9), 0, 1)
        hazard[-1] = 1.0
        alive = np.concatenate([[1.0], np.cumprod(1 - hazard[:-1])])
        return cls(alive * hazard)

    def mass(self, rows: Batch) -> np.ndarray:
        """Return (n, 16) chances of being resolved in each interval."""
        return np.tile(self.shares, (rows.n, 1))

    def predict(self, rows: Batch) -> np.ndarray:
        """Return (n, 3) quantiles 10, 50 and 90 % of the hours to resolve."""
        return quantiles(self.mass(rows))

    def to_json(self) -> ModelState:
        """Return plain values."""
        return ModelState({"shares": self.shares.tolist()}, {})

    @classmethod
    def from_json(cls, values: Json, _files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(np.array(values["shares"]))


class Exposures(NamedTuple):
    """Intervals in which subjects were open, a row a subject and interval.

    Attributes:
        subject: Row of the subject.
        interval: Number of the interval.
        resolved: Whether it was resolved in it (0 or 1).
        share: Of the interval that counts: 1, but less for the interval in which a censored subject
            is last observed.
    """

    subject: np.ndarray
    interval: np.ndarray
    resolved: np.ndarray
    share: np.ndarray


def exposures(hours: np.ndarray, resolved: np.ndarray) -> Exposures:
    """Spread subjects over the intervals that they were open in."""
    hours = np.maximum(hours, 1e-6)
    begin, end = EDGES_HOURS[:-1], np.append(EDGES_HOURS[1:-1], np.inf)
    subject, interval = np.nonzero(hours[:, None] > begin)
    d, is_last = hours[subject], hours[subject] <= end[interval]
    ended = is_last & resolved[subject]
    width = EDGES_HOURS[interval + 1] - begin[interval]
    part = np.clip((d - begin[interval]) / width, 0.02, 1.0)
    exposure = np.where(is_last & ~resolved[subject], part, 1.0)
    return Exposures(subject, interval, resolved=ended.astype(float), share=exposure)


def quantiles(mass: np.ndarray, shares: tuple[float, ...] = QUANTILES) -> np.ndarray:
    """Invert (n, 16) masses at shares of 0 to 1, straight in the logarithm within an interval."""
    reached = np.cumsum(mass, axis=1)
    edges = np.log1p(EDGES_HOURS)
    hours = np.empty((len(mass), len(shares)))
    row = np.arange(len(mass))
    for column, share in enumerate(shares):
        interval = np.minimum((reached < share).sum(axis=1), _INTERVALS - 1)
        before = reached[row, interval] - mass[row, interval]
        part = np.clip((share - before) / np.maximum(mass[row, interval], 1e-9), 0, 1)
        hours[:, column] = np.expm1(
            edges[interval] + part * (edges[interval + 1] - edges[interval])
        )
    return hours


def remaining_mass(mass: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Return (n, 16) masses of those that are still open after n hours; rows sum to 1."""
    left = np.clip((EDGES_HOURS[1:] - hours[:, None]) / np.diff(EDGES_HOURS), 0, 1)
    remaining = mass * left
    remaining[:, -1] += 1e-9  # what has outlived everything ends in the last interval
    return remaining / remaining.sum(axis=1, keepdims=True)
