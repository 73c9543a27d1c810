"""The simulation, block of days by block of days; only stock and open work live on in between."""

from collections.abc import Iterator

import pandas as pd

from data.sources.synthetic import exception_tables, order_tables
from data.sources.synthetic.bursts import bursts_table, hit_by_bursts, planted_bursts
from data.sources.synthetic.catalogue import catalogue_of, products_table, sites_table
from data.sources.synthetic.chances import (
    apparent_cause,
    draw_causes,
    eventful_scale,
    scale_of,
)
from data.sources.synthetic.exceptions import ExceptionBlock, raise_exceptions
from data.sources.synthetic.handling import TeamQueues, cases_of
from data.sources.synthetic.orders import OrderBlock, blocks_of_days, orders_of, sales_of
from data.sources.synthetic.shelves import StockLevels
from data.sources.synthetic.shop import RandomStream, SyntheticShop
from data.sources.synthetic.teams import pilot_orders, teams_for, teams_table
from data.ticks import SECONDS_PER_DAY

Rows = Iterator[tuple[str, pd.DataFrame]]


class Simulation:
    """One run through the period."""

    def __init__(self, shop: SyntheticShop) -> None:
        self.shop = shop
        self.catalogue = catalogue_of(shop)
        usual = pilot_orders(shop, self.catalogue)
        self.teams = teams_for(shop, usual)
        self.scale = scale_of(usual, shop.exception_share)
        self.bursts = planted_bursts(shop, self.catalogue)
        self.shelves = StockLevels(shop, self.catalogue)
        self.handling = TeamQueues(self.teams)
        self.orders_so_far = 0
        self.exceptions_so_far = 0

    def run(self) -> Rows:
        """Yield the tables in parts; names that begin with truth/ are not for the history."""
        yield "products", products_table(self.shop, self.catalogue)
        yield "sites", sites_table(self.shop)
        yield "truth/bursts", bursts_table(self.shop, self.catalogue, self.bursts)
        yield "truth/teams", teams_table(self.teams)
        for days in blocks_of_days(self.shop):
            yield from self._block(days)
        self.handling.end()
        yield from self._handled()

    def _block(self, days: range) -> Rows:
        visits = sales_of(self.shop, self.shelves, days)
        yield "stock", self.shelves.stock_table()
        yield "truth/demand", self.shelves.true_demand()
        orders = orders_of(self.shop, self.catalogue, visits, self.orders_so_far)
        raised = self._exceptions(orders)
        random = self.shop.random(RandomStream.TEXTS, self.orders_so_far)
        order_tables.spoil_addresses(random, orders, raised)
        yield "orders", order_tables.orders_table(self.shop, random, orders)
        yield "order_lines", order_tables.lines_table(self.shop, self.catalogue, orders)
        yield "order_events", order_tables.planned_events(self.shop, orders, raised)
        raised = raised.before(self.shop.period_s)
        number = self.exceptions_so_far
        exceptions = exception_tables.exceptions_table(
            shop=self.shop,
            random=random,
            catalogue=self.catalogue,
            orders=orders,
            raised=raised,
            first_number=number,
        )
        yield "exceptions", exceptions
        yield "truth/exceptions", exception_tables.true_exceptions(self.shop, raised, number)
        self._hand_over(orders, raised)
        self.orders_so_far += len(orders)
        self.exceptions_so_far += len(raised.order)
        self.handling.work_until(days.stop * SECONDS_PER_DAY)
        yield from self._handled()

    def _exceptions(self, orders: OrderBlock) -> ExceptionBlock:
        random = self.shop.random(RandomStream.EXCEPTIONS, self.orders_so_far)
        usual = draw_causes(random, orders, eventful_scale(self.shop, orders, self.scale))
        causes = hit_by_bursts(random, orders, self.bursts, usual)
        apparent = apparent_cause(self.shop, orders, causes.cause)
        return raise_exceptions(
            random,
            orders,
            cause_of_order=causes.cause,
            apparent=apparent,
            burst_of=causes.burst,
            lost_at_deadline=self.shop.lost_at_deadline,
        )

    def _hand_over(self, orders: OrderBlock, raised: ExceptionBlock) -> None:
        random = self.shop.random(RandomStream.HANDLING, self.orders_so_far)
        cases = cases_of(random, orders, raised, self.exceptions_so_far)
        for case, detected_s in zip(cases, raised.detected_s.tolist(), strict=True):
            self.handling.receive(case, detected_s)

    def _handled(self) -> Rows:
        records = self.handling.drain_records()
        yield "order_events", order_tables.late_events(self.shop, records)
        yield "exception_events", exception_tables.exception_events_table(self.shop, records)
        yield "outcomes", exception_tables.outcomes_table(self.shop, records)
