"""Majority: the shares of the classes, the same for each exception. A baseline."""

from models.classifiers.contract import ClassTask
from models.classifiers.estimators import lookup

NAME, IS_BASELINE = "majority", True
load = lookup.load


def suits(_task: ClassTask) -> bool:
    """Return True: shares serve any task."""
    return True


def fit(task: ClassTask) -> lookup.LookupClassifier:
    """Keep the shares."""
    return lookup.LookupClassifier("", task.prior, {})
