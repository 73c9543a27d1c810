"""Stock replay: read a scenario, simulate it with each seed, compare with perfect foresight."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data.history.history import History
from training.common.run import Progress
from training.stock_replay import report as stock_replay_report
from training.stock_replay.opening_stock import OpeningStock, assumed_opening, read_opening
from training.stock_replay.policies import RECENT_DAYS, SEEDED, check_policy, policy_of
from training.stock_replay.scenario import StockScenario
from training.stock_replay.simulator import Episode, StockReplayTerms, simulate


@dataclass(frozen=True)
class StockReplaySpec:
    """Specification of a stock replay.

    Attributes:
        opening: CSV file of the stock at the start; None to assume it.
        begin: Start of the first scored period.
        periods: Number of scored periods.
        terms: Costs and lead.
        policy: Its name.
        seeds: Of one episode each, for a policy that draws random numbers.
        fits: Number of fits that are averaged for a forecast.
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
    """Result of a stock replay.

    Attributes:
        spec: Its specification.
        scenario: Series and periods.
        stock: Stock at the start.
        episodes: Simulated by the policy, by seed.
        oracle: Simulated with perfect foresight.
    """

    spec: StockReplaySpec
    scenario: StockScenario
    stock: OpeningStock
    episodes: dict[int, Episode]
    oracle: Episode

    @property
    def report(self) -> dict[str, Any]:
        """The report, as plain values."""
        spec, first = self.spec, next(iter(self.episodes.values()))
        wait = spec.terms.lead_periods - 1
        decided = (first.holding_cost + first.shortage_cost)[:, :wait].sum()
        return {
            "policy": spec.policy,
            "opening": str(spec.opening) if spec.opening else "assumed",
            "fits": spec.fits if spec.policy in SEEDED else None,
            "from": str(self.scenario.periods[0]),
            "periods": spec.periods,
            "lead_periods": spec.terms.lead_periods,
            "holding": spec.terms.holding,
            "shortage": spec.terms.shortage,
            "series": len(self.scenario.series),
            "series_without_opening_stock": self.stock.missing,
            "series_that_came_later": self.scenario.appeared,
            "series_periods_not_scored": self.scenario.not_scored,
            "figures": stock_replay_report.spread(list(self.episodes.values())),
            "oracle": stock_replay_report.figures(self.oracle),
            "cost_before_any_order_arrives": float(decided),
            "seeds": [self._of_seed(*episode) for episode in self.episodes.items()],
            "oracle_by_period": stock_replay_report.by_period(self.oracle, self.scenario.periods),
        }

    def _of_seed(self, seed: int, episode: Episode) -> dict[str, Any]:
        rows = stock_replay_report.by_period(episode, self.scenario.periods)
        return {"seed": seed, **stock_replay_report.figures(episode), "by_period": rows}

    def draw(self, path: Path) -> None:
        """Draw the first seed's episode."""
        seed, episode = next(iter(self.episodes.items()))
        title = f"{self.spec.policy}, seed {seed}: cost {episode.cost:,.0f}"
        periods = self.scenario.periods
        stock_replay_report.draw(path, episode, self.oracle, periods=periods, title=title)


def run(history: History, spec: StockReplaySpec, progress: Progress) -> StockReplayResult:
    """Run a stock replay.

    Raises:
        UnknownChoiceError: There is no such policy.
        BadInputError: The opening stock or the start is invalid.
        NotEnoughDataError: The history ends before the last period does.
    """
    check_policy(spec.policy)
    scenario = StockScenario.of(history, spec.begin, spec.periods)
    stock = _opening(spec, scenario)

    def episode(policy: str, seed: int) -> Episode:
        progress(f"Simulating {policy}, seed {seed}")
        rule = policy_of(policy, scenario.demand, seed, spec.fits)
        return simulate(
            rule,
            stock.opening,
            demand=scenario.demand,
            terms=spec.terms,
            panel_before=scenario.panel_before,
        )

    seeds = spec.seeds if spec.policy in SEEDED else spec.seeds[:1]
    episodes = {seed: episode(spec.policy, seed) for seed in seeds}
    return StockReplayResult(
        spec=spec,
        scenario=scenario,
        stock=stock,
        episodes=episodes,
        oracle=episode("oracle", seeds[0]),
    )


def _opening(spec: StockReplaySpec, scenario: StockScenario) -> OpeningStock:
    lead = spec.terms.lead_periods
    if spec.opening is not None:
        return read_opening(spec.opening, scenario.series, lead)
    panel, rows = scenario.panel_before(0)
    return assumed_opening(panel.demanded()[rows, -panel.grain.periods_in(RECENT_DAYS) :], lead)
