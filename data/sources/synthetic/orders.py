"""Orders: what was placed, how it is paid and sent, and when it would reach each stage."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.domain import Stage
from data.sources.synthetic.catalogue import (
    CARRIER_OF_COUNTRY,
    COUNTRIES,
    FASHION_GROUPS,
    GATEWAY_OF_PAYMENT,
    PAYMENT_OF_COUNTRY,
    SITE_COUNTRIES,
    SOURCE_OF_CHANNEL,
    Catalogue,
)
from data.sources.synthetic.frames import draw_by_row
from data.sources.synthetic.shelves import StockLevels
from data.sources.synthetic.shop import RandomStream, SyntheticShop
from data.sources.synthetic.visits import SimulatedVisits, concatenate
from data.ticks import SECONDS_PER_DAY, SECONDS_PER_HOUR

STAGES = list(Stage)
AT = {stage: number for number, stage in enumerate(STAGES)}
# Median hours from the stage before, and the spread of their logarithm.
STAGE_HOURS = np.array([0, 0.01, 0.06, 0.3, 0.25, 9, 0.8, 4, 8, 30, 110])
STAGE_SPREAD = np.array([0, 0.6, 0.5, 0.7, 0.5, 0.5, 0.5, 0.4, 0.4, 0.35, 0.6])
PAID_HOURS_OF_PAYMENT = np.array([0.06, 0.05, 20, 0.1, 26])
DELIVERY_HOURS_OF_CARRIER = np.array([26, 30, 40, 34, 24])
DOMESTIC = np.array([[country == site for site in SITE_COUNTRIES] for country in COUNTRIES])
SHIPPING_FEE = 4.9


@dataclass
class OrderBlock:
    """A block of orders as columns; stage times are seconds since the start, NaN for never.

    Attributes:
        number: Running number over the whole history.
        early: Where the period stands at that order, 0 to 1: the drift of the shop.
        planned_s: When each stage would be reached if nothing went wrong, orders x stages.
    """

    visits: SimulatedVisits
    number: np.ndarray
    early: np.ndarray
    segment: np.ndarray
    source: np.ndarray
    payment: np.ndarray
    gateway: np.ndarray
    carrier: np.ndarray
    city: np.ndarray
    postcode_city: np.ndarray
    first_sku: np.ndarray
    lines: np.ndarray
    total: np.ndarray
    returns: np.ndarray
    bad_data: np.ndarray
    oversold: np.ndarray
    planned_s: np.ndarray
    ship_by_s: np.ndarray
    promised_s: np.ndarray

    def __len__(self) -> int:
        return len(self.number)


def blocks_of_days(shop: SyntheticShop) -> Iterator[range]:
    """Cut the period into runs of days of about `block_orders` orders, at least a day each."""
    first, block_orders = 0, 0
    for day, orders in enumerate(shop.orders_by_day()):
        if block_orders and block_orders + orders > shop.block_orders:
            yield range(first, day)
            first, block_orders = day, 0
        block_orders += int(orders)
    yield range(first, shop.period_days)


def sales_of(shop: SyntheticShop, shelves: StockLevels, days: range) -> SimulatedVisits:
    """Play the shelves through some days."""
    by_day = shop.orders_by_day()
    sold = []
    for day in days:
        shelves.open_day(day)
        sold.append(shelves.sell(day, int(by_day[day])))
    return concatenate(sold)


def orders_of(
    shop: SyntheticShop, catalogue: Catalogue, visits: SimulatedVisits, first_number: int
) -> OrderBlock:
    """Give each sale its payment, its carrier, its address and its planned course."""
    random = shop.random(RandomStream.ORDERS, first_number)
    size = len(visits.placed_s)
    payment = draw_by_row(random, PAYMENT_OF_COUNTRY, visits.country)
    carrier = draw_by_row(random, CARRIER_OF_COUNTRY, visits.country)
    city = random.integers(0, 4, size)
    group = catalogue.group[visits.line_sku]
    fashion = _any_line(visits, np.isin(group, FASHION_GROUPS))
    returns = random.random(size) < np.where(fashion, 0.09, 0.03)
    line_value = visits.line_units * visits.line_price
    value = np.bincount(visits.line_visit, line_value, minlength=size)
    planned_s = _planned_s(random, visits, payment=payment, carrier=carrier, returns=returns)
    ship_by_s = visits.placed_s + SECONDS_PER_DAY * np.where(payment == 2, 3.0, 1.5)
    domestic = DOMESTIC[visits.country, visits.site]
    days = np.where(domestic, 3, 6) + random.integers(0, 3, size)
    return OrderBlock(
        visits=visits,
        number=first_number + np.arange(size),
        early=visits.placed_s / shop.period_s,
        segment=catalogue.customer_segment[visits.customer],
        source=SOURCE_OF_CHANNEL[visits.channel],
        payment=payment,
        gateway=draw_by_row(random, GATEWAY_OF_PAYMENT, payment),
        carrier=carrier,
        city=city,
        postcode_city=city.copy(),
        first_sku=visits.line_sku[np.searchsorted(visits.line_visit, np.arange(size))],
        lines=np.bincount(visits.line_visit, minlength=size),
        total=np.round(value + SHIPPING_FEE, 2),
        returns=returns,
        bad_data=_any_line(visits, catalogue.bad_data[visits.line_sku]),
        oversold=_any_line(visits, visits.line_oversold),
        planned_s=planned_s,
        ship_by_s=ship_by_s,
        promised_s=(visits.placed_s // SECONDS_PER_DAY + days) * SECONDS_PER_DAY
        + 18 * SECONDS_PER_HOUR,
    )


def _any_line(visits: SimulatedVisits, of_line: np.ndarray) -> np.ndarray:
    """Return which visits have a line of that kind."""
    return np.bincount(visits.line_visit, of_line, minlength=len(visits.placed_s)) > 0


def _planned_s(
    random: np.random.Generator,
    visits: SimulatedVisits,
    payment: np.ndarray,
    carrier: np.ndarray,
    returns: np.ndarray,
) -> np.ndarray:
    size = len(visits.placed_s)
    hours = np.tile(STAGE_HOURS, (size, 1))
    hours[:, AT[Stage.PAID]] = PAID_HOURS_OF_PAYMENT[payment]
    domestic = DOMESTIC[visits.country, visits.site]
    on_the_road = DELIVERY_HOURS_OF_CARRIER[carrier] * np.where(domestic, 1.0, 2.6)
    hours[:, AT[Stage.DELIVERED]] = on_the_road
    hours *= np.exp(random.standard_normal(hours.shape) * STAGE_SPREAD)
    planned_s = visits.placed_s[:, None] + np.cumsum(hours, axis=1) * SECONDS_PER_HOUR
    planned_s[~returns, AT[Stage.AFTER_SALES]] = np.nan
    return planned_s
