"""Lookup by reason code: how often each class followed each code. A baseline."""

from models.classifiers.contract import ClassTask
from models.classifiers.estimators import lookup

NAME, IS_BASELINE = "lookup_reason_code", True
COLUMN = "reason_code"
load = lookup.load


def suits(task: ClassTask) -> bool:
    """Return whether the rows have a reason code that `lookup` does not read."""
    return COLUMN in task.rows.columns and task.first_column != COLUMN


def fit(task: ClassTask) -> lookup.LookupClassifier:
    """Count the classes by reason code."""
    return lookup.count_by(task, COLUMN)
