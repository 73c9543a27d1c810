"""All that a replay of one period plays with, and the playing of many rules in many worlds."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

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
    """One period: what came in, what was at stake in each world, what was known of it.

    Attributes:
        work: What came in, and who was there.
        worlds: Draws of what nobody recorded.
        opinions: What was known or predicted of each exception.
        terms: What the rules are set to.
        ledger: What a play is charged by.
        moments: Ticks at which the list is looked at, to see how restless it is.
    """

    workload: Workload
    scenarios: list[Scenario]
    predictions: PricedPredictions
    settings: RuleSettings
    cost_model: CostModel
    moments: np.ndarray

    def rule_inputs(self, scenario: Scenario) -> RuleInputs:
        """Return the inputs of the rules in one scenario."""
        return RuleInputs(self.workload, scenario, self.predictions, self.settings)

    def simulate(self, rule: Rule, scenario: Scenario) -> CostSummary:
        """Play one rule in one world, and charge it."""
        order = rule.order(self.rule_inputs(scenario))
        result = simulate(self.workload, scenario, order)
        changes = top_changes(self.workload, order, result, self.moments)
        return summarise_costs(self.workload, scenario, result, self.cost_model, changes)

    def reduced(self, scenarios: int) -> Self:
        """Return the same with only the first worlds, and nobody looking at lists."""
        return replace(self, scenarios=self.scenarios[:scenarios], moments=self.moments[:0])


def simulate_all(
    experiment: Experiment, rules: Mapping[str, Rule], progress: Progress
) -> CostSummaries:
    """Play every rule in every world, two at a time; the order of the answers is always the same.

    Only the tallies are kept: what came of each exception is forgotten as soon as it is counted.
    """
    jobs = [(name, scenario) for scenario in experiment.scenarios for name in rules]
    summaries: CostSummaries = {name: [] for name in rules}
    with ThreadPoolExecutor(MAX_THREADS) as pool:
        tallies = pool.map(lambda job: experiment.simulate(rules[job[0]], job[1]), jobs)
        for done, ((name, _), each) in enumerate(zip(jobs, tallies, strict=True), 1):
            summaries[name].append(each)
            progress(f"Played {name}: {done:,} of {len(jobs):,}")
    return summaries


def rule_settings(policy: Policy, workload: Workload) -> RuleSettings:
    """Read from the policy what rules are set to."""
    hours = policy.handling
    mean_touch = float(workload.touch_ms.mean()) / MS_PER_HOUR
    return RuleSettings(
        look_ahead_hours=policy.guards.look_ahead_minutes / 60,
        atc_hours=ATC_LOOK_AHEAD * mean_touch,
        deadline_hours=hours.deadline_hours,
        oldest_hours=policy.guards.oldest_days * 24,
    )


def in_slots(
    workload: Workload, predictions: PricedPredictions, settings: RuleSettings
) -> tuple[PricedPredictions, RuleSettings]:
    """Return opinions and terms for work that is played in slots that are no working hours.

    A slot holds one piece of work, whatever the clock says. So an hour of work is worth as much
    time in slots as the work of an hour fills there.
    """
    scale = float(workload.touch_ms.mean() / MS_PER_MINUTE / predictions.touch_p50_minutes.mean())
    scaled = replace(
        predictions,
        touch_p50_minutes=predictions.touch_p50_minutes * scale,
        touch_p90_minutes=predictions.touch_p90_minutes * scale,
        waiting_cost_per_hour=predictions.waiting_cost_per_hour / scale,
    )
    return scaled, replace(settings, look_ahead_hours=settings.look_ahead_hours * scale)


def stack(summaries: Sequence[CostSummary], name: str) -> np.ndarray:
    """Return one column of the tallies of a rule as (worlds, days)."""
    return np.stack([getattr(each, name) for each in summaries])
