"""Contract of a class estimator: one file of `models/classifiers/estimators`.

Steps of use: `suits` says whether a file can serve a task, `fit` fits it, `calibration` makes its
scores probabilities, `to_json` stores it and `load` reads it back.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from features.engine.class_shares import ClassShares
from features.engine.event_log import LogRows
from models.classifiers.token_table import TokenTable
from models.estimator import Batch, ModelState

Fitted = TypeVar("Fitted", bound="ClassEstimator")


@dataclass(frozen=True)
class ClassTask:
    """One label to learn from n labelled subjects.

    Attributes:
        rows: The subjects.
        code: Their n classes, each in 0 to `len(names)` - 1.
        names: The classes, by code.
        prior: Shares of the classes; none is 0.
        weight: n weights.
        word_columns: Columns of the features that hold codes of words.
        first_column: Column with the class as raised at first; empty if there is none.
        share_entities: Entities whose past classes are worth counting.
        past: The labelled past; None where `share_entities` is empty.
        token_table: Reads messages of any language; None where training distilled none.
    """

    rows: Batch
    code: np.ndarray
    names: list[str]
    prior: np.ndarray
    weight: np.ndarray
    word_columns: list[int]
    first_column: str = ""
    share_entities: tuple[str, ...] = ()
    past: LogRows | None = None
    token_table: TokenTable | None = None
    _fitted: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def fitted(self, fit: Callable[["ClassTask"], Fitted]) -> Fitted:
        """Fit an estimator of this task; the same one where it, or a blend with it, was fitted.

        Args:
            fit: As of `EstimatorFile`.
        """
        if fit not in self._fitted:
            self._fitted[fit] = fit(self)
        return self._fitted[fit]

    def latest(self, count: int) -> np.ndarray:
        """Return the positions of the latest subjects, at most `count`, by time."""
        return np.argsort(self.rows.as_of, kind="stable")[-count:]


class ClassEstimator(ABC):
    """Fitted model of a class.

    Attributes:
        kind: Its name in reports and metrics.
        stored_as: `NAME` of the file that loads it; a champion stores it.
    """

    kind: str
    stored_as: str

    @property
    def shares(self) -> ClassShares | None:
        """The labelled past; None for an estimator that reads none."""
        return None

    @abstractmethod
    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) scores on a log scale; -inf for a class that is impossible.

        A row gets the same scores alone and among others.
        """

    def importance(self, _names: Sequence[str]) -> dict[str, float]:
        """Return what each input weighs, by the names of the features; empty where none is told."""
        return {}

    @abstractmethod
    def to_json(self) -> ModelState:
        """Return the values and files from which `load` builds it again."""

    def with_shares(self, _shares: ClassShares) -> Self:
        """Return the same model over another labelled past."""
        return self


class EstimatorFile(Protocol):
    """Names that a file of `models/classifiers/estimators` defines.

    `SETTINGS`, a dataclass, is optional: each training run logs it.

    Attributes:
        NAME: Unique name, as champions store it.
        IS_BASELINE: Baselines show what a model must beat.
    """

    NAME: str
    IS_BASELINE: bool

    def suits(self, task: ClassTask) -> bool:
        """Return whether the estimator can learn the task."""
        ...

    def fit(self, task: ClassTask) -> ClassEstimator:
        """Fit the estimator."""
        ...

    def load(self, state: ModelState, names: list[str], past: LogRows | None) -> ClassEstimator:
        """Build a stored estimator again.

        Args:
            state: As of `ClassEstimator.to_json`.
            names: The classes, by code.
            past: The labelled past, where the champion stores one.
        """
        ...
