"""Visits of customers and their lines, before stock is checked."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from data.sources.synthetic.catalogue import (
    CHANNEL_SHARE,
    COUNTRY_SHARE,
    SITE_OF_COUNTRY,
    SITES,
    Catalogue,
)
from data.sources.synthetic.frames import draw, draw_by_row
from data.sources.synthetic.shop import RandomStream, SyntheticShop

LINES_SHARE = np.array([0.0, 0.58, 0.25, 0.11, 0.06])
UNITS = np.array([1, 2, 3, 6])
UNITS_SHARE = np.array([0.8, 0.13, 0.05, 0.02])
MEAN_LINES = float(LINES_SHARE @ np.arange(5))
MEAN_UNITS = float(UNITS_SHARE @ UNITS)
PROMOTION_DISCOUNT = 0.2
PROMOTION_LIFT = 2.4
# Share of a day's orders by hour, UTC: low at night, a peak at noon, a higher one in the evening.
HOUR_SHARE = np.array(
    [
        [2, 1.4, 1, 0.9, 0.9, 1.2, 2, 3.2, 4.6, 5.6, 6, 6.2],
        [6.4, 5.8, 5.4, 5.4, 5.6, 6, 6.6, 7.4, 7.6, 6.2, 4.4, 3],
    ]
).ravel()


class WeeklyOffer(NamedTuple):
    """Share of the order lines and price of each SKU in one week."""

    share: np.ndarray
    price: np.ndarray


@dataclass
class SimulatedVisits:
    """Visits in the order in which they happen, and their lines; `line_*` run over the lines."""

    placed_s: np.ndarray
    country: np.ndarray
    site: np.ndarray
    channel: np.ndarray
    customer: np.ndarray
    line_visit: np.ndarray
    line_sku: np.ndarray
    line_units: np.ndarray
    line_price: np.ndarray
    line_oversold: np.ndarray

    @property
    def line_shelf(self) -> np.ndarray:
        """The shelf (SKU and site) of every line."""
        return self.line_sku * len(SITES) + self.site[self.line_visit]

    def only(self, visits: np.ndarray, lines: np.ndarray) -> "SimulatedVisits":
        """Keep some visits and some of their lines (both by masks), renumbered."""
        lines = lines & visits[self.line_visit]
        number = np.cumsum(visits) - 1
        columns = {
            f.name: getattr(self, f.name)[lines if f.name.startswith("line_") else visits]
            for f in fields(self)
        }
        return SimulatedVisits(**columns | {"line_visit": number[columns["line_visit"]]})


def concatenate(days: list[SimulatedVisits]) -> SimulatedVisits:
    """Put days behind each other."""
    offsets = np.cumsum([0, *(len(day.placed_s) for day in days[:-1])])
    columns = {
        f.name: np.concatenate([getattr(day, f.name) for day in days])
        for f in fields(SimulatedVisits)
    }
    shifted = [day.line_visit + offset for day, offset in zip(days, offsets, strict=True)]
    return SimulatedVisits(**columns | {"line_visit": np.concatenate(shifted)})


def weekly_offer(shop: SyntheticShop, catalogue: Catalogue, week: int) -> WeeklyOffer:
    """Draw the offer of a week, with 5 % of the SKUs on promotion."""
    random = shop.random(RandomStream.WEEK, week)
    count = len(catalogue.skus)
    promoted = random.random(count) < 0.05
    season = 1 + 0.4 * np.sin(2 * np.pi * (week / 52 + catalogue.group / 12))
    share = catalogue.popularity * season * np.where(promoted, PROMOTION_LIFT, 1)
    price = np.round(catalogue.price * np.where(promoted, 1 - PROMOTION_DISCOUNT, 1), 2)
    return WeeklyOffer(share / share.sum(), price)


def visits_of_day(
    shop: SyntheticShop, catalogue: Catalogue, day: int, count: int, attempt: int = 0
) -> SimulatedVisits:
    """Draw `count` visits of a day, not yet timed; another attempt draws others."""
    random = shop.random(RandomStream.VISITS, day * 64 + attempt)
    share, price = weekly_offer(shop, catalogue, day // 7)
    country = draw(random, COUNTRY_SHARE, count)
    line_visit = np.repeat(np.arange(count), draw(random, LINES_SHARE, count))
    line_sku = draw(random, share, len(line_visit))
    customers = len(catalogue.customer_segment)
    return SimulatedVisits(
        placed_s=np.zeros(count),
        country=country,
        site=draw_by_row(random, SITE_OF_COUNTRY, country),
        channel=draw(random, CHANNEL_SHARE, count),
        customer=(customers * random.random(count) ** 1.4).astype(np.int64),
        line_visit=line_visit,
        line_sku=line_sku,
        line_units=UNITS[draw(random, UNITS_SHARE, len(line_visit))],
        line_price=price[line_sku],
        line_oversold=np.zeros(len(line_visit), dtype=bool),
    )


def moments_of_day(random: np.random.Generator, visits: int) -> np.ndarray:
    """Draw moments in ascending order, in days since midnight."""
    return np.sort(draw(random, HOUR_SHARE, visits) + random.random(visits)) / 24
