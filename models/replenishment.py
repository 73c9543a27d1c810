"""What to order, where sales are lost when stock runs out.

An order decided at the end of period r can be sold from the start of period r + lead, and has to
last until the next one comes, `review` periods later. Along each sample path, what is left when it
comes is known, and so how many units were short by the end of each period that it is for. The
expected cost of these periods is convex in the order, and its minimum is found exactly. With
a review each period that is the critical-ratio quantile, shortage / (shortage + holding), of
what is short in the first period in which the order can be sold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from data.domain import BadInputError
from models.stock_projection import Projection, Shelf, chunks, left_after, project

Numbers = Any  # one for each series, or one for all; after `whole` an array of (n,)
Enough = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class OrderTerms:
    """How orders are placed and judged, for n series.

    Attributes:
        lead_periods: An order decided at the end of period r can be sold from r + lead; from 1.
        review_periods: From one order to the next, at least 1.
        holding_cost: Money that a unit costs that is left at the end of a period.
        shortage_cost: Money that a unit of lost demand costs.
        service_level: Chance, below 1, that nothing is lost until the next order comes; where it
            is given, it takes the place of the costs.
        pack_units: Orders are multiples of it, at least 1.
        least_units: Orders are 0 or at least so many.
    """

    lead_periods: Numbers
    review_periods: int = 1
    holding_cost: Numbers = 0.0
    shortage_cost: Numbers = 0.0
    service_level: Numbers = None
    pack_units: Numbers = 1
    least_units: Numbers = 0

    def whole(self, series: int) -> Self:
        """Return it with (n,) for every number, checked; raise BadInputError."""
        level = -1.0 if self.service_level is None else self.service_level
        given = {**vars(self), "service_level": level}
        del given["review_periods"]
        columns = {
            name: np.broadcast_to(np.asarray(value, float), series) for name, value in given.items()
        }
        for name, least in {"lead_periods": 1, "pack_units": 1}.items():
            _refuse(columns[name] < least, name, f"Give at least {least}.")
        for name in ("holding_cost", "shortage_cost", "least_units"):
            _refuse(~(columns[name] >= 0), name, "Give a number from 0 up.")
        _refuse(columns["service_level"] >= 1, "service_level", "Give a share below 1.")
        if self.review_periods < 1:
            raise BadInputError("review_periods", f"{self.review_periods}", "Give at least 1.")
        return type(self)(review_periods=self.review_periods, **columns)

    def take(self, rows: np.ndarray) -> Self:
        """Return those of some series; only of `whole` ones."""
        columns = {name: value[rows] for name, value in vars(self).items() if np.ndim(value)}
        return type(self)(review_periods=self.review_periods, **columns)


@dataclass(frozen=True)
class Replenishment:
    """What to order for n series, and what that does.

    Attributes:
        order: (n,) whole units to order now.
        arrives: (n,) number of the period from whose start they can be sold, 0 the next one.
        as_it_is: The stock ahead with what is on the way, and nothing more.
        with_order: The same with this order; later orders aren't in it.
    """

    order: np.ndarray
    arrives: np.ndarray
    as_it_is: Projection
    with_order: Projection


def replenish(paths: np.ndarray, shelf: Shelf, terms: OrderTerms) -> Replenishment:
    """Say what to order, and project the stock with it and without it.

    Args:
        paths: (n, S, H) units of demand, H at least lead + review - 1.
        shelf: Stock on hand and on the way.
        terms: Of ordering.

    Raises:
        BadInputError: The paths are too short, or a number is out of its range.
    """
    order = order_units(paths, shelf, terms)
    arrives = np.broadcast_to(np.asarray(terms.lead_periods, int) - 1, len(order))
    inbound = shelf.inbound.astype(float)
    inbound[np.arange(len(order)), arrives] += order
    with_order = project(paths, Shelf(shelf.on_hand, inbound))
    return Replenishment(order, arrives, project(paths, shelf), with_order)


def order_units(paths: np.ndarray, shelf: Shelf, terms: OrderTerms) -> np.ndarray:
    """Return (n,) whole units to order now; arguments and errors as of `replenish`."""
    shelf.check(paths)
    series, _, horizon = paths.shape
    terms = terms.whole(series)
    need = int(np.max(terms.lead_periods, initial=1)) + terms.review_periods - 1
    if need > horizon:
        cure = f"Forecast {need} periods: lead and review together, less one."
        raise BadInputError("paths", f"{horizon} periods", cure)
    order = np.zeros(series, np.int64)
    for lead in np.unique(terms.lead_periods):
        rows_of_lead = np.flatnonzero(terms.lead_periods == lead)
        for chunk in chunks(len(rows_of_lead)):
            rows = rows_of_lead[chunk]
            here = terms.take(rows)
            short = _short(paths[rows], shelf.take(rows), int(lead), here.review_periods)
            order[rows] = _Window(short, here).best()
    return order


def _short(paths: np.ndarray, shelf: Shelf, lead: int, review: int) -> np.ndarray:
    """Return (n, R, S) units that the order must have for nothing to be lost by each period's end.

    Negative where some would be left. A unit of the order is still there at the end of a period
    where the order has more than what was short in any period up to it.
    """
    window = slice(lead - 1, lead - 1 + review)
    left = left_after(paths, shelf, lead - 1)
    net = np.moveaxis(paths[:, :, window], 2, 1) - shelf.inbound[:, window, None]
    return np.maximum.accumulate(np.cumsum(net, 1, float) - left[:, None, :], axis=1)


@dataclass(frozen=True)
class _Window:
    """The periods that an order is for: what is short in them, (n, R, S), and the terms."""

    short: np.ndarray
    terms: OrderTerms

    @property
    def weight(self) -> np.ndarray:
        """(n, R) money: a unit left is held; left after the last period, no loss was saved."""
        found = np.repeat(self.terms.holding_cost[:, None], self.short.shape[1], 1)
        found[:, -1] += self.terms.shortage_cost
        return found

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
        order = _fewest(self.enough, most) * pack
        raised = np.maximum(order, np.ceil(self.terms.least_units / pack) * pack)
        pays = self.cost(raised) < self.cost(np.zeros(len(raised)))
        pays |= self.terms.service_level >= 0
        return np.where((order > 0) & pays, raised, 0).astype(np.int64)


def _fewest(enough: Enough, most: np.ndarray) -> np.ndarray:
    """Return (n,) the smallest whole number, at most `most`, that is enough, by halving."""
    low, high = np.zeros(len(most)), most
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        ok = enough(middle)
        low, high = np.where(ok, low, np.minimum(middle + 1, high)), np.where(ok, middle, high)
    return low


def _refuse(bad: np.ndarray, what: str, cure: str) -> None:
    if bad.any():
        raise BadInputError(f"row {int(np.argmax(bad))}", f"{what} is out of its range", cure)
