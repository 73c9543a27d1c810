"""The shelves: what is there is sold, what is not is lost or oversold, and more is ordered."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from data.contract.column_types import YesNo
from data.sources.synthetic.catalogue import (
    COUNTRY_SHARE,
    SITE_LEAD_DAYS,
    SITE_OF_COUNTRY,
    SITES,
    Catalogue,
)
from data.sources.synthetic.frames import draw_where, names, times
from data.sources.synthetic.shop import RandomStream, SyntheticShop
from data.sources.synthetic.visits import (
    MEAN_LINES,
    MEAN_UNITS,
    SimulatedVisits,
    moments_of_day,
    visits_of_day,
)
from data.ticks import SECONDS_PER_DAY, SECONDS_PER_HOUR

# A marketplace sees our stock late: an empty shelf is sold there more often than in our own shop.
OVERSELL_SHARE_OF_CHANNEL = np.array([0.06, 0.06, 0.35, 0.10])
# Deliveries on their way stand in a ring of days, longer than the longest delivery takes.
RING_DAYS = 16
COVER_DAYS = 8
STOCK = ("shelf", "counted_s", "on_hand", "inbound", "inbound_s")
DEMAND = ("shelf", "day", "wanted_units", "sold_units", "in_stock_share")


class ShelfAllocation(NamedTuple):
    """Units that each order line gets, and a mask of the lines sold without stock (oversold)."""

    units: np.ndarray
    oversold: np.ndarray


class StockLevels:
    """Stock of every SKU at every site (a shelf), day by day.

    A day begins with the delivery and the count; then visits take what is there, in their order.
    """

    def __init__(self, shop: SyntheticShop, catalogue: Catalogue) -> None:
        self.shop, self.catalogue = shop, catalogue
        self.random = shop.random(RandomStream.SHELVES)
        lines_a_day = shop.orders / shop.period_days * MEAN_LINES
        shelf_share = np.outer(catalogue.popularity, COUNTRY_SHARE @ SITE_OF_COUNTRY).ravel()
        # Buyers misjudge demand, so that some shelves are often empty and others never.
        misjudged = self.random.lognormal(0.26, 0.31, len(shelf_share))
        daily_units = lines_a_day * MEAN_UNITS * shelf_share * misjudged
        self.lead_days = np.tile(SITE_LEAD_DAYS, len(catalogue.skus))
        self.reorder_units = np.ceil(daily_units * (self.lead_days + 2) + 2 * daily_units**0.5)
        self.target_units = self.reorder_units + np.ceil(daily_units * COVER_DAYS + 1)
        share = self.random.uniform(0.5, 1, len(daily_units))
        self.on_hand = np.ceil(self.target_units * share)
        self.on_the_way = np.zeros((RING_DAYS, len(daily_units)))
        self.counts: list[tuple[np.ndarray, ...]] = []
        self.demand: list[tuple[np.ndarray, ...]] = []

    def open_day(self, day: int) -> None:
        """Take in what arrives, order what is short, and count."""
        self.on_hand += self.on_the_way[day % RING_DAYS]
        self.on_the_way[day % RING_DAYS] = 0
        position = self.on_hand + self.on_the_way.sum(axis=0)
        short = np.flatnonzero(position <= self.reorder_units)
        delay_days = np.minimum(self.random.geometric(0.55, len(short)) - 1, 6)
        arrives = (day + self.lead_days[short] + delay_days) % RING_DAYS
        self.on_the_way[arrives, short] += (self.target_units - position)[short]
        every = np.arange(len(self.on_hand))
        self._count(every, np.full(len(every), float(day * SECONDS_PER_DAY)), day)

    def sell(self, day: int, orders: int) -> SimulatedVisits:
        """Let people come until so many have placed an order; return those who have."""
        attempt = 0
        while True:
            visitors = int(orders * (1.1 + 0.5 * attempt)) + 20
            visits = visits_of_day(
                self.shop, self.catalogue, day=day, count=visitors, attempt=attempt
            )
            got, oversold = self._allocate(visits)
            placed = np.bincount(visits.line_visit, got > 0, minlength=visitors) > 0
            if placed.sum() >= orders:
                break
            attempt += 1
        has_visited = np.cumsum(placed) - placed < orders
        moment = moments_of_day(self.random, int(has_visited.sum()))
        visits.placed_s[has_visited] = (day + moment) * SECONDS_PER_DAY
        self._book(day, visits, has_visited[visits.line_visit], np.where(oversold, 0, got))
        visits.line_units, visits.line_oversold = got, oversold
        sales = visits.only(placed & has_visited, got > 0)
        promised_units = np.where(sales.line_oversold, sales.line_units, 0)
        self.on_hand -= np.bincount(sales.line_shelf, promised_units, len(self.on_hand))
        return sales

    def _allocate(self, visits: SimulatedVisits) -> ShelfAllocation:
        """Allocate the stock to the lines in their order; some channels oversell."""
        shelf, requested = visits.line_shelf, visits.line_units
        by_shelf = np.argsort(shelf, kind="stable")
        total = np.cumsum(requested[by_shelf])
        first = np.searchsorted(shelf[by_shelf], shelf[by_shelf])
        before = np.empty_like(requested)
        before[by_shelf] = total - requested[by_shelf] - (total - requested[by_shelf])[first]
        left = np.clip(self.on_hand[shelf] - before, 0, requested).astype(np.int64)
        channel = visits.channel[visits.line_visit]
        oversold = draw_where(self.random, left == 0, OVERSELL_SHARE_OF_CHANNEL[channel])
        return ShelfAllocation(np.where(oversold, requested, left), oversold)

    def _book(
        self, day: int, visits: SimulatedVisits, has_visited: np.ndarray, sold_units: np.ndarray
    ) -> None:
        """Take the sold units of the day off the shelves and record the demand."""
        shelf, shelves = visits.line_shelf[has_visited], len(self.on_hand)
        requested, sold = visits.line_units[has_visited], sold_units[has_visited]
        seconds = visits.placed_s[visits.line_visit[has_visited]]
        opened_with = self.on_hand
        requested_units = np.bincount(shelf, requested, shelves)
        taken = np.bincount(shelf, sold, shelves)
        self.on_hand = opened_with - taken
        emptied = (opened_with > 0) & (self.on_hand <= 0)
        in_stock = np.where(opened_with > 0, 1.0, 0.0)
        last_sale_s = np.zeros(shelves)
        np.maximum.at(last_sale_s, shelf[sold > 0], seconds[sold > 0])
        in_stock[emptied] = last_sale_s[emptied] / SECONDS_PER_DAY - day
        empty = np.flatnonzero(emptied)
        self._count(empty, last_sale_s[empty], day)
        self.demand.append(
            (np.arange(shelves), np.full(shelves, day), requested_units, taken, in_stock)
        )

    def _count(self, shelf: np.ndarray, counted_s: np.ndarray, day: int) -> None:
        on_the_way = self.on_the_way[:, shelf]
        days_ahead = (np.arange(RING_DAYS) - day) % RING_DAYS
        wait_days = np.where(on_the_way > 0, days_ahead[:, None], np.inf).min(
            axis=0, initial=np.inf
        )
        inbound_s = np.where(np.isfinite(wait_days), (day + wait_days) * SECONDS_PER_DAY, np.nan)
        columns = (shelf, counted_s, self.on_hand[shelf], on_the_way.sum(axis=0), inbound_s)
        self.counts.append(columns)

    def stock_table(self) -> pd.DataFrame:
        """The counts since the last call: one a shelf and midnight, one when a shelf ran empty."""
        columns = _drain(STOCK, self.counts)
        return pd.DataFrame(
            {
                **self._shelf_names(columns["shelf"]),
                "counted_at": times(self.shop, columns["counted_s"]),
                "on_hand": columns["on_hand"],
                "inbound": columns["inbound"],
                "inbound_at": times(self.shop, columns["inbound_s"]),
                "in_stock": pd.array(columns["on_hand"] > 0, dtype=YesNo),
                "known_at": times(self.shop, columns["counted_s"] + SECONDS_PER_HOUR),
            }
        )

    def true_demand(self) -> pd.DataFrame:
        """True demand since the last call, in stock or not; zeros left out."""
        columns = _drain(DEMAND, self.demand)
        is_notable = (columns["wanted_units"] > 0) | (columns["in_stock_share"] < 1)
        columns = {name: values[is_notable] for name, values in columns.items()}
        return pd.DataFrame(
            {
                **self._shelf_names(columns["shelf"]),
                "period_start": times(self.shop, columns["day"] * float(SECONDS_PER_DAY)),
                "wanted_units": columns["wanted_units"],
                "sold_units": columns["sold_units"],
                "in_stock_share": columns["in_stock_share"],
            }
        )

    def _shelf_names(self, shelf: np.ndarray) -> dict[str, pd.api.extensions.ExtensionArray]:
        sites = len(SITES)
        sku = names(self.catalogue.skus, shelf // sites)
        return {"sku": sku, "site": names(SITES, shelf % sites)}


def _drain(columns: tuple[str, ...], parts: list[tuple[np.ndarray, ...]]) -> dict[str, np.ndarray]:
    """Join the parts by column and forget them."""
    joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
    parts.clear()
    return dict(zip(columns, joined, strict=True))
