"""One replay from beginning to end: read, play with each seed, compare with perfect foresight."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data.history.history import History
from training.common.run import Progress
from training.stock_replay import report as stock_replay_report
from training.stock_replay.opening_stock import OpeningStock, assumed_opening, read_opening
from training.stock_replay.policies import RECENT, SEEDED, known_policy, policy_of
from training.stock_replay.scenario import StockScenario
from training.stock_replay.simulator import Episode, StockReplayTerms, play


@dataclass(frozen=True)
class StockReplaySpec:
    """Specification of a stock replay.

    Attributes:
        opening: CSV file of the stock at the start; None to assume it.
        begin: Start of the first scored period.
        periods: How many are scored.
        terms: Costs and lead.
        policy: Its name.
        seeds: One episode each, for a policy that draws anything.
        fits: How many fits are averaged for one forecast.
    """

    opening: Path | None
    begin: pd.Timestamp
    periods: int
    terms: StockReplayTerms
    policy: str
    seeds: Sequence[int]
    fits: int = 1


@dataclass(frozen=True)
class StockReplayResult:
    """Result of a stock replay."""

    asked: StockReplaySpec
    scene: StockScenario
    stock: OpeningStock
    episodes: dict[int, Episode]
    oracle: Episode

    @property
    def report(self) -> dict[str, Any]:
        """The report, as plain values."""
        asked, first = self.asked, next(iter(self.episodes.values()))
        wait = asked.terms.lead_periods - 1
        decided = (first.holding_cost + first.shortage_cost)[:, :wait].sum()
        return {
            "policy": asked.policy,
            "opening": str(asked.opening) if asked.opening else "assumed",
            "fits": asked.fits if asked.policy in SEEDED else None,
            "from": str(self.scene.periods[0]),
            "periods": asked.periods,
            "lead_periods": asked.terms.lead_periods,
            "holding": asked.terms.holding,
            "shortage": asked.terms.shortage,
            "series": len(self.scene.series),
            "series_without_opening_stock": self.stock.missing,
            "series_that_came_later": self.scene.appeared,
            "series_periods_not_scored": self.scene.not_scored,
            "figures": stock_replay_report.spread(list(self.episodes.values())),
            "oracle": stock_replay_report.figures(self.oracle),
            "cost_before_any_order_arrives": float(decided),
            "seeds": [self._of_seed(seed, one) for seed, one in self.episodes.items()],
            "oracle_by_period": stock_replay_report.by_period(self.oracle, self.scene.periods),
        }

    def _of_seed(self, seed: int, episode: Episode) -> dict[str, Any]:
        rows = stock_replay_report.by_period(episode, self.scene.periods)
        return {"seed": seed, **stock_replay_report.figures(episode), "by_period": rows}

    def draw(self, path: Path) -> None:
        """Draw the first seed's episode."""
        seed, episode = next(iter(self.episodes.items()))
        title = f"{self.asked.policy}, seed {seed}: cost {episode.cost:,.0f}"
        stock_replay_report.draw(path, episode, self.oracle, self.scene.periods, title)


def run(history: History, asked: StockReplaySpec, progress: Progress) -> StockReplayResult:
    """Play it.

    Raises:
        UnknownChoiceError: There is no such policy.
        BadInputError: The opening stock or the start is not as it should be.
        NotEnoughDataError: The history ends before the last period does.
    """
    known_policy(asked.policy)
    scene = StockScenario.of(history, asked.begin, asked.periods)
    stock = _opening(asked, scene)

    def episode(policy: str, seed: int) -> Episode:
        progress(f"Playing {policy}, seed {seed}")
        rule = policy_of(policy, scene.demand, seed, asked.fits)
        return play(rule, stock.opening, scene.demand, asked.terms, scene.known)

    seeds = asked.seeds if asked.policy in SEEDED else asked.seeds[:1]
    episodes = {seed: episode(asked.policy, seed) for seed in seeds}
    return StockReplayResult(asked, scene, stock, episodes, episode("oracle", seeds[0]))


def _opening(asked: StockReplaySpec, scene: StockScenario) -> OpeningStock:
    lead = asked.terms.lead_periods
    if asked.opening is not None:
        return read_opening(asked.opening, scene.series, lead)
    panel, rows = scene.known(0)
    return assumed_opening(panel.demanded()[rows, -RECENT[panel.grain] :], lead)
