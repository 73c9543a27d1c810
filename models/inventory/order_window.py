"""The periods that one order is for: what they cost with it, and the order that costs least."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from models.inventory.order_terms import OrderTerms

Units = Callable[[np.ndarray], np.ndarray]


class WindowResult(NamedTuple):
    """Result of a simulated order window.

    Attributes:
        left: (n, S) units after the last period.
        cost: (n,) expected money of all periods.
    """

    left: np.ndarray
    cost: np.ndarray


@dataclass(frozen=True)
class OrderWindow:
    """The R periods from an order's arrival to the next one's, of n series along S paths.

    Attributes:
        left: (n, S) units left before it arrives.
        demand: (R, n, S) units asked for.
        inbound: (n, R) units that come besides.
        terms: Of ordering, for each series.
    """

    left: np.ndarray
    demand: np.ndarray
    inbound: np.ndarray
    terms: OrderTerms

    @cached_property
    def short(self) -> np.ndarray:
        """(n, R, S) units that the order must have for nothing to be lost by each period's end.

        Negative where some would be left. A unit of the order is still there at the end of a
        period where the order has more than what was short in any period up to it.
        """
        net = np.moveaxis(self.demand, 0, 1) - self.inbound[:, :, None]
        return np.maximum.accumulate(np.cumsum(net, 1, float) - self.left[:, None, :], axis=1)

    @cached_property
    def weight(self) -> np.ndarray:
        """(n, R) money: a unit left is held; left after the last period, no loss was saved."""
        weights = np.repeat(self.terms.holding_cost[:, None], self.short.shape[1], 1)
        weights[:, -1] += self.terms.shortage_cost
        return weights

    def cost(self, units: np.ndarray) -> np.ndarray:
        """Return (n,) expected money, but for what no order changes."""
        left = np.maximum(units[:, None, None] - self.short, 0).mean(2)
        return (self.weight * left).sum(1) - self.terms.shortage_cost * units

    def enough(self, packs: np.ndarray) -> np.ndarray:
        """Return (n,) whether the service is reached, or one pack more would not pay."""
        pack, by_service = self.terms.pack_units, self.terms.service_level >= 0
        top = ((packs + 1) * pack)[:, None, None]
        left = np.clip(top - self.short, 0, pack[:, None, None]).mean(2)
        pays_no_more = (self.weight * left).sum(1) >= self.terms.shortage_cost * pack
        if not by_service.any():
            return pays_no_more
        served = (self.short[:, -1] <= (packs * pack)[:, None]).mean(1)
        return np.where(by_service, served >= self.terms.service_level, pays_no_more)

    def best(self) -> np.ndarray:
        """Return (n,) units: the fewest packs that are enough, or nothing if the least is dear."""
        pack = self.terms.pack_units
        most = np.ceil(np.maximum(self.short[:, -1].max(1), 0) / pack)
        return _with_minimum(_smallest(self.enough, most) * pack, self.terms, self.cost)

    def take(self, rows: np.ndarray) -> "OrderWindow":
        """Return some of the series."""
        left, inbound = self.left[rows], self.inbound[rows]
        return OrderWindow(left, self.demand[:, rows], inbound, self.terms.take(rows))

    def simulate(self, units: np.ndarray) -> WindowResult:
        """Simulate the window with (n,) ordered units."""
        stock, money = self.left + units[:, None], np.zeros(len(units))
        for demand, coming in zip(self.demand, self.inbound.T, strict=True):
            over = stock + coming[:, None] - demand
            stock = np.maximum(over, 0)
            lost = (stock - over).mean(1)
            money += self.terms.holding_cost * stock.mean(1) + self.terms.shortage_cost * lost
        return WindowResult(stock, money)


def best_before_next(window: OrderWindow, demand: np.ndarray, inbound: np.ndarray) -> np.ndarray:
    """Return (n,) units that are best for a window and the one after it, for which we order again.

    What the window alone makes best is too much: a unit left at its end is still held when the
    next order comes, which was decided before anybody saw it left. (The myopic order is an upper
    bound of the best one: Zipkin, "Old and New Methods for Lost-Sales Inventory Systems",
    Operations Research 2008.) The next order is taken as decided now, best on all paths.

    Args:
        window: Of this order. Its series are ordered by costs, not by a service level.
        demand: (R, n, S) units asked for in the periods after it.
        inbound: (n, R) units that come besides in those.
    """
    terms = window.terms
    pack = terms.pack_units

    def cost(units: np.ndarray) -> np.ndarray:
        left, money = window.simulate(units)
        following = OrderWindow(left, demand, inbound, terms)
        return money + following.simulate(following.best()).cost

    def enough(packs: np.ndarray) -> np.ndarray:
        return cost((packs + 1) * pack) >= cost(packs * pack)

    most = np.ceil(window.best() / pack)
    return _with_minimum(_smallest(enough, most) * pack, terms, cost)


def _with_minimum(order: np.ndarray, terms: OrderTerms, cost: Units) -> np.ndarray:
    """Return (n,) orders raised to the least, or nothing where that costs more than it saves."""
    raised = np.maximum(order, np.ceil(terms.min_units / terms.pack_units) * terms.pack_units)
    pays = (raised == order) | (terms.service_level >= 0)
    if not pays.all():
        pays |= cost(raised) < cost(np.zeros(len(raised)))
    return np.where((order > 0) & pays, raised, 0).astype(np.int64)


def _smallest(enough: Units, most: np.ndarray) -> np.ndarray:
    """Return (n,) the smallest whole number, at most `most`, that is enough, by halving."""
    low, high = np.zeros(len(most)), most
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        ok = enough(middle)
        low, high = np.where(ok, low, np.minimum(middle + 1, high)), np.where(ok, middle, high)
    return low
