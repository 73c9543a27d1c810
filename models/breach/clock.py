"""Chance of a breach read from times: the breach clock at each time to resolve."""

import numpy as np

from features.engine.columns import hours_between
from features.engine.feature_set import Columns
from models.breach.breach_label import BreachByLateness
from models.time_grid import ResolveChances

GROUP_COLUMN = "severity"


def due_hours(columns: Columns) -> np.ndarray:
    """Return hours from detection to the deadline, NaN where none is known."""
    return hours_between(columns["detected_at"], columns["due_at"])


def breach_groups(columns: Columns) -> np.ndarray:
    """Return the group of the breach clock: the severity as raised."""
    return np.array([s or "" for s in columns[GROUP_COLUMN]], object)


def breach_by_resolve_time(
    breach_label: BreachByLateness, columns: Columns, chances: ResolveChances
) -> np.ndarray:
    """Return n chances of a breach for the chances of being resolved in each interval."""
    hours = chances.grid.points
    breached = breach_label.chance(breach_groups(columns), hours, due_hours(columns))
    return (chances.mass * chances.grid.mean_of_points(breached)).sum(axis=1)
