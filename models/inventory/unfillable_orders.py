"""Open orders that can't all be filled: what it saves to choose which of them to fill. Pure.

The choice itself is made by `models.inventory.order_filling`. It is priced against what happens if
nobody chooses: whoever ordered first is served first, and the others wait until it is too late
for them.
"""

from dataclasses import dataclass

import numpy as np

from models.loss_curve import CURVE_AGES_HOURS


@dataclass(frozen=True)
class OpenOrders:
    """Orders that wait for one SKU at one site, the first placed first; arrays of length n.

    Attributes:
        units: That each waits for; above 0.
        loss: Money lost with an order that goes wrong.
        due_hours: From now until it must be shipped; NaN where that is not known.
    """

    units: np.ndarray
    loss: np.ndarray
    due_hours: np.ndarray


@dataclass(frozen=True)
class OrderChoice:
    """Worth of a choice of orders.

    Attributes:
        fill: n flags: fill it, or tell its customer.
        lost_unchosen: Money lost if the first are served first and nobody is told.
        lost_chosen: Money lost if these are filled and the other customers are told in time.
        saving: The difference, as far as the orders are not overdue: what handling saves. Where
            all are overdue, all of the difference: it is lost.
        curve: (11,) share of `saving` that is gone by each of `CURVE_AGES_HOURS` from now.
    """

    fill: np.ndarray
    lost_unchosen: float
    lost_chosen: float
    saving: float
    curve: np.ndarray


def price_choice(
    orders: OpenOrders, fill: np.ndarray, pool_units: float, *, helps: float, deadline_hours: float
) -> OrderChoice:
    """Price a choice of orders to fill.

    Args:
        orders: All that wait.
        fill: n flags; together they take no more than the pool.
        pool_units: What is there for them.
        helps: Chance that telling a customer in time prevents the loss of the order.
        deadline_hours: Where no deadline is known, the hours in which half of the loss comes.
    """
    left_out = ~first_come_first_served(orders.units, pool_units)
    unchosen = float(orders.loss[left_out].sum())
    chosen = float(orders.loss[~fill].sum()) * (1 - helps)
    late = np.where(
        np.isnan(orders.due_hours)[:, None],
        np.minimum(CURVE_AGES_HOURS / (2 * deadline_hours), 1.0),
        orders.due_hours[:, None] <= CURVE_AGES_HOURS,
    )
    weight = orders.loss * left_out
    gone = weight @ late / max(weight.sum(), 1e-9)
    saving = max(unchosen - chosen, 0.0)
    if gone[0] >= 1:
        return OrderChoice(
            fill=fill,
            lost_unchosen=unchosen,
            lost_chosen=chosen,
            saving=saving,
            curve=np.ones(len(gone)),
        )
    curve = (gone - gone[0]) / (1 - gone[0])
    return OrderChoice(
        fill=fill,
        lost_unchosen=unchosen,
        lost_chosen=chosen,
        saving=saving * (1 - gone[0]),
        curve=curve,
    )


def first_come_first_served(units: np.ndarray, pool_units: float) -> np.ndarray:
    """Return which orders are filled in turn; one that no longer fits is passed over.

    >>> first_come_first_served(np.array([3.0, 4.0, 1.0]), 5.0).tolist()
    [True, False, True]
    """
    filled = np.zeros(len(units), bool)
    for row, order_units in enumerate(units.tolist()):
        if order_units <= pool_units:
            filled[row] = True
            pool_units -= order_units
    return filled
