"""Tables of orders: the orders, their lines and their steps; nothing after the end."""

import numpy as np
import pandas as pd

from data.domain import Stage
from data.sources.synthetic.catalogue import (
    CHANNELS,
    CITIES,
    COUNTRIES,
    PAYMENT_METHODS,
    POSTCODE_HEADS,
    SEGMENTS,
    SITES,
    SOURCES,
    Catalogue,
)
from data.sources.synthetic.causes import CODE
from data.sources.synthetic.exceptions import ExceptionBlock
from data.sources.synthetic.frames import columns_of_rows, names, numbered, texts, times
from data.sources.synthetic.handling import HandlingRecords
from data.sources.synthetic.orders import AT, STAGES, OrderBlock
from data.sources.synthetic.shop import SyntheticShop
from data.ticks import SECONDS_PER_HOUR

ACTORS = ("customer", "system", "warehouse", "carrier")
ACTOR_OF_STAGE = np.array([0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 0])
# What happens outside is heard of later: scans of carriers come in with the next transmission.
REPORTED_AFTER_HOURS = np.array([0, 0, 0, 0, 0, 0, 0, 0.1, 1, 3, 0.5])
UNPAID_AT_FIRST = np.isin(PAYMENT_METHODS, ("bank_transfer", "boleto", "invoice"))


def orders_table(
    shop: SyntheticShop, random: np.random.Generator, orders: OrderBlock
) -> pd.DataFrame:
    """One row an order, known once it is received."""
    visits, size = orders.visits, len(orders)
    city_row = visits.country * 4 + orders.city
    head = np.array([h for heads in POSTCODE_HEADS for h in heads])
    tail = np.char.zfill(random.integers(0, 1000, size).astype(str), 3)
    postcode = np.char.add(head[visits.country * 4 + orders.postcode_city], tail)
    constant = np.zeros(size, dtype=int)
    return pd.DataFrame(
        {
            "order_id": numbered("o", orders.number),
            "placed_at": times(shop, visits.placed_s),
            "source": names(SOURCES, orders.source),
            "channel": names(CHANNELS, visits.channel),
            "customer_id": numbered("c", visits.customer, 7),
            "customer_segment": names(SEGMENTS, orders.segment),
            "promised_at": times(shop, orders.promised_s),
            "ship_by_at": times(shop, orders.ship_by_s),
            "currency": names(("EUR",), constant),
            "total": orders.total,
            "country": names(COUNTRIES, visits.country),
            "postcode": texts(postcode),
            "city": names([city for cities in CITIES for city in cities], city_row),
            "payment_method": names(PAYMENT_METHODS, orders.payment),
            "payment_status": names(
                ("authorized", "pending"), UNPAID_AT_FIRST[orders.payment].astype(int)
            ),
            "fulfillment_status": names(("unfulfilled",), constant),
            "status": names(("open",), constant),
            "known_at": times(shop, _received_s(orders)),
        }
    )[_received_s(orders) < shop.period_s]


def _received_s(orders: OrderBlock) -> np.ndarray:
    return orders.planned_s[:, AT[Stage.RECEIVED]]


def lines_table(shop: SyntheticShop, catalogue: Catalogue, orders: OrderBlock) -> pd.DataFrame:
    """One row a line, known with its order."""
    visits = orders.visits
    order = visits.line_visit
    recorded_s = _received_s(orders)[order]
    first_line = np.searchsorted(order, np.arange(len(orders)))
    return pd.DataFrame(
        {
            "order_id": numbered("o", orders.number[order]),
            "line_id": numbered("", np.arange(len(order)) - first_line[order] + 1, 1),
            "sku": names(catalogue.skus, visits.line_sku),
            "units": visits.line_units.astype(float),
            "site": names(SITES, visits.site[order]),
            "unit_price": visits.line_price,
            "known_at": times(shop, recorded_s),
        }
    )[recorded_s < shop.period_s]


def planned_events(shop: SyntheticShop, orders: OrderBlock, raised: ExceptionBlock) -> pd.DataFrame:
    """The stages that are reached without hindrance: up to the exception, if there is one."""
    last = np.full(len(orders), len(STAGES))
    last[raised.order] = raised.stage
    row, stage = np.nonzero(np.arange(len(STAGES)) <= last[:, None])
    moment_s = orders.planned_s[row, stage]
    return _order_events(
        shop,
        orders.number[row],
        stage=stage,
        moment_s=moment_s,
        canceled=np.zeros(len(row), dtype=int),
    )


def late_events(shop: SyntheticShop, records: HandlingRecords) -> pd.DataFrame:
    """The stages that are reached after an exception, and cancellations."""
    number, stage, moment_s, canceled = columns_of_rows(records.order_events, 4)
    return _order_events(
        shop,
        number.astype(np.int64),
        stage=stage.astype(int),
        moment_s=moment_s,
        canceled=canceled.astype(int),
    )


def _order_events(
    shop: SyntheticShop,
    number: np.ndarray,
    stage: np.ndarray,
    moment_s: np.ndarray,
    canceled: np.ndarray,
) -> pd.DataFrame:
    recorded_s = moment_s + REPORTED_AFTER_HOURS[stage] * SECONDS_PER_HOUR
    keep = recorded_s < shop.period_s  # false for NaN, too
    number, stage, canceled = number[keep], stage[keep], canceled[keep]
    return pd.DataFrame(
        {
            "order_id": numbered("o", number),
            "stage": names([str(each) for each in STAGES], stage),
            "occurred_at": times(shop, moment_s[keep]),
            "event": names(("reached", "canceled"), canceled),
            "actor": names(ACTORS, np.where(canceled == 1, 0, ACTOR_OF_STAGE[stage])),
            "known_at": times(shop, recorded_s[keep]),
        }
    )


def spoil_addresses(
    random: np.random.Generator, orders: OrderBlock, raised: ExceptionBlock
) -> None:
    """Write a postcode of another city on most orders whose address is wrong."""
    wrong = raised.order[(raised.cause == CODE["address"])]
    wrong = wrong[random.random(len(wrong)) < 0.6]
    orders.postcode_city[wrong] = (orders.city[wrong] + random.integers(1, 4, len(wrong))) % 4
