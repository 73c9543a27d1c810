"""Simulation of stock under an ordering policy, on demand that the policy was not fitted on.

The clock: an order that is decided at the end of period r, on the data of that moment, can be sold
from the start of period r + L. The first order is decided at the end of the period before the first
scored one. It arrives at the start of scored period L, so no policy can change the L - 1 periods
before it. Within a period stock arrives, then it is sold, then holding and shortage are paid for.
Demand that meets no stock is lost. (The timing of the VN2 inventory planning challenge, L = 3.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from features.demand.panel import Panel


@dataclass(frozen=True)
class StockReplayTerms:
    """Costs and lead times of stock.

    Attributes:
        lead_periods: L, at least 1: an order of the end of period r can be sold from r + L on.
        holding: Cost of a unit that is left at the end of a period.
        shortage: Cost of a unit of demand that met no stock.
    """

    lead_periods: int
    holding: float
    shortage: float


class SeriesPanel(NamedTuple):
    """Demand as of a moment, and the simulated series in it.

    Attributes:
        panel: All demand that was recorded by then.
        rows: (n,) positions in `panel` of the simulated series.
    """

    panel: Panel
    rows: np.ndarray


@dataclass(frozen=True)
class PolicyInputs:
    """Inputs of a policy when it orders, at the end of a period.

    Attributes:
        panel: All demand that was recorded by then.
        rows: (n,) positions in `panel` of the simulated series.
        on_hand: (n,) units left.
        inbound: (n, L - 1) units that arrive at the start of the next periods, ordered before.
        periods_left: Scored periods that have not begun.
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

    def order(self, inputs: PolicyInputs) -> np.ndarray:
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
        demand: Demand; NaN where it is unknown, since the series was out of stock. Such a period
            sells nothing, costs nothing, and its stock waits for the next one.
        arrived: Arrivals at the start of the period.
        sold: Demand that was met.
        left: Stock at the end of the period.
    """

    terms: StockReplayTerms
    demand: np.ndarray
    arrived: np.ndarray
    sold: np.ndarray
    left: np.ndarray

    @property
    def lost(self) -> np.ndarray:
        """Units of demand that met no stock."""
        return np.nan_to_num(self.demand) - self.sold

    @property
    def holding_cost(self) -> np.ndarray:
        """(n, N) cost of the units that were left."""
        return self.terms.holding * np.where(np.isfinite(self.demand), self.left, 0.0)

    @property
    def shortage_cost(self) -> np.ndarray:
        """(n, N) cost of the demand that was lost."""
        return self.terms.shortage * self.lost

    @property
    def cost(self) -> float:
        """Total of all series and periods."""
        return float(self.holding_cost.sum() + self.shortage_cost.sum())

    @property
    def fill_rate(self) -> float:
        """Share of the demand that was met; 1 if there was none."""
        total = np.nansum(self.demand)
        return float(self.sold.sum() / total) if total else 1.0


def simulate(
    policy: OrderingPolicy,
    opening: Opening,
    demand: np.ndarray,
    terms: StockReplayTerms,
    panel_before: Callable[[int], SeriesPanel],
) -> Episode:
    """Simulate a policy period by period.

    Args:
        policy: Orders at the end of the period before each scored one, as long as the order
            arrives in a scored period.
        opening: The state at the start.
        demand: (n, N) units, NaN where unknown. It is hidden from the policy.
        terms: Costs and lead.
        panel_before: Returns the demand as of the start of scored period k.
    """
    series, periods = demand.shape
    wait = terms.lead_periods - 1
    units = np.nan_to_num(demand)
    arrived = np.zeros((series, periods))
    arrived[:, :wait] = opening.inbound[:, :periods]
    sold, left = np.zeros_like(arrived), np.zeros_like(arrived)
    on_hand = opening.on_hand
    for k in range(periods):
        if k + wait < periods:
            panel, rows = panel_before(k)
            inputs = PolicyInputs(
                panel=panel,
                rows=rows,
                on_hand=on_hand,
                inbound=arrived[:, k : k + wait],
                periods_left=periods - k,
                terms=terms,
            )
            arrived[:, k + wait] = policy.order(inputs)
        available = on_hand + arrived[:, k]
        sold[:, k] = np.minimum(available, units[:, k])
        on_hand = left[:, k] = available - sold[:, k]
    return Episode(terms=terms, demand=demand, arrived=arrived, sold=sold, left=left)
