"""All that a replay of one period plays with, and the playing of many rules in many worlds."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from data.policy.policy import Policy
from data.ticks import MS_PER_HOUR, MS_PER_MINUTE
from training.common.run import Progress
from training.queue_replay.analysis.costs import CostModel, CostSummary, tally
from training.queue_replay.analysis.rank_stability import top_changes
from training.queue_replay.rules.inputs import PricedPredictions, RuleInputs, RuleSettings
from training.queue_replay.rules.registry import Rule
from training.queue_replay.simulator.simulator import play
from training.queue_replay.workload.workload import Scenario, Workload

Tallies = dict[str, list[CostSummary]]
ATC_LOOK_AHEAD = 2.0
"""k of ATC, in mean touch times: what its authors found best at middling loads."""
AT_ONCE = 2


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

    work: Workload
    worlds: list[Scenario]
    opinions: PricedPredictions
    terms: RuleSettings
    ledger: CostModel
    moments: np.ndarray

    def known(self, world: Scenario) -> RuleInputs:
        """Return the inputs of the rules in one scenario."""
        return RuleInputs(self.work, world, self.opinions, self.terms)

    def play(self, rule: Rule, world: Scenario) -> CostSummary:
        """Play one rule in one world, and charge it."""
        order = rule.order(self.known(world))
        played = play(self.work, world, order)
        restless = top_changes(self.work, order, played, self.moments)
        return tally(self.work, world, played, self.ledger, restless)

    def lighter(self, worlds: int) -> Self:
        """Return the same with only the first worlds, and nobody looking at lists."""
        return replace(self, worlds=self.worlds[:worlds], moments=self.moments[:0])


def play_all(scene: Experiment, rules: Mapping[str, Rule], progress: Progress) -> Tallies:
    """Play every rule in every world, two at a time; the order of the answers is always the same.

    Only the tallies are kept: what came of each exception is forgotten as soon as it is counted.
    """
    jobs = [(name, world) for world in scene.worlds for name in rules]
    found: Tallies = {name: [] for name in rules}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tallies = pool.map(lambda job: scene.play(rules[job[0]], job[1]), jobs)
        for done, ((name, _), each) in enumerate(zip(jobs, tallies, strict=True), 1):
            found[name].append(each)
            progress(f"Played {name}: {done:,} of {len(jobs):,}")
    return found


def terms_of(policy: Policy, work: Workload) -> RuleSettings:
    """Read from the policy what rules are set to."""
    hours = policy.handling
    mean_touch = float(work.touch_ms.mean()) / MS_PER_HOUR
    return RuleSettings(
        look_ahead_hours=policy.guards.look_ahead_minutes / 60,
        atc_hours=ATC_LOOK_AHEAD * mean_touch,
        deadline_hours=hours.deadline_hours,
        oldest_hours=policy.guards.oldest_days * 24,
    )


def in_slots(
    work: Workload, opinions: PricedPredictions, terms: RuleSettings
) -> tuple[PricedPredictions, RuleSettings]:
    """Return opinions and terms for work that is played in slots that are no working hours.

    A slot holds one piece of work, whatever the clock says. So an hour of work is worth as much
    time in slots as the work of an hour fills there.
    """
    shrunk = float(work.touch_ms.mean() / MS_PER_MINUTE / opinions.touch_p50_minutes.mean())
    seen = replace(
        opinions,
        touch_p50_minutes=opinions.touch_p50_minutes * shrunk,
        touch_p90_minutes=opinions.touch_p90_minutes * shrunk,
        waiting_cost_per_hour=opinions.waiting_cost_per_hour / shrunk,
    )
    return seen, replace(terms, look_ahead_hours=terms.look_ahead_hours * shrunk)


def stack(tallies: Sequence[CostSummary], name: str) -> np.ndarray:
    """Return one column of the tallies of a rule as (worlds, days)."""
    return np.stack([getattr(each, name) for each in tallies])
