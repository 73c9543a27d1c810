"""Bursts: many exceptions with one cause, planted at a known time on a known value."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.domain import Stage
from data.sources.synthetic.catalogue import (
    CARRIER_OF_COUNTRY,
    CARRIERS,
    CHANNEL_SHARE,
    COUNTRY_SHARE,
    GATEWAY_OF_PAYMENT,
    GATEWAYS,
    PAYMENT_OF_COUNTRY,
    SITE_OF_COUNTRY,
    SITES,
    SOURCES,
    Catalogue,
)
from data.sources.synthetic.causes import CODE
from data.sources.synthetic.frames import draw, draw_where, names, texts, times
from data.sources.synthetic.orders import AT, OrderBlock
from data.sources.synthetic.shop import RandomStream, SyntheticShop
from data.ticks import SECONDS_PER_DAY, SECONDS_PER_HOUR

# A small shop's bursts last longer, so that enough orders are hit to be seen.
MIN_BURST_MEMBERS, MAX_BURST_MEMBERS = 8, 18
MAX_BURST_HOURS = 72
COMMON_VALUES = 4  # a burst on a rare value is none
LAST_BURST_HOURS = 12
LAST_BURST_RANK = 3  # of its value among the most usual ones: the most usual fail with others
NO_BURST = -1


@dataclass(frozen=True)
class BurstKind:
    """One kind of burst: orders with a value that reach a stage in the window get the cause."""

    attribute: str
    cause: str
    stage: Stage
    min_hours: float
    chance: float


KINDS = (
    BurstKind(attribute="carrier", cause="carrier", stage=Stage.SHIPPED, min_hours=10, chance=0.6),
    BurstKind(attribute="gateway", cause="payment", stage=Stage.RECEIVED, min_hours=2, chance=0.75),
    BurstKind(
        attribute="site", cause="warehouse", stage=Stage.STOCK_CHECKED, min_hours=6, chance=0.5
    ),
    BurstKind(
        attribute="source", cause="integration", stage=Stage.RECEIVED, min_hours=2, chance=0.6
    ),
    BurstKind(attribute="sku", cause="data", stage=Stage.RECEIVED, min_hours=12, chance=0.8),
)


class OrderCauses(NamedTuple):
    """Cause of the exception of each order, below 0 for none, and its burst or `NO_BURST`."""

    cause: np.ndarray
    burst: np.ndarray


@dataclass(frozen=True)
class PlantedBurst:
    """One planted burst; the value is a code of its attribute."""

    number: int
    kind: BurstKind
    value: int
    start_s: float
    end_s: float

    def members(self, random: np.random.Generator, orders: OrderBlock) -> np.ndarray:
        """Draw which orders it hits (a mask)."""
        values = {
            "carrier": orders.carrier,
            "gateway": orders.gateway,
            "site": orders.visits.site,
            "source": orders.source,
            "sku": orders.first_sku,
        }[self.kind.attribute]
        reached_s = orders.planned_s[:, AT[self.kind.stage]]
        hit = (values == self.value) & (reached_s >= self.start_s) & (reached_s < self.end_s)
        return draw_where(random, hit, np.full(len(hit), self.kind.chance))


def planted_bursts(shop: SyntheticShop, catalogue: Catalogue) -> list[PlantedBurst]:
    """Plant bursts all over the period, every kind in turn, at working hours.

    Eventful days have one more, which lasts to the end of the period.
    """
    random = shop.random(RandomStream.BURSTS)
    count = round(shop.period_days / shop.days_between_bursts)
    usual = 0.01 * shop.orders / max(count, 1)
    members = float(np.clip(usual, MIN_BURST_MEMBERS, MAX_BURST_MEMBERS))
    days = np.sort(random.integers(2, shop.period_days - 3, count))
    first = random.integers(0, len(KINDS))
    bursts = []
    for number, day in enumerate(days):
        kind = KINDS[(first + number) % len(KINDS)]
        shares = _value_shares(kind.attribute, catalogue)
        value = int(
            draw(random, np.where(shares >= np.sort(shares)[-COMMON_VALUES:][0], shares, 0), 1)[0]
        )
        an_hour = shop.orders / shop.period_days / 24 * shares[value] * kind.chance
        hours = float(np.clip(members / an_hour, kind.min_hours, MAX_BURST_HOURS))
        start_s = float(day * SECONDS_PER_DAY + random.uniform(6, 15) * SECONDS_PER_HOUR)
        bursts.append(
            PlantedBurst(
                number=number,
                kind=kind,
                value=value,
                start_s=start_s,
                end_s=start_s + hours * SECONDS_PER_HOUR,
            )
        )
    return [*bursts, _last_burst(shop, catalogue, count)] if shop.eventful_days else bursts


def _last_burst(shop: SyntheticShop, catalogue: Catalogue, number: int) -> PlantedBurst:
    kind = next(kind for kind in KINDS if kind.attribute == "gateway")
    shares = _value_shares(kind.attribute, catalogue)
    start_s = float(shop.period_s - LAST_BURST_HOURS * SECONDS_PER_HOUR)
    return PlantedBurst(
        number=number,
        kind=kind,
        value=int(shares.argsort()[-LAST_BURST_RANK]),
        start_s=start_s,
        end_s=float(shop.period_s),
    )


def _value_shares(attribute: str, catalogue: Catalogue) -> np.ndarray:
    if attribute == "sku":
        return catalogue.popularity
    if attribute == "source":
        web, app, marketplace, phone = CHANNEL_SHARE
        return np.array([web + app, marketplace, phone])
    if attribute == "gateway":
        return COUNTRY_SHARE @ PAYMENT_OF_COUNTRY @ GATEWAY_OF_PAYMENT
    table = CARRIER_OF_COUNTRY if attribute == "carrier" else SITE_OF_COUNTRY
    return COUNTRY_SHARE @ table


def hit_by_bursts(
    random: np.random.Generator, orders: OrderBlock, bursts: list[PlantedBurst], cause: np.ndarray
) -> OrderCauses:
    """Overwrite the causes of the orders that bursts hit."""
    burst_of = np.full(len(orders), NO_BURST)
    cause = cause.copy()
    first_s = orders.visits.placed_s[0]
    last_s = np.nanmax(orders.planned_s[:, AT[Stage.SHIPPED]])
    for burst in bursts:
        if burst.end_s >= first_s and burst.start_s <= last_s:
            hit = burst.members(random, orders)
            cause[hit] = CODE[burst.kind.cause]
            burst_of[hit] = burst.number
    return OrderCauses(cause, burst_of)


def bursts_table(
    shop: SyntheticShop, catalogue: Catalogue, bursts: list[PlantedBurst]
) -> pd.DataFrame:
    """The truth about the bursts: one row each."""
    words = {
        "carrier": CARRIERS,
        "gateway": GATEWAYS,
        "site": SITES,
        "source": SOURCES,
        "sku": catalogue.skus,
    }
    return pd.DataFrame(
        {
            "burst_id": names([f"b{burst.number:03d}" for burst in bursts], np.arange(len(bursts))),
            "cause": texts([burst.kind.cause for burst in bursts]),
            "attribute": texts([burst.kind.attribute for burst in bursts]),
            "value": texts([str(words[b.kind.attribute][b.value]) for b in bursts]),
            "stage": texts([str(burst.kind.stage) for burst in bursts]),
            "started_at": times(shop, np.array([burst.start_s for burst in bursts])),
            "ended_at": times(shop, np.array([burst.end_s for burst in bursts])),
        }
    )
