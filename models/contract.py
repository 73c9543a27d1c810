"""What every estimator of one label offers, a baseline as well as boosted trees."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from features.feature_set import Columns, Matrix


class Rows(NamedTuple):
    """n subjects as an estimator sees them: their raw columns and their features."""

    columns: Columns
    matrix: Matrix

    def take(self, rows: np.ndarray) -> "Rows":
        """Return some of the rows."""
        return Rows({name: c[rows] for name, c in self.columns.items()}, self.matrix.take(rows))

    def __len__(self) -> int:
        return len(self.matrix)


class Estimator(Protocol):
    """A fitted model of one label.

    `predict` gives (n, outputs): class probabilities, a chance by age, or quantiles. It never
    changes the estimator, and gives the same row the same answer alone and among others.
    """

    def predict(self, rows: Rows) -> np.ndarray:
        """Return (n, outputs)."""
        ...

    def to_files(self) -> Mapping[str, str]:
        """Return file names and texts (JSON, LightGBM's own format) that `from_files` reads."""
        ...
