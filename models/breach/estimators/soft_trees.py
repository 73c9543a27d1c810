"""Boosted trees on all features, taught by soft labels.

Outcomes known as yet are those of quick cases. A soft label is a chance: a resolved subject counts
with the chance that its time to resolve is too late, an open one with the chance given that it has
lasted so long (`training.triage.breach.soft_labels`).
"""

from models.boosters import Booster
from models.breach.contract import BreachTask
from models.breach.feature_trees import SETTINGS, FeatureTrees
from models.estimator import ModelState

NAME = "soft_trees"
_KIND = "soft-label trees"


def suits(task: BreachTask) -> bool:
    """Return whether there are soft labels."""
    return task.soft_label is not None


def fit(task: BreachTask) -> FeatureTrees:
    """Fit on the soft labels of all subjects.

    Raises:
        ValueError: The task has none.
    """
    if task.soft_label is None:
        raise ValueError("there are no soft labels to learn from")
    booster = Booster.fit(
        task.rows.matrix.table,
        task.soft_label,
        SETTINGS,
        weight=task.weight,
        words=task.word_columns,
        objective="cross_entropy",
    )
    return FeatureTrees(booster, _KIND, NAME)


def load(state: ModelState) -> FeatureTrees:
    """Build a stored estimator again."""
    return FeatureTrees(Booster.from_text(state.files["trees.txt"]), _KIND, NAME)
