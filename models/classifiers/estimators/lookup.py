"""Lookup by the class as raised at first: how often each class followed each value. A baseline.

It is hard to beat where people route well. `lookup_reason_code` and `majority` count likewise.
"""

import numpy as np

from features.engine.event_log import LogRows
from models.classifiers.contract import ClassEstimator, ClassTask
from models.estimator import Batch, ModelState

NAME, IS_BASELINE = "lookup", True
_PRIOR_ROWS = 1.0
"""Imaginary rows at the overall shares, for each value of the column."""


class LookupClassifier(ClassEstimator):
    """Log shares of the classes by the value of one column.

    Args:
        column: The column; empty for the majority, the same shares for all.
        prior: Shares for a value that is not in the table.
        table: For each value the shares of the classes.
    """

    stored_as = NAME

    def __init__(self, column: str, prior: np.ndarray, table: dict[str, np.ndarray]) -> None:
        self.column, self.prior, self.table = column, prior, table
        self.kind = f"lookup by {column}" if column else "majority"

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log shares; the prior's for a new value."""
        column = rows.columns.get(self.column, np.full(rows.n, None, object))
        return np.log(np.stack([self.table.get(value, self.prior) for value in column]))

    def to_json(self) -> ModelState:
        """Return plain values."""
        table = {word: share.tolist() for word, share in self.table.items()}
        values = {"column": self.column, "prior": self.prior.tolist(), "table": table}
        return ModelState(values, {})


def suits(task: ClassTask) -> bool:
    """Return whether the rows have the class as raised at first."""
    return bool(task.first_column) and task.first_column in task.rows.columns


def fit(task: ClassTask) -> LookupClassifier:
    """Count the classes by the class as raised at first."""
    return count_by(task, task.first_column)


def load(state: ModelState, _names: list[str], _past: LogRows | None) -> LookupClassifier:
    """Build a stored table again."""
    values = state.values
    table = {word: np.array(share) for word, share in values["table"].items()}
    return LookupClassifier(values["column"], np.array(values["prior"]), table)


def count_by(task: ClassTask, column: str) -> LookupClassifier:
    """Count the classes by the value of a column."""
    values = task.rows.columns[column]
    present = np.array([value is not None for value in values])
    words, row = np.unique(values[present].astype(str), return_inverse=True)
    counts = np.zeros((len(words), len(task.prior)))
    np.add.at(counts, (row, task.code[present]), 1.0)
    counts += _PRIOR_ROWS * task.prior
    shares = counts / counts.sum(axis=1, keepdims=True)
    return LookupClassifier(column, task.prior, dict(zip(map(str, words), shares, strict=True)))
