"""The stock played forward on demand that its policy has not seen.

The clock: an order decided at the end of period r, on what is known by then, can be sold from the
start of period r + L. So the first order, decided at the end of the period before the first scored
one, arrives at the start of scored period L, and no policy can change the L - 1 periods before it.
Within a period stock arrives, then it is sold, then what is left and what was missed is paid for.
Demand that meets no stock is lost. (The timing of the VN2 inventory planning challenge, L = 3.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from features.demand.panel import Panel


@dataclass(frozen=True)
class StockReplayTerms:
    """Costs and lead times of stock.

    Attributes:
        lead_periods: L, at least 1: an order of the end of period r can be sold from r + L on.
        holding: Cost of a unit that is left at the end of a period.
        shortage: Cost of a unit that was wanted and not there.
    """

    lead_periods: int
    holding: float
    shortage: float


@dataclass(frozen=True)
class PolicyInputs:
    """Inputs of a policy when it orders, at the end of a period.

    Attributes:
        panel: Everything known of demand by then.
        rows: (n,) positions in `panel` of the series that are played.
        on_hand: (n,) units left.
        inbound: (n, L - 1) units that arrive at the start of the next periods, ordered before.
        periods_left: Periods that are still to be paid for.
        terms: Costs and lead.
    """

    panel: Panel
    rows: np.ndarray
    on_hand: np.ndarray
    inbound: np.ndarray
    periods_left: int
    terms: StockReplayTerms


class OrderingPolicy(Protocol):
    """A rule for ordering."""

    def order(self, seen: PolicyInputs) -> np.ndarray:
        """Return (n,) units to order now; they arrive after `inbound`."""
        ...


@dataclass(frozen=True)
class Opening:
    """The state at the end of the period before the first one.

    Attributes:
        on_hand: (n,) units.
        inbound: (n, L - 1) units that arrive at the start of the first, second, ... period.
    """

    on_hand: np.ndarray
    inbound: np.ndarray


@dataclass(frozen=True)
class Episode:
    """Course of n series over N periods; the matrices are (n, N), in units.

    Attributes:
        terms: Costs and lead.
        demand: What was wanted; NaN where nobody knows, since it was out of stock: such a period
            sells nothing, costs nothing, and its stock waits for the next one.
        arrived: What came at the start of the period.
        sold: What of the demand was met.
        left: Stock at the end of the period.
    """

    terms: StockReplayTerms
    demand: np.ndarray
    arrived: np.ndarray
    sold: np.ndarray
    left: np.ndarray

    @property
    def lost(self) -> np.ndarray:
        """Units wanted and not there."""
        return np.nan_to_num(self.demand) - self.sold

    @property
    def holding_cost(self) -> np.ndarray:
        """(n, N) cost of what was left."""
        return self.terms.holding * np.where(np.isfinite(self.demand), self.left, 0.0)

    @property
    def shortage_cost(self) -> np.ndarray:
        """(n, N) cost of what was lost."""
        return self.terms.shortage * self.lost

    @property
    def cost(self) -> float:
        """All of it."""
        return float(self.holding_cost.sum() + self.shortage_cost.sum())

    @property
    def fill_rate(self) -> float:
        """Share of the demand that was met; 1 if there was none."""
        wanted = np.nansum(self.demand)
        return float(self.sold.sum() / wanted) if wanted else 1.0


def play(
    policy: OrderingPolicy,
    opening: Opening,
    demand: np.ndarray,
    terms: StockReplayTerms,
    known: Callable[[int], tuple[Panel, np.ndarray]],
) -> Episode:
    """Play a policy forward, period by period.

    Args:
        policy: Is asked at the end of the period before each scored one, as long as what it orders
            arrives in a scored period.
        opening: The state at the start.
        demand: (n, N) units, NaN where not known. No policy is shown it.
        terms: Costs and lead.
        known: Gives the panel as of the start of scored period k, and the (n,) positions of the
            series in it.
    """
    series, periods = demand.shape
    wait = terms.lead_periods - 1
    wanted = np.nan_to_num(demand)
    arrived = np.zeros((series, periods))
    arrived[:, :wait] = opening.inbound[:, :periods]
    sold, left = np.zeros_like(arrived), np.zeros_like(arrived)
    on_hand = opening.on_hand
    for k in range(periods):
        if k + wait < periods:
            inbound = arrived[:, k : k + wait]
            seen = PolicyInputs(*known(k), on_hand, inbound, periods - k, terms)
            arrived[:, k + wait] = policy.order(seen)
        available = on_hand + arrived[:, k]
        sold[:, k] = np.minimum(available, wanted[:, k])
        on_hand = left[:, k] = available - sold[:, k]
    return Episode(terms, demand, arrived, sold, left)
