"""Soft labels of breaches: a chance between 0 and 1 for each exception, open ones included.

A breach is recorded when a case is closed. At any moment the closed cases are the quick ones, so
hard labels teach that all is well. Here a resolved case counts with the chance of a breach at its
resolution time, and an open one with the chance given that it has lasted so long already.
"""

import numpy as np

from data.ticks import MS_PER_DAY, MS_PER_HOUR
from features.engine.feature_set import Columns
from models.breach.breach_label import DEADLINE_GROUP, BreachByLateness, ClosedExceptions, usual_lag
from models.breach.clock import breach_by_resolve_time, breach_groups, due_hours
from models.time_grid import ResolveChances
from training.triage.dataset import TriageDataset

MIN_ENDED_EXCEPTIONS = 200


def breach_clock(dataset: TriageDataset, tick: int) -> BreachByLateness | None:
    """Fit the breach clock on what had ended before a tick; None where too little is recorded."""
    labels, detected = dataset.labels, dataset.detected_at
    end = np.where(np.isnan(labels.ended_known_at), labels.resolved_known_at, labels.ended_known_at)
    ended = (end < tick) & labels.breach_known(tick)
    if ended.sum() < MIN_ENDED_EXCEPTIONS or len(np.unique(labels.breached[ended])) < 2:
        return None
    hours = (end - detected) / MS_PER_HOUR
    resolved = (labels.resolved_at - detected) / MS_PER_HOUR
    day = end // MS_PER_DAY
    lag = usual_lag(resolved[ended], hours[ended], day[ended])
    due = due_hours(dataset.columns)
    has_due = ~np.isnan(due)
    group = np.where(has_due, DEADLINE_GROUP, breach_groups(dataset.columns))
    clock = np.where(has_due, hours - due, hours)
    return BreachByLateness.fit(
        ClosedExceptions(group[ended], clock[ended], labels.breached[ended] > 0.5), lag
    )


def soft_breach(
    columns: Columns,
    clock: BreachByLateness,
    times: ResolveChances,
    hours: np.ndarray,
    resolved: np.ndarray,
) -> np.ndarray:
    """Return n chances of a breach as known.

    Args:
        columns: The exceptions as raised.
        clock: Chance by time to resolve.
        times: Predicted chances of being resolved in each interval.
        hours: Hours to resolved, or open so far.
        resolved: Whether it is resolved.
    """
    soft = clock.chance(breach_groups(columns), hours[:, None], due_hours(columns))[:, 0]
    still_open = np.flatnonzero(~resolved)
    if len(still_open):
        part = {name: columns[name][still_open] for name in ("severity", "due_at", "detected_at")}
        left = times.take(still_open).still_open(hours[still_open])
        soft[still_open] = breach_by_resolve_time(clock, part, left)
    return soft
