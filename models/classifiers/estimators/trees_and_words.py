"""Boosted trees and the linear model of the words together: where one is unsure the other decides.

Trees see combinations, but need many rows to learn that one word of a message says it all. A linear
model learns words from few rows. Their scores are log probabilities; the weighted mean of them is a
geometric mean of the probabilities (logarithmic opinion pool, Genest and Zidek 1986).
"""

from collections.abc import Sequence

import numpy as np

from features.engine.event_log import LogRows
from models.classifiers.contract import ClassEstimator, ClassTask
from models.classifiers.estimators import boosted, linear
from models.estimator import Batch, ModelState

NAME, IS_BASELINE = "trees_and_words", False
SHARE_OF_TREES = 0.7
"""Measured on two windows of the synthetic shop: 0.5 to 0.7 are alike, for categories and teams."""
_PARTS = ("trees", "linear")


class TreesAndWords(ClassEstimator):
    """Weighted mean of the log probabilities of both."""

    kind, stored_as = "boosted trees + TF-IDF logistic regression", NAME

    def __init__(self, trees: boosted.BoostedClassifier, words: linear.LinearClassifier) -> None:
        self.trees, self.words = trees, words

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities, not normalised."""
        of_words = self.words.scores(rows)
        of_words -= np.logaddexp.reduce(of_words, axis=1, keepdims=True)
        return SHARE_OF_TREES * self.trees.scores(rows) + (1 - SHARE_OF_TREES) * of_words

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature in the trees."""
        return self.trees.importance(names)

    def to_json(self) -> ModelState:
        """Return both, their values and files under their names."""
        states = dict(zip(_PARTS, (self.trees.to_json(), self.words.to_json()), strict=True))
        values = {part: state.values for part, state in states.items()}
        files = {f"{p}.{file}": text for p, s in states.items() for file, text in s.files.items()}
        return ModelState(values, files)


def suits(task: ClassTask) -> bool:
    """Return whether the classes are few, and there are messages."""
    return boosted.suits(task) and task.rows.matrix.messages is not None


def fit(task: ClassTask) -> TreesAndWords:
    """Fit both on the same rows."""
    return TreesAndWords(boosted.fit(task), linear.fit(task))


def load(state: ModelState, names: list[str], past: LogRows | None) -> TreesAndWords:
    """Build a stored model again."""
    parts = [ModelState(state.values[part], _files_of(part, state)) for part in _PARTS]
    return TreesAndWords(boosted.load(parts[0], names, past), linear.load(parts[1], names, past))


def _files_of(part: str, state: ModelState) -> dict[str, str]:
    prefix = f"{part}."
    own = state.files.items()
    return {name.removeprefix(prefix): text for name, text in own if name.startswith(prefix)}
