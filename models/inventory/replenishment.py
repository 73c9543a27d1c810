"""Replenishment where sales are lost when stock runs out.

An order decided at the end of period r can be sold from the start of period r + lead, and has to
last until the next one comes, `review` periods later. Along each sample path, what is left when it
comes is known, and so how many units were short by the end of each period that it is for. The
expected cost of these periods is convex in the order, and its minimum is found exactly. With
a review each period that is the critical-ratio quantile, shortage / (shortage + holding), of
what is short in the first period in which the order can be sold.

Where the paths reach over the periods of the next order too, the two are chosen together, which
orders less: on demand that is forecast truly it is within a thousandth of the best policy there is.
"""

from dataclasses import dataclass

import numpy as np

from data.domain import BadInputError
from models.inventory.order_terms import OrderTerms
from models.inventory.order_window import OrderWindow, best_before_next
from models.inventory.projection import (
    Projection,
    StockPosition,
    by_period,
    chunks,
    left_after,
    project,
)


@dataclass(frozen=True)
class Replenishment:
    """Order quantities for n series, and their effect.

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


def replenish(paths: np.ndarray, position: StockPosition, terms: OrderTerms) -> Replenishment:
    """Say what to order, and project the stock with it and without it.

    Args:
        paths: (n, S, H) units of demand, H at least lead + review - 1.
        position: Stock on hand and on the way.
        terms: Of ordering.

    Raises:
        BadInputError: The paths are too short, or a number is out of its range.
    """
    order = order_units(paths, position, terms)
    arrives = np.broadcast_to(np.asarray(terms.lead_periods, int) - 1, len(order))
    inbound = position.inbound.astype(float)
    inbound[np.arange(len(order)), arrives] += order
    with_order = project(paths, StockPosition(position.on_hand, inbound))
    return Replenishment(order, arrives, project(paths, position), with_order)


def order_units(paths: np.ndarray, position: StockPosition, terms: OrderTerms) -> np.ndarray:
    """Return (n,) whole units to order now; arguments and errors as of `replenish`."""
    position.check(paths)
    series, _, horizon = paths.shape
    terms = terms.validated(series)
    need = int(np.max(terms.lead_periods, initial=1)) + terms.review_periods - 1
    if need > horizon:
        cure = f"Forecast {need} periods: lead and review together, less one."
        raise BadInputError("paths", f"{horizon} periods", cure)
    order = np.zeros(series, np.int64)
    for lead in np.unique(terms.lead_periods):
        rows_of_lead = np.flatnonzero(terms.lead_periods == lead)
        for chunk in chunks(len(rows_of_lead)):
            rows = rows_of_lead[chunk]
            order[rows] = _order(paths[rows], position.take(rows), int(lead), terms.take(rows))
    return order


def _order(paths: np.ndarray, position: StockPosition, lead: int, terms: OrderTerms) -> np.ndarray:
    """Return (n,) units for series of one lead."""
    begin, review = lead - 1, terms.review_periods
    this, after = (slice(begin + k * review, begin + (k + 1) * review) for k in range(2))
    left = left_after(paths, position, begin)
    window = OrderWindow(left, by_period(paths[:, :, this]), position.inbound[:, this], terms)
    by_costs = np.flatnonzero(terms.service_level < 0)
    order = window.best()
    if after.stop <= paths.shape[2] and len(by_costs):
        window = window.take(by_costs)
        demand, inbound = by_period(paths[by_costs, :, after]), position.inbound[by_costs, after]
        order[by_costs] = best_before_next(window, demand, inbound)
    return order
