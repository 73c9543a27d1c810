"""Ordering policies, compared with each other by `training.stock_replay.simulator`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from data.domain import UnknownChoiceError
from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from models.demand.forecast import Forecast
from models.demand.forecaster import DemandForecaster
from models.demand.sample_paths import sample_paths
from models.inventory.order_terms import OrderTerms
from models.inventory.projection import StockPosition
from models.inventory.replenishment import order_units
from training.stock_replay.simulator import OrderingPolicy, PolicyInputs

PATHS = 400
LOOKAHEAD = 1  # the period of the next order, which is chosen together with this one
RECENT_DAYS = 91
POLICIES = ("ours", "base-stock", "benchmark", "oracle")
SEEDED = ("ours", "base-stock")


def check_policy(name: str) -> None:
    """Raise UnknownChoiceError where there is no such policy."""
    if name not in POLICIES:
        raise UnknownChoiceError("policy", name, POLICIES)


def policy_of(name: str, demand: np.ndarray, seed: int, fits: int) -> OrderingPolicy:
    """Return one of `POLICIES`; `demand` (n, N) is the future, for the oracle alone."""
    if name == "oracle":
        return Foresight(demand)
    if name == "benchmark":
        return Benchmark()
    seeds = range(seed * fits, (seed + 1) * fits)
    return SamplePaths(seeds) if name == "ours" else BaseStock(seeds)


@dataclass(frozen=True)
class SamplePaths:
    """Ours: the forecaster fitted again each period, and the order that costs least on its paths.

    Attributes:
        seeds: Of each fit. Paths are averaged over the fits: drawn from the same random numbers,
            that averages the quantiles.
    """

    seeds: Sequence[int]

    def order(self, inputs: PolicyInputs) -> np.ndarray:
        """Return whole units."""
        terms = inputs.terms
        horizon = min(terms.lead_periods + LOOKAHEAD, inputs.periods_left)
        drawn = [
            sample_paths(forecast, inputs.rows, PATHS, self.seeds[0])
            for forecast in _refitted(inputs, horizon, self.seeds)
        ]
        paths = np.mean(drawn, axis=0)
        inbound = np.zeros((len(inputs.rows), horizon))
        inbound[:, : terms.lead_periods - 1] = inputs.inbound
        ordering = OrderTerms(
            terms.lead_periods, holding_cost=terms.holding, shortage_cost=terms.shortage
        )
        return order_units(paths, StockPosition(inputs.on_hand, inbound), ordering).astype(float)


@dataclass(frozen=True)
class BaseStock:
    """The textbook rule, on the mean of the same forecast, with a normal safety factor.

    It orders up to the mean of L periods and the factor of the critical ratio times the deviation
    of a period's demand over the latest season, as of L periods.

    Attributes:
        seeds: Of each fit; their means are averaged.
    """

    seeds: Sequence[int]

    def order(self, inputs: PolicyInputs) -> np.ndarray:
        """Return whole units."""
        terms = inputs.terms
        forecasts = _refitted(inputs, terms.lead_periods, self.seeds)
        mean = np.mean([forecast.mean[inputs.rows].sum(axis=1) for forecast in forecasts], axis=0)
        factor = ndtri(terms.shortage / (terms.shortage + terms.holding))
        recent = inputs.panel.demanded()[inputs.rows, -rhythm_of(inputs.panel.grain).season :]
        spread = np.sqrt(_mean_observed((recent - _mean_observed(recent, 1)[:, None]) ** 2, axis=1))
        level = mean + factor * spread * np.sqrt(terms.lead_periods)
        return np.maximum(np.rint(level - inputs.on_hand - inputs.inbound.sum(axis=1)), 0)


def _refitted(inputs: PolicyInputs, horizon: int, seeds: Sequence[int]) -> Iterator[Forecast]:
    for seed in seeds:
        yield DemandForecaster.fit(inputs.panel, horizon, seed=seed).forecast(inputs.panel)


@dataclass(frozen=True)
class Foresight:
    """The oracle: orders exactly what will be short. Its cost is the lower bound of all policies.

    Attributes:
        demand: (n, N) units of all simulated periods, NaN where unknown.
    """

    demand: np.ndarray

    def order(self, inputs: PolicyInputs) -> np.ndarray:
        """Return exactly what the period of arrival will lack."""
        lead = inputs.terms.lead_periods
        begin = self.demand.shape[1] - inputs.periods_left
        coming = np.nan_to_num(self.demand[:, begin : begin + lead])
        stock = inputs.on_hand
        for k in range(lead - 1):
            stock = np.maximum(stock + inputs.inbound[:, k] - coming[:, k], 0)
        return np.maximum(coming[:, -1] - stock, 0)


@dataclass(frozen=True)
class Benchmark:
    """The rule of the organisers of VN2: orders up to L + 1 periods of a seasonal mean.

    One seasonal profile for all series, from the mean units of each period of the season over
    all recorded periods; the level of a series is the mean of its latest 13 weeks (or as long) in
    stock, each over the profile.
    """

    def order(self, inputs: PolicyInputs) -> np.ndarray:
        """Return whole units."""
        panel, cover = inputs.panel, inputs.terms.lead_periods + 1
        profile = _profile(panel, panel.length + cover)
        recent = slice(max(panel.length - panel.grain.periods_in(RECENT_DAYS), 0), panel.length)
        level = _mean_observed(panel.demanded()[inputs.rows, recent] / profile[recent], axis=1)
        target = level * profile[panel.length :].sum()
        return np.maximum(np.rint(target - inputs.on_hand - inputs.inbound.sum(axis=1)), 0)


def _profile(panel: Panel, length: int) -> np.ndarray:
    """Return (length,) factors of the season around 1, for the panel's periods and those after."""
    season = rhythm_of(panel.grain).season
    mean = _mean_observed(panel.demanded(), axis=0)
    phase = np.arange(panel.length) % season
    factors = np.ones(season)
    phases = np.unique(phase)
    for position in phases:
        factors[position] = mean[phase == position].mean()
    observed = factors[phases]
    factors[phases] = np.maximum(observed / max(observed.mean(), 1e-9), 1e-3)
    return factors[np.arange(length) % season]


def _mean_observed(units: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean without the NaN, 0 where there is nothing else."""
    observed = np.isfinite(units)
    total = np.where(observed, units, 0).sum(axis=axis, dtype=float)
    return total / np.maximum(observed.sum(axis=axis), 1)
