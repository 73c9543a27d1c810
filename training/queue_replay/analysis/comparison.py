"""Comparison of the simulated costs of all rules, with intervals."""

from dataclasses import asdict, dataclass

import numpy as np

from data.domain import Json
from training.common.measures import Figure
from training.queue_replay.analysis.bootstrap import Bootstrap
from training.queue_replay.analysis.costs import CostSummary, ExceptionGroups
from training.queue_replay.analysis.experiment import CostSummaries, Experiment, stack
from training.queue_replay.rules.registry import all_rules


@dataclass(frozen=True)
class RuleComparison:
    """Costs of all rules in one experiment, over the same bootstrap of days and scenarios."""

    experiment: Experiment
    summaries: CostSummaries
    bootstrap: Bootstrap

    @classmethod
    def of(cls, experiment: Experiment, summaries: CostSummaries, seed: int) -> "RuleComparison":
        """Draw the bootstrap, the same for the same seed."""
        bootstrap = Bootstrap.of(len(experiment.scenarios), experiment.cost_model.days, seed)
        return cls(experiment, summaries, bootstrap)

    def money(self, rule: str) -> np.ndarray:
        """Return the money that a rule lost, as (scenarios, days)."""
        return stack(self.summaries[rule], "money")

    def total(self, rule: str) -> Figure:
        """Return the money that a rule lost in all."""
        return self.bootstrap.total(self.money(rule))

    def saved(self, rule: str, against: str) -> Figure:
        """Return what a rule saves against another."""
        return self.bootstrap.total(self.money(against) - self.money(rule))

    def gap_closed(self, rule: str) -> Figure | None:
        """Return the share of the gap from first in, first out to the oracle that is closed."""
        fifo = self.money("fifo")
        return self.bootstrap.share(fifo - self.money(rule), fifo - self.money("oracle"))

    def by_rule(self) -> Json:
        """Return all measures of all rules."""
        return {name: self._rule(name) for name in self.summaries}

    def _rule(self, name: str) -> Json:
        summaries, bootstrap, money = self.summaries[name], self.bootstrap, self.money(name)
        waiting = stack(summaries, "waiting_cost")
        closed = self.gap_closed(name)
        return {
            "words": all_rules()[name].words,
            "money_lost": asdict(bootstrap.total(money)),
            "breaches": asdict(bootstrap.total(stack(summaries, "lost"))),
            "waiting_cost": asdict(bootstrap.total(waiting)),
            "cost": asdict(bootstrap.total(money + waiting)),
            "saved_against_history": asdict(self.saved(name, "history")),
            "saved_against_fifo": asdict(self.saved(name, "fifo")),
            "gap_closed": asdict(closed) if closed else None,
            "wait_p95_hours": mean_of(summaries, "wait_p95_hours"),
            "slowest_lost_share": mean_of(summaries, "slowest_lost_share"),
            "slowest_stake_ratio": mean_of(summaries, "slowest_stake_ratio"),
            "age_p95_hours": mean_of(summaries, "age_p95_hours"),
            "age_max_hours": mean_of(summaries, "age_max_hours"),
            "top_20_changes_an_hour": mean_of(summaries, "top_changes"),
            "starved": self._starved(summaries),
        }

    def _starved(self, summaries: list[CostSummary]) -> Json:
        """Return the share of each group with a long wait until work began."""
        shares_by_grouping = {}
        for grouping, group in self.experiment.cost_model.groups.items():
            count = np.mean([summary.starved_by_group[grouping] for summary in summaries], axis=0)
            shares = count / np.maximum(group.size, 1)
            shares_by_grouping[grouping] = dict(zip(group.names, shares.tolist(), strict=True))
        return shares_by_grouping

    def by_group(self, grouping: str, rule: str, against: str) -> list[Json]:
        """Return for each group the money lost under two rules, and what the first saves."""
        own, baseline = (
            np.stack([summary.money_by_group[grouping] for summary in self.summaries[name]])
            for name in (rule, against)
        )
        group: ExceptionGroups = self.experiment.cost_model.groups[grouping]
        rows = []
        for k, (name, size) in enumerate(zip(group.names, group.size.tolist(), strict=True)):
            rows.append(
                {
                    "name": name,
                    "exceptions": size,
                    "money_lost": float(own[:, :, k].sum(axis=1).mean()),
                    "money_lost_before": float(baseline[:, :, k].sum(axis=1).mean()),
                    "saved": asdict(self.bootstrap.total((baseline - own)[:, :, k])),
                }
            )
        return rows

    def curve(self, rule: str) -> list[float]:
        """Return the money lost up to the end of each day, and at last with all later days."""
        by_day = np.mean([summary.money_by_loss_day for summary in self.summaries[rule]], axis=0)
        return np.cumsum(by_day).tolist()


def mean_of(summaries: list[CostSummary], name: str) -> float | None:
    """Return the mean of a figure over the scenarios; None if it is NaN in all of them."""
    values = np.array([getattr(summary, name) for summary in summaries])
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else None
