"""Replay of a queue: the simulated costs of other orders of work, on a company's own history."""

from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.domain import Json, NotEnoughDataError
from data.history.history import History
from data.ticks import MS_PER_HOUR
from training.common.run import Progress
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.analysis.experiment import Experiment, simulate_all
from training.queue_replay.analysis.lower_bound import bound_windows
from training.queue_replay.analysis.recorded_losses import RecordedLosses
from training.queue_replay.analysis.sensitivity import (
    Stress,
    compare_under_stress,
    stresses,
    vary_people,
)
from training.queue_replay.analysis.summary import headline
from training.queue_replay.analysis.validation import validate
from training.queue_replay.plan import STRESS, TIMED, ReplayPlan, ReplaySpec, prepare_replay
from training.queue_replay.rules.registry import all_rules, benchmark_rules
from training.queue_replay.simulator.simulator import simulate
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.slots import TouchAssumption
from training.queue_replay.workload.workload import Workload
from training.triage.rolling.predictions import MAX_TRAINING_EXCEPTIONS

MAX_STRESS_SCENARIOS = 3


def replay(history: History, spec: ReplaySpec, progress: Progress, *, stress: bool) -> Json:
    """Replay a period: validate by the historical order first; if it holds, compare all rules.

    Args:
        history: The order history.
        spec: Specification of the replay.
        progress: Receives a line at each step.
        stress: Also simulate more work, fewer people and misstated prices.

    Raises:
        NotEnoughDataError: No exception was detected in the period.
        BadInputError: The history records no touch times, and no assumption is made.
    """
    plan = prepare_replay(history, spec, progress)
    summary = _describe_replay(history, plan)
    progress("Playing the historical order first")
    history_check = _check_history(plan.experiment, plan.log)
    summary["history"] = history_check.summary
    if history_check.refusal:
        return {"headline": [history_check.refusal], "savings_told": False} | summary
    experiment, seed = plan.experiment, spec.seed
    comparison = RuleComparison.of(
        experiment, simulate_all(experiment, all_rules(), progress), seed
    )
    currency = spec.policy.currency
    recorded = RecordedLosses.of(plan.log, experiment.workload)
    lines = headline(comparison, recorded, currency)
    report = {"headline": lines, "savings_told": True} | summary
    report["money"] = recorded.beside(comparison)
    report |= _compare_rules(comparison)
    report["assumptions"] = [
        _alternative_report(plan, touch, progress) for touch in plan.alternatives
    ]
    if stress:
        report |= _stress_report(plan, comparison, progress)
    return report


class HistoryCheck(NamedTuple):
    """Validation by the historical order.

    Attributes:
        summary: Its checks and its conclusion, for the report.
        refusal: Reason for which no savings are reported; "" if the order is reproduced.
    """

    summary: Json
    refusal: str


def _check_history(experiment: Experiment, log: HandlingLog) -> HistoryCheck:
    """Simulate the historical order, and compare it with the record."""
    order = all_rules()["history"].order
    results = [
        simulate(experiment.workload, scenario, order(experiment.rule_inputs(scenario)))
        for scenario in experiment.scenarios
    ]
    try:
        validation = validate(
            experiment.workload, experiment.scenarios, results, log.recorded_until
        )
    except NotEnoughDataError as error:
        refusal = f"No savings are shown, since the record can't be checked: {error}"
        return HistoryCheck({"verdict": str(error), "compared": []}, refusal)
    checks = [check.to_json for check in validation.checks]
    summary = {"verdict": validation.conclusion, "compared": checks}
    return HistoryCheck(summary, "" if validation.holds else validation.conclusion)


def _compare_rules(comparison: RuleComparison) -> Json:
    cost_model, rules = comparison.experiment.cost_model, all_rules()
    listed = [name for name, rule in rules.items() if rule.listed]
    closed = comparison.gap_closed("ours")
    first = pd.Timestamp(cost_model.first_day, unit="D")
    days = pd.date_range(first, periods=cost_model.period_days).strftime("%Y-%m-%d").tolist()
    return {
        "savings": {
            "against": {name: asdict(comparison.saved("ours", name)) for name in benchmark_rules()},
            "gap_closed": asdict(closed) if closed else None,
        },
        "shown": listed,
        "rules": comparison.by_rule(),
        "by_team": comparison.by_group("team", "ours", "history"),
        "by_type": comparison.by_group("type", "ours", "history"),
        "by_segment": comparison.by_group("segment", "ours", "history"),
        "misprediction": [
            {"rule": name, "words": rule.knows, "worth": asdict(comparison.saved(name, "ours"))}
            for name, rule in rules.items()
            if rule.knows
        ],
        "curve": {"days": days, "money_lost": {name: comparison.curve(name) for name in listed}},
    }


def _stress_report(plan: ReplayPlan, comparison: RuleComparison, progress: Progress) -> Json:
    spec, few = plan.spec, min(MAX_STRESS_SCENARIOS, len(plan.experiment.scenarios))
    reduced = plan.experiment.reduced(few)
    usual = RuleComparison.of(
        reduced, {n: t[:few] for n, t in comparison.summaries.items()}, spec.seed
    )
    others = stresses(reduced, plan.predictions, spec.policy, spec.random(STRESS))
    return {
        "bound": bound_windows(reduced, spec.random(STRESS), progress),
        "people": vary_people(usual, spec.seed, progress) if spec.touch in TIMED else [],
        "stress": [compare_under_stress(other, spec.seed, progress) for other in others],
    }


def _alternative_report(plan: ReplayPlan, touch: TouchAssumption, progress: Progress) -> Json:
    """Compare the key rules under another assumption about touch time."""
    experiment = plan.alternatives[touch]
    reduced = experiment.reduced(min(MAX_STRESS_SCENARIOS, len(experiment.scenarios)))
    refusal = _check_history(reduced, plan.log).refusal
    if refusal:
        return {"touch": str(touch), "refused": refusal}
    stress = Stress(str(touch), str(touch), reduced)
    compared = compare_under_stress(stress, plan.spec.seed, progress)
    return compared | {"touch": str(touch), "refused": ""}


def _describe_replay(history: History, plan: ReplayPlan) -> Json:
    """Describe the workload, the models and the settings of the replay."""
    spec, workload = plan.spec, plan.experiment.workload
    return {
        "period": {"from": str(spec.begin), "to": str(spec.end)},
        "currency": spec.policy.currency,
        "work": {
            "exceptions": len(workload.ids),
            "waiting_at_the_start": int((workload.detected_at < plan.log.begin).sum()),
            "visits": len(workload.visit_of),
            "touch_hours": float(workload.touch_ms.sum()) / MS_PER_HOUR,
            "teams": [
                {"name": name, "people": int(hours.people.max(initial=0)), **_load(workload, code)}
                for code, (name, hours) in enumerate(
                    zip(workload.teams, workload.team_hours, strict=True)
                )
            ],
        },
        "models": [window.summary for window in plan.predictions],
        "made": {
            "history": history.fingerprint,
            "policy": spec.policy.label,
            "draws": spec.draws,
            "seed": spec.seed,
            "touch": str(spec.touch),
            "most_exceptions_learned_from": MAX_TRAINING_EXCEPTIONS,
            "long_wait_hours": plan.experiment.cost_model.long_wait_hours,
        },
    }


def _load(workload: Workload, code: int) -> Json:
    """Return the touch time of a team's visits, and its share of the time of its people."""
    hours, last = workload.team_hours[code], workload.detected_at.max()
    on_duty = np.minimum(hours.closes_at, last) - np.minimum(hours.opens_at, last)
    capacity_ms = float((on_duty * hours.people).sum())
    touch_ms = float(workload.touch_ms[workload.team == code].sum())
    return {
        "touch_hours": touch_ms / MS_PER_HOUR,
        "load": touch_ms / capacity_ms if capacity_ms else None,
    }
