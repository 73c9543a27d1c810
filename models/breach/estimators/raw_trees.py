"""Plain LightGBM on the raw columns, taught by known outcomes: the mark that others must reach."""

from typing import Any

import numpy as np

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

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach; times are not read."""
        table = self._columns.table(rows.columns)
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
    known = task.known
    rows: dict[str, Any] = {n: column[known] for n, column in task.rows.columns.items()}
    columns = RawColumns.of(rows)
    booster = Booster.fit(
        columns.table(rows),
        task.label[known],
        SETTINGS,
        weight=task.label_weight[known],
        words=columns.word_columns,
        objective="binary",
        cat_smooth=_CATEGORY_SMOOTHING,
    )
    return RawTrees(booster, columns)


def load(state: ModelState) -> RawTrees:
    """Build a stored estimator again."""
    columns = RawColumns.from_json(state.values["columns"])
    return RawTrees(Booster.from_text(state.files["trees.txt"]), columns)
