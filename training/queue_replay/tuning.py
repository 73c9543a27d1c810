"""Tune the policy by replay: on one period, confirmed on a later one, or not at all.

Only a parameter of the method is tuned: how far the rule looks ahead. Prices, legal rules and the
largest age of an exception are decisions of the company.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from data.domain import BadInputError
from data.history.history import History
from data.policy.policy import Policy
from data.ticks import MINUTES_PER_HOUR
from training.common.measures import Figure
from training.common.run import Progress
from training.queue_replay.analysis.bootstrap import Bootstrap
from training.queue_replay.analysis.experiment import Experiment, simulate_all, stack
from training.queue_replay.plan import ReplaySpec, prepare_replay
from training.queue_replay.rules.inputs import RuleInputs
from training.queue_replay.rules.registry import Rule, all_rules
from training.queue_replay.simulator.priority import QueueOrder

LOOK_AHEAD_MINUTES = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0, 384.0)


@dataclass(frozen=True)
class TuningResult:
    """Result of tuning.

    Attributes:
        look_ahead_minutes: The best on the first period.
        cost: Cost of each value tried there: money lost and waiting.
        first: Saving of the best value there, against the policy's own.
        later: Its saving on the later period; None where the policy's own value was the best.
    """

    look_ahead_minutes: float
    cost: dict[float, float]
    first: Figure
    later: Figure | None

    @property
    def confirmed(self) -> bool:
        """Return True if the later period confirms it: better there, or at least no worse."""
        return self.later is not None and self.later.value >= 0

    @property
    def conclusion(self) -> str:
        """Return the conclusion in words."""
        if self.later is None:
            return "Nothing gained: what the policy says already is the best of all that was tried."
        effect = (
            f"Looking {self.look_ahead_minutes:g} minutes ahead saves {self.first.value:,.0f} on "
            f"the first period and {self.later.value:,.0f} on the later one "
            f"({self.later.low:,.0f} to {self.later.high:,.0f} with 95 % confidence)"
        )
        if self.later.low > 0:
            return f"{effect}: better beyond chance."
        if self.confirmed:
            return f"{effect}: no worse, but the difference may be chance."
        return f"Nothing gained: {effect}, so it was not borne out."

    @property
    def plain(self) -> dict[str, Any]:
        """All figures as plain values."""
        return {
            "verdict": self.conclusion,
            "confirmed": self.confirmed,
            "look_ahead_minutes": self.look_ahead_minutes,
            "cost": {f"{minutes:g}": cost for minutes, cost in self.cost.items()},
            "saved_first": asdict(self.first),
            "saved_later": asdict(self.later) if self.later else None,
        }


def tune(
    history: History, first: ReplaySpec, later: ReplaySpec, progress: Progress
) -> TuningResult:
    """Find the best look-ahead on one period, and test it on a later one.

    Raises:
        BadInputError: The later period begins before the first ends.
        NotEnoughDataError: No exception was detected in one of them.
    """
    if later.begin < first.end:
        cure = "Confirm on a period that the tuning has not seen."
        raise BadInputError("--confirm-from", "it is before --to", cure)
    own = first.policy.guards.look_ahead_minutes
    tried = sorted({own, *LOOK_AHEAD_MINUTES})
    costs = _costs(prepare_replay(history, first, progress).experiment, tried, progress)
    total = {minutes: float(cost.sum(axis=1).mean()) for minutes, cost in costs.items()}
    best = min(tried, key=lambda minutes: (total[minutes], minutes != own))
    gained = _saved(costs, best, own, first.seed)
    if best == own:
        return TuningResult(own, total, first=gained, later=None)
    again = _costs(prepare_replay(history, later, progress).experiment, [own, best], progress)
    confirmed = _saved(again, best, own, later.seed)
    return TuningResult(best, total, first=gained, later=confirmed)


def tuned_text(policy: Policy, tuned: TuningResult) -> str:
    """Return the text of the policy with the tuned value; comments stay."""
    minutes = f"{tuned.look_ahead_minutes:g}"
    text = re.sub(r"(?m)^(look_ahead_minutes\s*=\s*)[\d.]+", rf"\g<1>{minutes}", policy.text)
    return re.sub(r'(?m)^(version\s*=\s*"[^"]*)"', r'\1-tuned"', text, count=1)


def _costs(
    experiment: Experiment, tried: Sequence[float], progress: Progress
) -> dict[float, np.ndarray]:
    """Return the cost of each look-ahead, money lost and waiting, as (scenarios, days)."""
    rules = {f"{minutes:g} minutes ahead": _with_look_ahead(minutes) for minutes in tried}
    summaries = simulate_all(experiment.reduced(len(experiment.scenarios)), rules, progress)
    return {
        minutes: stack(of_rule, "money") + stack(of_rule, "waiting_cost")
        for minutes, of_rule in zip(tried, summaries.values(), strict=True)
    }


def _with_look_ahead(minutes: float) -> Rule:
    expedite = all_rules()["ours"]

    def order(inputs: RuleInputs) -> QueueOrder:
        settings = replace(inputs.settings, look_ahead_hours=minutes / MINUTES_PER_HOUR)
        return expedite.order(replace(inputs, settings=settings))

    return replace(expedite, order=order)


def _saved(costs: dict[float, np.ndarray], best: float, own: float, seed: int) -> Figure:
    saved = costs[own] - costs[best]
    scenarios, days = saved.shape
    return Bootstrap.of(scenarios, days, seed).total(saved)
