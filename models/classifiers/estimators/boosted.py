"""Multiclass booster: one boosted tree for each class and round, for labels of few classes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.engine.event_log import LogRows
from models.boosters import Booster, TreeSettings
from models.classifiers.contract import ClassEstimator, ClassTask
from models.estimator import Batch, ModelState

NAME, IS_BASELINE = "trees", False
MAX_CLASSES = 24
"""Each class costs a tree a round: beyond this, candidate ranking is quicker and no worse."""

SETTINGS = TreeSettings(rounds=60, learning_rate=0.1, leaves=15, smallest_leaf=15)
_FILE = "trees.txt"


class BoostedClassifier(ClassEstimator):
    """Log probabilities of a multiclass booster."""

    kind, stored_as = "boosted trees", NAME

    def __init__(self, booster: Booster) -> None:
        self.booster = booster

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities."""
        return np.log(np.maximum(self.booster.predict(rows.matrix), 1e-9))

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature."""
        return self.booster.importance_by_name(names)

    def to_json(self) -> ModelState:
        """Return the booster's text."""
        return ModelState({}, {_FILE: self.booster.to_text()})


def suits(task: ClassTask) -> bool:
    """Return whether the classes are few."""
    return len(task.names) <= MAX_CLASSES


def fit(task: ClassTask) -> BoostedClassifier:
    """Fit a booster on all rows."""
    smallest = int(np.clip(task.rows.n // 150, 5, SETTINGS.smallest_leaf))
    booster = Booster.fit(
        task.rows.matrix.table,
        task.code,
        replace(SETTINGS, smallest_leaf=smallest),
        weight=task.weight,
        words=task.word_columns,
        objective="multiclass",
        num_class=len(task.names),
    )
    return BoostedClassifier(booster)


def load(state: ModelState, _names: list[str], _past: LogRows | None) -> BoostedClassifier:
    """Build a stored booster again."""
    return BoostedClassifier(Booster.from_text(state.files[_FILE]))
