"""Chances: which order is liable to which cause, and how that changes in eventful days.

In eventful days a warehouse mislabels parcels: more of its faults than before, and they show as a
carrier's do. People who look into a case still find the warehouse. A model that was trained before
takes them for the carrier's.
"""

import numpy as np

from data.sources.synthetic.catalogue import BUSINESS, NEW
from data.sources.synthetic.causes import CODE, NAMES, SHARE
from data.sources.synthetic.frames import MISSING, draw_where
from data.sources.synthetic.orders import DOMESTIC, OrderBlock
from data.sources.synthetic.shop import SyntheticShop
from data.ticks import SECONDS_PER_DAY, SECONDS_PER_HOUR

MISTAKEN_CAUSE, LOOKS_LIKE_CAUSE = CODE["warehouse"], CODE["carrier"]
TIMES_AS_MANY_MISTAKEN = 3.5


def liability(orders: OrderBlock) -> np.ndarray:
    """Relative liability of each order to each cause: orders x causes.

    Stock is missing from it: that comes from the shelves.
    """
    new, business = orders.segment == NEW, orders.segment == BUSINESS
    hour = orders.visits.placed_s % (24 * SECONDS_PER_HOUR) / SECONDS_PER_HOUR
    abroad = ~DOMESTIC[orders.visits.country, orders.visits.site]
    swiftbird_gets_worse = np.where(orders.carrier == 1, 0.6 + 1.8 * orders.early, 1)
    table = np.zeros((len(orders), len(NAMES)))
    table[:, CODE["address"]] = (
        np.array([1, 1, 2.4, 2.8])[orders.visits.channel]
        * np.array([1, 1, 1, 1, 1.8, 1.5, 0.8])[orders.visits.country]
        * np.where(new, 1.6, 1)
    )
    table[:, CODE["payment"]] = (
        np.array([1, 0.6, 2.8, 1.3, 3.6])[orders.payment] * np.array([1, 1, 1, 1.5])[orders.gateway]
    )
    table[:, CODE["fraud"]] = (
        np.where(new, 3.0, 0.6)
        * np.where(orders.total > 180, 4, 1)
        * np.array([1.5, 1, 0.2, 2, 0.1])[orders.payment]
        * np.where(hour < 5, 2, 1)
    )
    table[:, CODE["warehouse"]] = np.array([1, 1.1, 2.4, 0.6])[orders.visits.site] * orders.lines
    table[:, CODE["carrier"]] = (
        np.array([0.8, 1, 1.4, 1.8, 0.7])[orders.carrier]
        * swiftbird_gets_worse
        * np.where(abroad, 2.2, 1)
    )
    table[:, CODE["data"]] = (
        np.where(orders.bad_data, 14, 0.5) * np.array([0.8, 1.3, 2.5])[orders.source]
    )
    table[:, CODE["integration"]] = np.array([0.5, 2.2, 1.2])[orders.source] * (1.5 - orders.early)
    table[:, CODE["customer_request"]] = np.where(business, 2.2, 1) * np.sqrt(
        orders.total / 80 + 0.2
    )
    table[:, CODE["return"]] = orders.returns
    return table


def scale_of(orders: OrderBlock, exception_share: float) -> np.ndarray:
    """Chance of each cause per unit of liability, such that the shares come out on `orders`."""
    usual = liability(orders).mean(axis=0)
    usual[CODE["stock"]] = np.inf
    return exception_share * SHARE / usual


def draw_causes(random: np.random.Generator, orders: OrderBlock, scale: np.ndarray) -> np.ndarray:
    """Draw the cause of every order, below 0 for none; what was oversold lacks stock."""
    chance = np.cumsum(liability(orders) * scale, axis=1)
    u = random.random(len(orders))
    cause = (u[:, None] >= chance).sum(axis=1)
    cause[cause == len(NAMES)] = MISSING
    noticed = draw_where(random, orders.oversold, np.full(len(orders), 0.9))
    return np.where(noticed, CODE["stock"], cause)


def in_eventful_days(shop: SyntheticShop, orders: OrderBlock) -> np.ndarray:
    """Return a mask of the orders that are placed in the eventful days."""
    return orders.visits.placed_s >= shop.period_s - shop.eventful_days * SECONDS_PER_DAY


def eventful_scale(shop: SyntheticShop, orders: OrderBlock, scale: np.ndarray) -> np.ndarray:
    """Return the scale of each order: orders x causes."""
    factor = np.ones((len(orders), len(NAMES)))
    factor[in_eventful_days(shop, orders), MISTAKEN_CAUSE] = TIMES_AS_MANY_MISTAKEN
    return scale * factor


def apparent_cause(shop: SyntheticShop, orders: OrderBlock, cause: np.ndarray) -> np.ndarray:
    """Return the cause that the exception of each order shows, below 0 for none."""
    is_mistaken = in_eventful_days(shop, orders) & (cause == MISTAKEN_CAUSE)
    return np.where(is_mistaken, LOOKS_LIKE_CAUSE, cause)
