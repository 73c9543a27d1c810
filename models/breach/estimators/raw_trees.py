"""Plain LightGBM on the raw columns, taught by known outcomes: the mark that others must reach."""

from typing import Self

import numpy as np

from features.engine.feature_set import Columns
from models.boosters import Booster, TreeSettings
from models.breach.contract import BreachEstimator, BreachTask
from models.breach.raw_columns import RawColumns
from models.estimator import Batch, ModelState
from models.time_grid import ResolveChances

NAME = "raw_trees"
SETTINGS = TreeSettings(
    rounds=150, learning_rate=0.04, leaves=15, smallest_leaf=40, columns_share=0.5
)
_CATEGORY_SMOOTHING = 20.0


class RawTrees(BreachEstimator):
    """Trees on the raw columns."""

    kind, stored_as = "plain LightGBM on the raw columns", NAME

    def __init__(self, booster: Booster, columns: RawColumns) -> None:
        self._booster, self._columns = booster, columns

    @classmethod
    def learned(cls, columns: Columns, label: np.ndarray, weight: np.ndarray) -> Self:
        """Fit on n known outcomes.

        Args:
            columns: The raw columns of n subjects.
            label: 1 breached, 0 not.
            weight: n weights.
        """
        read = RawColumns.of(columns)
        booster = Booster.fit(
            read.table(columns),
            label,
            SETTINGS,
            weight=weight,
            words=read.word_columns,
            objective="binary",
            cat_smooth=_CATEGORY_SMOOTHING,
        )
        return cls(booster, read)

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach; times are not read."""
        return self.of_columns(rows.columns)

    def of_columns(self, columns: Columns) -> np.ndarray:
        """Return n chances of a breach from the raw columns alone."""
        table = self._columns.table(columns)
        if len(table) == 1:
            return self._booster.predict_row(table[0])
        return np.asarray(self._booster.booster.predict(table, num_threads=1)).ravel()

    def to_json(self) -> ModelState:
        """Return the columns and the booster."""
        files = {"trees.txt": self._booster.to_text()}
        return ModelState({"columns": self._columns.to_json()}, files)


def suits(_task: BreachTask) -> bool:
    """Return True: there are always raw columns and known outcomes."""
    return True


def fit(task: BreachTask) -> RawTrees:
    """Fit on the subjects whose outcome is known."""
    labelled = task.labelled
    columns = {name: column[labelled] for name, column in task.rows.columns.items()}
    return RawTrees.learned(columns, task.label[labelled], task.label_weight[labelled])


def load(state: ModelState) -> RawTrees:
    """Build a stored estimator again."""
    columns = RawColumns.from_json(state.values["columns"])
    return RawTrees(Booster.from_text(state.files["trees.txt"]), columns)
