"""Boosted trees on all features, taught by the outcomes that are known."""

from models.boosters import Booster
from models.breach.contract import BreachTask
from models.breach.feature_trees import SETTINGS, FeatureTrees
from models.estimator import ModelState

NAME = "known_trees"
_KIND = "trees on known outcomes"


def suits(_task: BreachTask) -> bool:
    """Return True: a task always has known outcomes."""
    return True


def fit(task: BreachTask) -> FeatureTrees:
    """Fit on the subjects whose outcome is known."""
    labelled = task.labelled
    booster = Booster.fit(
        task.rows.take(labelled).matrix.table,
        task.label[labelled],
        SETTINGS,
        weight=task.label_weight[labelled],
        words=task.word_columns,
        objective="binary",
    )
    return FeatureTrees(booster, _KIND, NAME)


def load(state: ModelState) -> FeatureTrees:
    """Build a stored estimator again."""
    return FeatureTrees(Booster.from_text(state.files["trees.txt"]), _KIND, NAME)
