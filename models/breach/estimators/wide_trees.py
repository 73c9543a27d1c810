"""Boosted trees on the features beside the raw columns, taught by known outcomes.

A text of many values (a vendor, a product) is no word of the features: its past stands for it. Here
it is a category too, for histories in which the value itself tells more than its past.
"""

from models.breach.column_trees import SETTINGS, ColumnTrees, TreesName
from models.breach.contract import BreachTask
from models.estimator import ModelState

NAME = "wide_trees"
_NAMES = TreesName("trees on features and raw columns", NAME)


def suits(_task: BreachTask) -> bool:
    """Return True: there are always raw columns and known outcomes."""
    return True


def fit(task: BreachTask) -> ColumnTrees:
    """Fit on the subjects whose outcome is known."""
    rows = task.rows.take(task.labelled)
    label, weight = task.label[task.labelled], task.label_weight[task.labelled]
    return ColumnTrees.fit(
        rows.columns,
        rows.matrix.dense,
        label=label,
        weight=weight,
        settings=SETTINGS,
        name=_NAMES,
    )


def load(state: ModelState) -> ColumnTrees:
    """Build a stored estimator again."""
    return ColumnTrees.from_state(state, _NAMES)
