"""View of a series on the stock page: the stock ahead, the order, its SKU's pool shared.

Pure: decisions in, words and bars out.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.policy.policy import Policy
from features.demand.grain import Grain
from models.forecast_book.book import Book
from models.wording import percent
from serving.forecast_book import PreparedBook
from serving.http.templates import day, units
from serving.inventory.allocate import AllocatedLocationOut, allocated
from serving.inventory.economics import margins
from serving.inventory.order_views import ReplenishedOut, order_views
from serving.inventory.payload import AllocationIn, LocationIn, ReplenishmentIn
from serving.inventory.replenish import orders
from serving.wire.fields import Money
from serving.wire.formats import money

PLENTY = 1e8
"""Units that no SKU can use: what is placed of them is what pays."""
BEYOND_WHAT_PAYS = 1.25
MIN_POOL_UNITS = 10


def sliders(book: Book, sku: str, policy: Policy) -> dict[str, float]:
    """Return where the sliders of a SKU's pool and margin stand at first, and where they end.

    The pool is all that pays at the margin that is known; its slider ends beyond that.
    """
    pays = allocated(book, AllocationIn(sku=sku, units=PLENTY), policy)["placed"]
    margin = round(float(margins(book, np.array(book.rows(sku), np.intp), policy).mean()), 2)
    return {
        "pool": pays,
        "max_pool": max(math.ceil(pays * BEYOND_WHAT_PAYS), MIN_POOL_UNITS),
        "margin": margin,
        "max_margin": 2 * margin,
    }


def sharing(
    book: Book, sku: str, policy: Policy, pool: float, margin: float | None = None
) -> dict[str, Any]:
    """Return how the API shares a pool, with the lengths of bars: shares of the longest.

    Args:
        book: Knows the SKU.
        sku: Of which.
        policy: Of costs.
        pool: Units.
        margin: Money that a sale brings on average: those of the sites grow or shrink alike.
            What is known if left out.
    """
    locations = None if margin is None else _at_margin(book, sku, policy, margin)
    answer = allocated(book, AllocationIn(sku=sku, units=pool, locations=locations), policy)
    longest = max(map(_longest_bar, answer["locations"])) or 1
    locations = [_with_bars(location, longest) for location in answer["locations"]]
    return {**answer, "locations": locations}


def _longest_bar(location: AllocatedLocationOut) -> float:
    return max(max(location["stock"], 0) + location["units"], location["expected"]["demand"])


def _with_bars(location: AllocatedLocationOut, longest: float) -> dict[str, Any]:
    there = max(location["stock"], 0)
    bars = {
        "stock": there / longest,
        "given": location["units"] / longest,
        "demand": location["expected"]["demand"] / longest,
    }
    return {**location, "there": there, "bars": bars}


def _at_margin(book: Book, sku: str, policy: Policy, margin: float) -> list[LocationIn]:
    rows = np.array(book.rows(sku), np.intp)
    margin_by_site = margins(book, rows, policy)
    changed = (
        margin_by_site * (margin / margin_by_site.mean())
        if margin_by_site.any()
        else np.full(len(rows), margin)
    )
    return [
        LocationIn(
            site=str(book.forecast.site[row]), sale_value=Money(**money(value, policy.currency))
        )
        for row, value in zip(rows, changed.tolist(), strict=True)
    ]


@dataclass(frozen=True)
class StockOutlook:
    """The stock ahead of one series, as the API tells it.

    Attributes:
        grain: Of the forecast.
        days: First days of the periods.
        replenishment: Units to order, and the stock without an order and with that order.
    """

    grain: Grain
    days: list[str]
    replenishment: ReplenishedOut

    @property
    def order(self) -> int:
        """Units to order now."""
        return self.replenishment["order"]

    def words(self) -> list[str]:
        """Return what to do and why, as sentences."""
        out, sold_from = (
            self.replenishment["as_it_is"]["runs_out_on"],
            self.replenishment["sold_from"],
        )
        if out:
            ends = f"it more likely than not runs out {self._when(out)}"
        else:
            ends = f"it more likely than not lasts beyond {day(self.days[-1])}"
        if not self.order:
            return [f"As it is, {ends}.", "Nothing has to be ordered now."]
        then = self.days.index(sold_from)
        risks = [
            percent(float(self.replenishment[projection]["risk"][then]))
            for projection in ("as_it_is", "with_order")
        ]
        what = (
            f"Order {units(self.order)} units now: they can be sold from {day(sold_from)} on, and "
            f"the risk to lose sales {self._when(sold_from)} falls from {risks[0]} to {risks[1]}."
        )
        return [f"As it is, {ends}.", what]

    def _when(self, first: str) -> str:
        return (
            f"on {day(first)}"
            if self.grain == Grain.DAY
            else f"in the {self.grain.noun} of {day(first)}"
        )

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the stock ahead, a line a period."""
        now, then = self.replenishment["as_it_is"], self.replenishment["with_order"]
        for i, first in enumerate(self.days):
            risks = {"risk": float(now["risk"][i]), "risk_then": float(then["risk"][i])}
            yield {"day": first, "stock": now["stock"][i], "stock_then": then["stock"][i]} | risks


def ahead(used: PreparedBook, sku: str, site: str, policy: Policy) -> StockOutlook | None:
    """Return the stock ahead of a series; None where nothing can be said of it."""
    replenishment = ordered(used, [(sku, site)], policy).get((sku, site))
    return (
        StockOutlook(used.book.forecast.grain, used.dates, replenishment) if replenishment else None
    )


def ordered(
    used: PreparedBook, series: Sequence[tuple[str, str]], policy: Policy
) -> dict[tuple[str, str], ReplenishedOut]:
    """Return what the API says to order of each SKU and site, where it can say it."""
    payload = ReplenishmentIn(series=[{"sku": sku, "site": site} for sku, site in series])
    orderable = orders(used, payload, policy)
    views = order_views(orderable, range(len(orderable.rows)))
    return {(view["sku"], view["site"]): view for view in views}
