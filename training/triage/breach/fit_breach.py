"""Fits of the chance of a breach on the data available before a moment."""

from collections.abc import Collection

import numpy as np

from models.breach.catalog import breach_estimators
from models.breach.contract import BreachEstimator, BreachTask
from models.triage.resolve_time import ResolveTime
from training.triage.breach.known_labels import label_weights
from training.triage.breach.soft_labels import breach_clock, soft_breach
from training.triage.fit import (
    MIN_ROWS_TO_FIT,
    PreparedExceptions,
    TrainingRows,
    resolve_hours,
)


def breach_task(
    prepared: PreparedExceptions, learned: TrainingRows, resolve: ResolveTime | None
) -> BreachTask | None:
    """Gather what the estimators of the chance of a breach learn from.

    Args:
        prepared: The exceptions.
        learned: What may be learned from.
        resolve: Time to resolve, which tells the chances of those still open; None without.

    Returns:
        None where too few breaches, or none of one kind, are known.
    """
    dataset, rows = prepared.dataset, prepared.rows.take(learned.rows)
    labelled = dataset.labels.breach_known(learned.tick)[learned.rows]
    label = np.where(labelled, dataset.labels.breached[learned.rows], np.nan)
    if labelled.sum() < MIN_ROWS_TO_FIT or len(np.unique(label[labelled])) < 2:
        return None
    clock = breach_clock(dataset, learned.tick) if resolve else None
    soft = None
    if clock and resolve:
        hours, resolved = resolve_hours(dataset, learned)
        soft = soft_breach(rows.columns, clock, resolve.chances(rows), hours, resolved)
    return BreachTask(
        rows=rows,
        label=label,
        label_weight=label_weights(dataset, learned.rows, learned.tick),
        soft_label=soft,
        weight=learned.weight,
        clock=clock,
        word_columns=prepared.words,
    )


def fit_breach(task: BreachTask, only: Collection[str] | None = None) -> dict[str, BreachEstimator]:
    """Fit the estimators that suit a task.

    Args:
        task: What they learn from.
        only: Names of those to fit; None for all.
    """
    return {
        name: file.fit(task)
        for name, file in breach_estimators().items()
        if file.suits(task) and (only is None or name in only)
    }
