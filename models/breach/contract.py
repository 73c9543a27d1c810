"""Contract of an estimator of the chance of a breach: one file of `models/breach/estimators`.

Steps of use: `suits` says whether a file can learn a task, `fit` fits it, `to_json` stores it and
`load` reads it back. Which estimators serve, and with which weight, is decided by outcomes of a
later window (`models.breach.blend`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from models.breach.breach_label import BreachByLateness
from models.estimator import Batch, ModelState
from models.time_grid import ResolveChances


@dataclass(frozen=True)
class BreachTask:
    """n subjects to learn from.

    Attributes:
        rows: The subjects.
        label: 1 breached, 0 not, NaN where the outcome is not known yet.
        label_weight: n weights of the known labels: they undo that quick ends are known first.
        soft_label: Chances of 0 to 1, for open subjects too; None where times are not recorded.
        weight: n weights of the soft labels: newer subjects count for more.
        clock: Chance of a breach by how late the end is; None where times are not recorded.
        word_columns: Columns of the features that hold codes of words.
    """

    rows: Batch
    label: np.ndarray
    label_weight: np.ndarray
    soft_label: np.ndarray | None
    weight: np.ndarray
    clock: BreachByLateness | None
    word_columns: list[int]

    @property
    def labelled(self) -> np.ndarray:
        """Positions of the subjects whose outcome is known."""
        return np.flatnonzero(~np.isnan(self.label))


class Contribution(NamedTuple):
    """Part of a chance that one input explains.

    Attributes:
        meaning: Of the input, in words.
        log_odds: What it adds; below 0 it lowers the chance.
    """

    meaning: str
    log_odds: float


def summed_by_meaning(contributions: Iterable[Contribution]) -> list[Contribution]:
    """Return one contribution for each meaning, the strongest first."""
    total: dict[str, float] = {}
    for meaning, log_odds in contributions:
        total[meaning] = total.get(meaning, 0.0) + log_odds
    return [Contribution(*item) for item in sorted(total.items(), key=lambda item: -abs(item[1]))]


class BreachEstimator(ABC):
    """Fitted estimator of the chance of a breach.

    Attributes:
        kind: Its name in reports and metrics.
        stored_as: `NAME` of the file that loads it; a champion stores it.
    """

    kind: str
    stored_as: str

    @abstractmethod
    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach.

        A row gets the same chance alone and among others.

        Args:
            rows: n subjects.
            times: Their times to resolve; None where no such model was trained.
        """

    def contributions(self, rows: Batch, meanings: Sequence[str]) -> list[Contribution]:
        """Return what the inputs add to the chance of one subject; empty where it can't be told.

        Args:
            rows: One subject.
            meanings: Of the features.
        """
        return []

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return what each input weighs over all subjects; empty where it can't be told.

        Args:
            names: Of the features.

        Returns:
            Numbers of 0 or more; they compare inputs of one estimator only.
        """
        return {}

    @abstractmethod
    def to_json(self) -> ModelState:
        """Return the values and files from which `load` builds it again."""


class BreachEstimatorFile(Protocol):
    """Names that a file of `models/breach/estimators` defines.

    Attributes:
        NAME: Unique name, as champions store it.
    """

    NAME: str

    def suits(self, task: BreachTask) -> bool:
        """Return whether the estimator can learn the task."""
        ...

    def fit(self, task: BreachTask) -> BreachEstimator:
        """Fit the estimator."""
        ...

    def load(self, state: ModelState) -> BreachEstimator:
        """Build a stored estimator again; `state` is as of `BreachEstimator.to_json`."""
        ...
