"""Value of perfect information: Expedite's rule with the true value of one fact, or of all.

The gap between Expedite's rule and one of these is the cost of predicting that fact.
"""

from dataclasses import replace

import numpy as np

from data.ticks import MISSING_TICK, MS_PER_MINUTE, NEVER
from training.queue_replay.rules.inputs import RuleInputs
from training.queue_replay.rules.registry import RuleKind, rule
from training.queue_replay.rules.rules import order_by_score
from training.queue_replay.simulator.priority import QueueOrder

MIN_TOUCH_MINUTES = 1e-6
MIN_ORACLE_TOUCH_MINUTES = 0.01


@rule(
    "ours_true_loss",
    words="Expedite, with the true losses",
    kind=RuleKind.ONE_FACT,
    knows="how much each loss would cost",
)
def _true_loss(inputs: RuleInputs) -> QueueOrder:
    return order_by_score(inputs, inputs.scenario.loss)


@rule(
    "ours_true_moment",
    words="Expedite, with the true moments of loss",
    kind=RuleKind.ONE_FACT,
    knows="when each loss would come",
)
def _true_moment(inputs: RuleInputs) -> QueueOrder:
    return order_by_score(_with_true_moments(inputs), inputs.predictions.loss)


@rule(
    "ours_true_work",
    words="Expedite, with the true touch times",
    kind=RuleKind.ONE_FACT,
    knows="how much work each takes",
)
def _true_touch_time(inputs: RuleInputs) -> QueueOrder:
    predictions = inputs.predictions
    minutes = np.maximum(_touch_minutes(inputs), MIN_TOUCH_MINUTES)
    # The spread stays as predicted: with none, a score moves only in a deadline's last minutes.
    spread = predictions.touch_p90_minutes / predictions.touch_p50_minutes
    true = replace(predictions, touch_p50_minutes=minutes, touch_p90_minutes=minutes * spread)
    return order_by_score(replace(inputs, predictions=true), predictions.loss)


@rule(
    "oracle",
    words="Expedite, if it had known what would happen",
    kind=RuleKind.ORACLE,
    colour="#1f9d6b",
    knows="all of these",
)
def _oracle(inputs: RuleInputs) -> QueueOrder:
    """Return the order by the true time and amount of loss and touch time; it is no lower bound."""
    minutes = np.maximum(_touch_minutes(inputs), MIN_ORACLE_TOUCH_MINUTES)
    moments = _with_true_moments(inputs)
    true = replace(moments.predictions, touch_p50_minutes=minutes, touch_p90_minutes=minutes)
    return order_by_score(replace(moments, predictions=true), inputs.scenario.loss)


def _with_true_moments(inputs: RuleInputs) -> RuleInputs:
    lost_at, predictions = inputs.scenario.lost_at, inputs.predictions
    due_at = np.where(lost_at == NEVER, MISSING_TICK, lost_at)
    no_curve, whole = np.zeros_like(predictions.curve), np.ones(len(lost_at))
    moments = replace(predictions, due_at=due_at, curve=no_curve, late_share=whole)
    return replace(inputs, predictions=moments)


def _touch_minutes(inputs: RuleInputs) -> np.ndarray:
    workload = inputs.workload
    return np.bincount(workload.visit_of, workload.touch_ms, len(workload.ids)) / MS_PER_MINUTE
