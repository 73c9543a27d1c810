"""Plain LightGBM on the raw columns, taught by known outcomes: the mark that others must reach."""

from dataclasses import replace

import numpy as np

from features.engine.feature_set import Columns
from models.breach import column_trees
from models.breach.column_trees import ColumnTrees, TreesName
from models.breach.contract import BreachTask
from models.estimator import ModelState
from models.raw_columns.tuned_trees import KIND

NAME = "raw_trees"
SETTINGS = replace(column_trees.SETTINGS, varies=False)
"""The mark stays where it is: no trial of a run varies it."""
_NAMES = TreesName(KIND, NAME)


def suits(_task: BreachTask) -> bool:
    """Return True: there are always raw columns and known outcomes."""
    return True


def learned(columns: Columns, label: np.ndarray, weight: np.ndarray) -> ColumnTrees:
    """Fit on n known outcomes, 0 or 1, with their weights."""
    return ColumnTrees.fit(
        columns,
        None,
        label=label,
        weight=weight,
        settings=SETTINGS,
        name=_NAMES,
    )


def fit(task: BreachTask) -> ColumnTrees:
    """Fit on the subjects whose outcome is known."""
    rows = task.labelled
    columns = {name: column[rows] for name, column in task.rows.columns.items()}
    return learned(columns, task.label[rows], task.label_weight[rows])


def load(state: ModelState) -> ColumnTrees:
    """Build a stored estimator again."""
    return ColumnTrees.from_state(state, _NAMES)
