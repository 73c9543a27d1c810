"""Plain LightGBM on the raw columns: one tree for each class and round, tuned on the newest rows.

It is the mark that others must reach, and often sees what they do not: each value of each text by
itself.
"""

import numpy as np

from features.engine.event_log import LogRows
from features.engine.feature_set import Columns
from models.classifiers.contract import ClassEstimator, ClassTask
from models.estimator import Batch, ModelState
from models.raw_columns import tuned_trees
from models.raw_columns.tuned_trees import TunedTrees

NAME, IS_BASELINE = "raw_trees", False
MAX_CLASSES = 100
"""Each class costs a tree a round: more take minutes to fit."""
CLASS_SETTINGS = {
    "learning_rate": 0.05,
    "lambda_l2": 5.0,
    "cat_smooth": 20.0,
    "min_data_in_leaf": 40,
}
"""With LightGBM's own settings dozens of classes, some of them rare, diverge."""
_MIN_CHANCE = 1e-9


class RawTreesClassifier(ClassEstimator):
    """Log probabilities of trees on the raw columns."""

    kind, stored_as = tuned_trees.KIND, NAME

    def __init__(self, trees: TunedTrees) -> None:
        self.trees = trees

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities."""
        return np.log(np.maximum(self.trees.predict(rows.columns), _MIN_CHANCE))

    def to_json(self) -> ModelState:
        """Return the columns and the booster's text."""
        return self.trees.to_json()


def suits(task: ClassTask) -> bool:
    """Return whether the classes are not too many."""
    return len(task.names) <= MAX_CLASSES


def learned(columns: Columns, code: np.ndarray, classes: int) -> TunedTrees:
    """Fit on the codes of n subjects, each below `classes`."""
    return TunedTrees.fit(
        columns, code, **CLASS_SETTINGS, objective="multiclass", num_class=classes
    )


def fit(task: ClassTask) -> RawTreesClassifier:
    """Fit on the newest rows."""
    return RawTreesClassifier(learned(task.rows.columns, task.code, len(task.names)))


def load(state: ModelState, _names: list[str], _past: LogRows | None) -> RawTreesClassifier:
    """Build a stored booster again."""
    return RawTreesClassifier(TunedTrees.from_state(state))
