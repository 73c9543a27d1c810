"""Inputs and stored form of every estimator, a baseline as well as boosted trees."""

from typing import NamedTuple

import numpy as np

from data.domain import Json
from features.engine.compute import Matrix
from features.engine.event_log import Keys, LogRows
from features.engine.feature_set import Columns

Files = dict[str, str]
"""Texts by file name: JSON, or LightGBM's own format."""

SHARED = "shared."
"""Begin of the name of a file that several models of one champion store and read."""


def files_of(files: Files, prefix: str) -> Files:
    """Return the files whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): text for k, text in files.items() if k.startswith(prefix)}


class ModelState(NamedTuple):
    """A fitted model as it is stored.

    Attributes:
        values: What JSON can hold.
        files: All else.
    """

    values: Json
    files: Files


class StoredVersion(NamedTuple):
    """A version of a model as the registry returns it.

    Attributes:
        number: Of the version.
        files: Its texts.
        past: Its logs by name.
    """

    number: str
    files: Files
    past: dict[str, LogRows]


class Batch(NamedTuple):
    """n subjects ready for an estimator.

    Attributes:
        columns: What was raised: arrays by name.
        keys: For each entity the text that names it.
        matrix: The features.
        as_of: Ticks: what became known at or after them is not read.
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
