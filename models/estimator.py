"""What every estimator of one label offers, a baseline as well as boosted trees."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from features.engine.compute import Matrix
from features.engine.event_log import Keys
from features.engine.feature_set import Columns

Files = dict[str, str]
"""Texts by file name: JSON, or LightGBM's own format."""


class Batch(NamedTuple):
    """n subjects as an estimator sees them.

    Attributes:
        columns: What was raised: arrays by name.
        keys: For each entity the text that names it.
        matrix: The features.
        as_of: Ticks: what became known at or after them is not seen.
    """

    columns: Columns
    keys: Keys
    matrix: Matrix
    as_of: np.ndarray

    def take(self, rows: np.ndarray) -> "Batch":
        """Return some of the subjects; rows are positions or a mask."""
        return Batch(
            {name: column[rows] for name, column in self.columns.items()},
            {name: key[rows] for name, key in self.keys.items()},
            self.matrix.take(rows),
            self.as_of[rows],
        )

    @property
    def n(self) -> int:
        """Number of subjects."""
        return len(self.as_of)


class ClassEstimator(Protocol):
    """A fitted model of a class.

    Its raw scores are made into probabilities by `models.classifiers.calibration`.
    """

    kind: str

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log-scale scores; -inf where a class is out of question.

        The same row gets the same scores alone and among others.
        """
        ...

    def to_json(self) -> tuple[dict[str, Any], Files]:
        """Return plain values and files, from which `from_json` builds it again."""
        ...
