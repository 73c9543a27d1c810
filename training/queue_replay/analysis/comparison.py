"""Comparison of the simulated costs of all rules, with intervals."""

from dataclasses import asdict, dataclass

import numpy as np

from data.domain import Json
from training.common.measures import Figure
from training.queue_replay.analysis.bootstrap import Bootstrap
from training.queue_replay.analysis.costs import CostSummary, ExceptionGroups
from training.queue_replay.analysis.experiment import Experiment, Tallies, stack
from training.queue_replay.rules.registry import all_rules


@dataclass(frozen=True)
class RuleComparison:
    """The tallies of one scene, compared over the same draws of days and worlds."""

    scene: Experiment
    tallies: Tallies
    spread: Bootstrap

    @classmethod
    def of(cls, scene: Experiment, tallies: Tallies, seed: int) -> "RuleComparison":
        """Compare."""
        spread = Bootstrap.of(len(scene.worlds), scene.ledger.days, seed)
        return cls(scene, tallies, spread)

    def money(self, rule: str) -> np.ndarray:
        """Return the money that a rule lost, as (worlds, days)."""
        return stack(self.tallies[rule], "money")

    def total(self, rule: str) -> Figure:
        """Return the money that a rule lost in all."""
        return self.spread.total(self.money(rule))

    def saved(self, rule: str, against: str) -> Figure:
        """Return what a rule saves against another."""
        return self.spread.total(self.money(against) - self.money(rule))

    def gap_closed(self, rule: str) -> Figure | None:
        """Return the share of the gap from first in, first out to the oracle that is closed."""
        fifo = self.money("fifo")
        return self.spread.share(fifo - self.money(rule), fifo - self.money("oracle"))

    def by_rule(self) -> Json:
        """Return all measures of all rules."""
        return {name: self._rule(name) for name in self.tallies}

    def _rule(self, name: str) -> Json:
        tallies, spread, money = self.tallies[name], self.spread, self.money(name)
        waiting = stack(tallies, "waiting_cost")
        closed = self.gap_closed(name)
        return {
            "words": all_rules()[name].words,
            "money_lost": asdict(spread.total(money)),
            "breaches": asdict(spread.total(stack(tallies, "lost"))),
            "waiting_cost": asdict(spread.total(waiting)),
            "cost": asdict(spread.total(money + waiting)),
            "saved_against_history": asdict(self.saved(name, "history")),
            "saved_against_fifo": asdict(self.saved(name, "fifo")),
            "gap_closed": asdict(closed) if closed else None,
            "wait_p95_hours": mean(tallies, "wait_p95_hours"),
            "age_p95_hours": mean(tallies, "age_p95_hours"),
            "age_max_hours": mean(tallies, "age_max_hours"),
            "top_20_changes_an_hour": mean(tallies, "top_changes"),
            "starved": self._starved(tallies),
        }

    def _starved(self, tallies: list[CostSummary]) -> Json:
        """Return the share of each group that waited too long until somebody began."""
        found = {}
        for way, group in self.scene.ledger.groups.items():
            count = np.mean([each.starved_of[way] for each in tallies], axis=0)
            shares = count / np.maximum(group.size, 1)
            found[way] = dict(zip(group.names, shares.tolist(), strict=True))
        return found

    def by_group(self, way: str, rule: str, against: str) -> list[Json]:
        """Return for each group the money lost under two rules, and what the first saves."""
        ours, theirs = (
            np.stack([each.money_of[way] for each in self.tallies[name]])
            for name in (rule, against)
        )
        group: ExceptionGroups = self.scene.ledger.groups[way]
        rows = []
        for k, (name, size) in enumerate(zip(group.names, group.size.tolist(), strict=True)):
            rows.append(
                {
                    "name": name,
                    "exceptions": size,
                    "money_lost": float(ours[:, :, k].sum(axis=1).mean()),
                    "money_lost_before": float(theirs[:, :, k].sum(axis=1).mean()),
                    "saved": asdict(self.spread.total((theirs - ours)[:, :, k])),
                }
            )
        return rows

    def curve(self, rule: str) -> list[float]:
        """Return the money lost up to the end of each day, and last of all what came after."""
        when = np.mean([each.money_when for each in self.tallies[rule]], axis=0)
        return np.cumsum(when).tolist()


def mean(tallies: list[CostSummary], name: str) -> float | None:
    """Return the mean of a figure over the worlds; None where it is nowhere defined."""
    values = np.array([getattr(each, name) for each in tallies])
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else None
