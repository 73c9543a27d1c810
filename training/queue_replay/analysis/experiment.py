"""Experiment: the inputs of the simulations of one period, and all rules in all scenarios."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from data.policy.policy import Policy
from data.ticks import MS_PER_HOUR, MS_PER_MINUTE
from training.common.run import Progress
from training.queue_replay.analysis.costs import CostModel, CostSummary, summarise_costs
from training.queue_replay.analysis.rank_stability import top_changes
from training.queue_replay.rules.inputs import PricedPredictions, RuleInputs, RuleSettings
from training.queue_replay.rules.registry import Rule
from training.queue_replay.simulator.simulator import simulate
from training.queue_replay.workload.workload import Scenario, Workload

CostSummaries = dict[str, list[CostSummary]]
ATC_LOOK_AHEAD = 2.0
"""k of ATC, in mean touch times: what its authors found best at middling loads."""
MAX_THREADS = 2


@dataclass(frozen=True)
class Experiment:
    """Inputs of the simulations of one period.

    Attributes:
        workload: The exceptions, their visits, and the hours of the teams.
        scenarios: Draws of the unrecorded facts.
        predictions: Priced predictions of each exception.
        settings: Parameters of the rules.
        cost_model: Prices and groupings of the costs.
        moments: Ticks at which the rank stability of the list is measured.
    """

    workload: Workload
    scenarios: list[Scenario]
    predictions: PricedPredictions
    settings: RuleSettings
    cost_model: CostModel
    moments: np.ndarray

    def rule_inputs(self, scenario: Scenario) -> RuleInputs:
        """Return the inputs of the rules in one scenario."""
        return RuleInputs(
            workload=self.workload,
            scenario=scenario,
            predictions=self.predictions,
            settings=self.settings,
        )

    def simulate(self, rule: Rule, scenario: Scenario) -> CostSummary:
        """Simulate one rule in one scenario, and summarise its costs."""
        order = rule.order(self.rule_inputs(scenario))
        result = simulate(self.workload, scenario, order)
        changes = top_changes(self.workload, order, result, self.moments)
        return summarise_costs(
            self.workload, scenario, result, self.cost_model, top_changes=changes
        )

    def reduced(self, scenarios: int) -> Self:
        """Return the same with only the first scenarios, and without rank stability."""
        return replace(self, scenarios=self.scenarios[:scenarios], moments=self.moments[:0])


def simulate_all(
    experiment: Experiment, rules: Mapping[str, Rule], progress: Progress
) -> CostSummaries:
    """Simulate every rule in every scenario, two at a time; the results have a fixed order.

    Only the cost summaries stay in memory, not the results of each exception.
    """
    jobs = [(name, scenario) for scenario in experiment.scenarios for name in rules]
    summaries: CostSummaries = {name: [] for name in rules}
    with ThreadPoolExecutor(MAX_THREADS) as pool:
        results = pool.map(lambda job: experiment.simulate(rules[job[0]], job[1]), jobs)
        for done, ((name, _), summary) in enumerate(zip(jobs, results, strict=True), 1):
            summaries[name].append(summary)
            progress(f"Played {name}: {done:,} of {len(jobs):,}")
    return summaries


def rule_settings(policy: Policy, workload: Workload) -> RuleSettings:
    """Read the parameters of the rules from the policy."""
    mean_touch = float(workload.touch_ms.mean()) / MS_PER_HOUR
    return RuleSettings(
        look_ahead_hours=policy.guards.look_ahead_minutes / 60,
        atc_hours=ATC_LOOK_AHEAD * mean_touch,
        deadline_hours=policy.handling.deadline_hours,
        oldest_hours=policy.guards.oldest_days * 24,
    )


class SlotInputs(NamedTuple):
    """Predictions and settings of the rules, in the time of slots."""

    predictions: PricedPredictions
    settings: RuleSettings


def in_slots(
    workload: Workload, predictions: PricedPredictions, settings: RuleSettings
) -> SlotInputs:
    """Scale predictions and settings to slots, which are shorter than the work in them.

    A slot holds one piece of work of any touch time. So hours of work are scaled by the mean length
    of a slot over the mean predicted touch time.
    """
    scale = float(workload.touch_ms.mean() / MS_PER_MINUTE / predictions.touch_p50_minutes.mean())
    scaled = replace(
        predictions,
        touch_p50_minutes=predictions.touch_p50_minutes * scale,
        touch_p90_minutes=predictions.touch_p90_minutes * scale,
        waiting_cost_per_hour=predictions.waiting_cost_per_hour / scale,
    )
    look_ahead_hours = settings.look_ahead_hours * scale
    return SlotInputs(scaled, replace(settings, look_ahead_hours=look_ahead_hours))


def stack(summaries: Sequence[CostSummary], name: str) -> np.ndarray:
    """Return one column of the summaries of a rule as (scenarios, days)."""
    return np.stack([getattr(summary, name) for summary in summaries])
