"""Queueing rules that a replay compares: each orders the same visits, by their predictions."""

import numpy as np

from data.ticks import MINUTES_PER_HOUR, MISSING_TICK, MS_PER_HOUR, NEVER
from models.loss_curve import CURVE_AGES_HOURS, ages_of
from models.ranking.inputs import touch_spread
from models.ranking.pricing import KNOT_GAPS_HOURS
from training.queue_replay.rules.inputs import RuleInputs
from training.queue_replay.rules.registry import RuleKind, rule
from training.queue_replay.simulator.priority import ARRIVAL, ATC, EXPEDITE, FIXED, QueueOrder


@rule("history", words="As it was worked", kind=RuleKind.RECORDED, benchmark=True, colour="#8a8f98")
def _as_recorded(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, inputs.workload.started_at)


@rule("fifo", words="First come, first served", benchmark=True, colour="#b07d2b")
def _first_come_first_served(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, inputs.workload.detected_at, kind=ARRIVAL)


@rule("edd", words="Earliest deadline first")
def _earliest_due_date(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, inputs.due_at)


@rule("least_slack", words="Least slack first")
def _least_slack(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, _slack_hours(inputs))


@rule(
    "edd_lost_last",
    words="Earliest deadline first, lost work last",
    benchmark=True,
    colour="#4f9bd9",
)
def _earliest_due_date_lost_last(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, inputs.due_at, lost_last=True)


@rule("least_slack_lost_last", words="Least slack first, lost work last")
def _least_slack_lost_last(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, _slack_hours(inputs), lost_last=True)


@rule("static_priority", words="By the priority as set")
def _static_priority(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, inputs.predictions.priority)


@rule("value", words="Highest value first")
def _value(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, -inputs.predictions.loss)


@rule("risk", words="Highest risk first")
def _risk(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, -inputs.predictions.p_breach)


@rule("risk_x_value", words="Risk times value, lost work last", benchmark=True, colour="#a06cd5")
def _risk_times_value(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(
        inputs, -inputs.predictions.p_breach * inputs.predictions.loss, lost_last=True
    )


@rule("value_per_hour", words="Highest value for an hour of work")
def _value_per_hour(inputs: RuleInputs) -> QueueOrder:
    return order_by_key(inputs, -inputs.predictions.loss / inputs.predictions.touch_p50_minutes)


@rule("atc", words="Value, slack and work weighed (ATC)")
def _apparent_tardiness_cost(inputs: RuleInputs) -> QueueOrder:
    return order_by_score(inputs, inputs.predictions.loss)._replace(
        kind=ATC,
        due_hours=inputs.hours_of_team(inputs.due_at),
        look_ahead_hours=inputs.settings.atc_hours,
    )


@rule("ours", words="Expedite", kind=RuleKind.EXPEDITE, colour="#1f9d6b")
def _expedite(inputs: RuleInputs) -> QueueOrder:
    return order_by_score(inputs, inputs.predictions.loss)


@rule(
    "ours_predicted_class",
    words="Expedite, by the likeliest category alone",
    kind=RuleKind.EXPEDITE,
)
def _expedite_by_likeliest_category(inputs: RuleInputs) -> QueueOrder:
    return order_by_score(inputs, inputs.predictions.loss_of_likeliest)


def order_by_score(inputs: RuleInputs, loss: np.ndarray) -> QueueOrder:
    """Return the order of Expedite's rule.

    Args:
        inputs: Inputs of the rule.
        loss: n amounts of money that the score weighs.
    """
    workload, predictions = inputs.workload, inputs.predictions
    median, sigma = touch_spread(predictions.touch_p50_minutes, predictions.touch_p90_minutes)
    undated = (predictions.due_at == MISSING_TICK)[workload.visit_of]
    rows = np.flatnonzero(undated)
    ages_ms = (ages_of(predictions.curve_scale) * MS_PER_HOUR).astype(np.int64)
    ages = workload.detected_at[:, None] + ages_ms
    mean_touch = median * np.exp(sigma**2 / 2)
    return QueueOrder(
        kind=EXPEDITE,
        key=(-predictions.waiting_cost_per_hour / mean_touch)[workload.visit_of],
        lost_from=inputs.lost_from,
        look_ahead_hours=inputs.settings.look_ahead_hours,
        old_hours=inputs.hours_of_team(inputs.old_at),
        due_hours=np.where(undated, np.nan, inputs.hours_of_team(inputs.due_at)),
        ages_hours=inputs.hours_of_team(ages, rows) + KNOT_GAPS_HOURS,
        ages_of=np.where(undated, np.cumsum(undated) - 1, 0),
        late_share=predictions.late_share,
        late_hours=predictions.late_hours[workload.visit_of] * inputs.open_shares,
        loss=loss,
        curve=np.ascontiguousarray(predictions.curve),
        touch_hours=median,
        sigma=sigma,
        waiting=predictions.waiting_cost_per_hour,
    )


def order_by_key(
    inputs: RuleInputs, key: np.ndarray, *, kind: int = FIXED, lost_last: bool = False
) -> QueueOrder:
    """Return an order by keys that do not change, the lowest first.

    Args:
        inputs: Inputs of the rule.
        key: n keys of exceptions, or m keys of visits.
        kind: `FIXED`, or `ARRIVAL` for the order in which visits reach the team.
        lost_last: Put exceptions last once their deadline has passed.
    """
    n, empty = len(inputs.workload.ids), np.zeros(0)
    by_visit = key if len(key) != n or kind == ARRIVAL else key[inputs.workload.visit_of]
    curve = np.zeros((0, len(CURVE_AGES_HOURS)))
    return QueueOrder(
        kind=kind,
        key=by_visit.astype(np.float64),
        lost_from=inputs.lost_from if lost_last else np.full(n, NEVER),
        look_ahead_hours=0.0,
        old_hours=empty,
        due_hours=empty,
        ages_hours=curve,
        ages_of=np.zeros(0, np.int64),
        late_share=empty,
        late_hours=empty,
        loss=empty,
        curve=curve,
        touch_hours=empty,
        sigma=empty,
        waiting=empty,
    )


def _slack_hours(inputs: RuleInputs) -> np.ndarray:
    touch_hours = inputs.predictions.touch_p50_minutes / MINUTES_PER_HOUR
    return inputs.hours_of_team(inputs.due_at) - touch_hours[inputs.workload.visit_of]
