"""Fit of the time to resolve on what was known before a moment."""

from typing import NamedTuple

import numpy as np

from models.estimator import Batch
from models.triage.resolve_time import RAW_SHARE, ConstantResolveTime, ResolveTime
from training.triage.fit import (
    MIN_ROWS_TO_FIT,
    PreparedExceptions,
    ResolveHours,
    TrainingRows,
    resolve_hours,
)

MIN_OLD_CASES = 50
"""Cases of a type that are old enough to tell whether their end is recorded."""
MIN_ENDLESS_SHARE = 0.2
"""Share of the old cases of a type that are open: from it on an open case tells nothing."""


class TimedRows(NamedTuple):
    """Exceptions that tell of the time to resolve.

    Attributes:
        rows: n exceptions.
        hours: Hours to resolved, or open so far.
        resolved: Whether it is resolved.
        weight: n weights.
    """

    rows: Batch
    hours: np.ndarray
    resolved: np.ndarray
    weight: np.ndarray


class ResolveModels(NamedTuple):
    """Fitted models of the time to resolve.

    Attributes:
        model: The model.
        baseline: Its baseline.
    """

    model: ResolveTime
    baseline: ConstantResolveTime


def fit_resolve(
    prepared: PreparedExceptions, learned: TrainingRows, raw_share: float = RAW_SHARE
) -> ResolveModels | None:
    """Fit the time to resolve and its baseline; None where resolutions are not recorded.

    Args:
        prepared: The exceptions.
        learned: What may be learned from.
        raw_share: Weight of the hazard by the raw columns.
    """
    if resolve_hours(prepared.dataset, learned).resolved.sum() < MIN_ROWS_TO_FIT:
        return None
    timed = timed_rows(prepared, learned)
    return ResolveModels(ResolveTime.fit(*timed, raw_share), ConstantResolveTime.fit(*timed))


def timed_rows(prepared: PreparedExceptions, learned: TrainingRows) -> TimedRows:
    """Return exceptions with their times; without open ones of types whose end is not recorded."""
    dataset = prepared.dataset
    hours, resolved = resolve_hours(dataset, learned)
    everything = TrainingRows.before(dataset, learned.tick)
    types = dataset.columns["type"]
    endless = endless_types(types[everything.rows], resolve_hours(dataset, everything))
    tells = resolved | np.array([name not in endless for name in types[learned.rows]], bool)
    rows = prepared.rows.take(learned.rows[tells])
    return TimedRows(rows, hours[tells], resolved[tells], learned.weight[tells])


def endless_types(types: np.ndarray, times: ResolveHours) -> set[str | None]:
    """Return the types of which the end of many cases is not recorded.

    An open case of them does not tell that it takes long. It is so where a fifth of the old cases
    of a type are open. Old cases are the resolved ones, and those open for longer than any of them.

    Args:
        types: n types.
        times: The times of all that was detected.
    """
    hours, resolved = times
    usual = float(np.median(hours[resolved])) if resolved.any() else 0.0
    endless = set()
    for name in set(types.tolist()):
        own = types == name
        ended = own & resolved
        limit = float(hours[ended].max()) if ended.any() else usual
        open_longer = int((own & ~resolved & (hours > limit)).sum())
        old = open_longer + int(ended.sum())
        if old >= MIN_OLD_CASES and open_longer >= MIN_ENDLESS_SHARE * old:
            endless.add(name)
    return endless
