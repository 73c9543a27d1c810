"""Boosted trees on raw columns, alone or beside the features, taught by known outcomes."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from features.engine.feature_set import Columns
from models.boosters import Booster, TreeSettings
from models.breach.contract import BreachEstimator, Contribution
from models.estimator import Batch, ModelState
from models.raw_columns.table import RawColumns
from models.time_grid import ResolveChances

SETTINGS = TreeSettings(
    rounds=150, learning_rate=0.04, leaves=15, smallest_leaf=40, columns_share=0.5
)
_CATEGORY_SMOOTHING = 20.0
_FILE = "trees.txt"


class TreesName(NamedTuple):
    """Names of an estimator.

    Attributes:
        kind: Name in reports.
        stored_as: Name of the file that loads it.
    """

    kind: str
    stored_as: str


class ColumnTrees(BreachEstimator):
    """Trees on raw columns.

    Args:
        booster: The trees.
        columns: The columns that they read.
        name: Its names.
        reads_features: Whether they read the features too.
    """

    def __init__(
        self,
        booster: Booster,
        columns: RawColumns,
        name: TreesName,
        *,
        reads_features: bool,
    ) -> None:
        self.kind, self.stored_as = name
        self.reads_features = reads_features
        self._booster, self._columns = booster, columns

    @classmethod
    def fit(
        cls,
        columns: Columns,
        dense: np.ndarray | None,
        *,
        label: np.ndarray,
        weight: np.ndarray,
        settings: TreeSettings,
        name: TreesName,
    ) -> Self:
        """Fit on n known outcomes.

        Args:
            columns: Raw columns of n subjects.
            dense: (n, features) to read too; None for the columns alone.
            label: 1 breached, 0 not.
            weight: n weights.
            settings: How the trees learn.
            name: Its names.
        """
        read = RawColumns.of(columns)
        booster = Booster.fit(
            _table(read, columns, dense),
            label,
            settings,
            weight=weight,
            words=read.word_columns,
            objective="binary",
            cat_smooth=_CATEGORY_SMOOTHING,
        )
        reads_features = dense is not None
        return cls(booster, read, name, reads_features=reads_features)

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach; times are not read."""
        return self.of_columns(rows.columns, rows.matrix.dense if self.reads_features else None)

    def of_columns(self, columns: Columns, dense: np.ndarray | None = None) -> np.ndarray:
        """Return n chances of a breach.

        Args:
            columns: Raw columns of n subjects.
            dense: (n, features) where the trees read them.
        """
        if len(columns["detected_at"]) == 1:
            row = self._columns.single_row(columns)
            return self._booster.predict_row(row if dense is None else np.append(row, dense[0]))
        return self._booster.predict_table(_table(self._columns, columns, dense))[:, 0]

    def contributions(self, rows: Batch, meanings: Sequence[str]) -> list[Contribution]:
        """Return the contributions of the columns, a text with its value, and of the features."""
        dense = rows.matrix.dense if self.reads_features else None
        values = self._booster.contributions(_table(self._columns, rows.columns, dense))[0, :-1]
        inputs = [*self._columns.meanings(rows.columns), *(meanings if self.reads_features else ())]
        return list(map(Contribution, inputs, values.tolist()))

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each column, and of each feature where they are read."""
        inputs = [*self._columns.names, *(names if self.reads_features else ())]
        return self._booster.importance_by_name(inputs)

    def to_json(self) -> ModelState:
        """Return the columns and the booster."""
        values = {"columns": self._columns.to_json(), "reads_features": self.reads_features}
        return ModelState(values, {_FILE: self._booster.to_text()})

    @classmethod
    def from_state(cls, state: ModelState, name: TreesName) -> Self:
        """Build from what `to_json` gave."""
        return cls(
            Booster.from_text(state.files[_FILE]),
            RawColumns.from_json(state.values["columns"]),
            name,
            reads_features=state.values["reads_features"],
        )


def _table(read: RawColumns, columns: Columns, dense: np.ndarray | None) -> np.ndarray:
    table = read.table(columns)
    return table if dense is None else np.hstack([table, dense])
