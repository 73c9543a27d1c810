"""Replenishment of series of the forecast book: orders, run-out dates, risk at each date."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from data.domain import Grain
from data.policy.policy import Policy
from models.demand.sample_paths import sample_paths
from models.forecast_book.book import Book
from models.inventory.projection import Projection, StockPosition
from models.inventory.replenishment import OrderTerms, Replenishment, replenish
from serving.demand.selection import BookSelection, RefusedSeriesOut, refusal, select_series
from serving.forecast_book import BookStampOut, PreparedBook
from serving.inventory.allocate import amount
from serving.inventory.economics import holding_costs, lead_periods, margins
from serving.inventory.payload import REPLENISHED, OrderTermsIn, ReplenishedIn, ReplenishmentIn
from serving.wire.answers import Chance, Day, Numbers, closed
from serving.wire.errors import BadPayloadError, Flaw

PATHS, SEED = 400, 7
SERIES_AT_ONCE = 128
DECIMALS = 4
BY_COSTS = -1.0  # in place of a service level


@closed
class StockAheadOut(TypedDict):
    """The stock ahead; lists go with `periods`."""

    runs_out_on: Annotated[
        Day | None, Field(description="as likely as not by this period; null beyond")
    ]
    safe_until: Annotated[
        Day | None, Field(description="the first period by which it is out with 10 %")
    ]
    lost_units: float
    fill_rate: Chance
    risk: Annotated[Numbers, Field(description="that demand is lost in the period")]
    stock: Annotated[Numbers, Field(description="units expected at its end")]


@closed
class ReplenishedOut(TypedDict):
    """Order of one series, and its stock ahead."""

    sku: str
    site: str
    order: int
    sold_from: Day
    as_it_is: StockAheadOut
    with_order: StockAheadOut


@closed
class ReplenishmentHeadOut(BookStampOut):
    """Head of an answer with orders: the periods, and the refused series."""

    grain: Grain
    periods: list[Day]
    refused: list[RefusedSeriesOut]


@closed
class ReplenishmentsOut(ReplenishmentHeadOut):
    """Orders in the order of the request, and the refused series."""

    replenishments: list[ReplenishedOut]


@dataclass(frozen=True)
class OrderableSeries:
    """n series that may be ordered.

    Attributes:
        used: The book.
        rows: (n,) rows of it.
        terms: Of each.
        on_hand: (n,) units; below 0 where units are owed.
        inbound: Units on their way that a caller states, by position; else the book's count.
        refused: The answers to items that can't be answered.
    """

    used: PreparedBook
    rows: np.ndarray
    terms: OrderTerms
    on_hand: np.ndarray
    inbound: dict[int, np.ndarray]
    refused: list[RefusedSeriesOut]


def orders(used: PreparedBook, request: ReplenishmentIn, policy: Policy) -> OrderableSeries:
    """Understand what is asked, refusing item by item what can't be answered.

    Raises:
        BadPayloadError: Money that holds for all is in another currency.
    """
    book = used.book
    general = _ItemTerms.of(request, policy.currency, "")
    selection, own = _checked(select_series(book, request.series, REPLENISHED), policy.currency)
    rows = np.asarray(selection.rows, np.intp)

    def column(name: str, usual: np.ndarray | float) -> np.ndarray:
        whole = getattr(general, name)
        values = np.broadcast_to(usual if whole is None else whole, rows.shape).astype(float)
        for row, item_terms in enumerate(own):
            if getattr(item_terms, name) is not None:
                values[row] = getattr(item_terms, name)
        return values

    terms = OrderTerms(
        review_periods=request.review_periods,
        lead_periods=column("lead_periods", lead_periods(book, rows, policy)),
        holding_cost=column("holding_cost", holding_costs(book, rows, policy, 1)),
        shortage_cost=column("shortage_cost", margins(book, rows, policy)),
        service_level=column("service_level", BY_COSTS),
        pack_units=column("pack_size", 1),
        min_units=column("min_order", 0),
    )
    on_hand = book.stock.on_hand[rows].astype(float)
    inbound = {}
    for row, item in enumerate(selection.items):
        if item.on_hand is not None:
            on_hand[row] = item.on_hand
        if item.inbound is not None:
            inbound[row] = np.array(item.inbound, float)
    return _possible(
        OrderableSeries(used, rows, terms, on_hand, inbound, selection.refused), named=bool(own)
    )


@dataclass(frozen=True)
class _ItemTerms:
    """The terms of one item, or of all; None where nothing was said. Fields of `OrderTermsIn`."""

    lead_periods: float | None
    holding_cost: float | None
    shortage_cost: float | None
    service_level: float | None
    pack_size: float | None
    min_order: float | None

    @classmethod
    def of(cls, terms: OrderTermsIn, currency: str, pointer: str) -> "_ItemTerms":
        """Take money in our currency; raise BadPayloadError where it is in another."""
        return cls(
            terms.lead_periods,
            amount(terms.holding_cost, currency, f"{pointer}/holding_cost"),
            amount(terms.shortage_cost, currency, f"{pointer}/shortage_cost"),
            terms.service_level,
            terms.pack_size,
            terms.min_order,
        )


def _checked(
    selection: BookSelection[ReplenishedIn], currency: str
) -> tuple[BookSelection[ReplenishedIn], list[_ItemTerms]]:
    """Read each item's terms; an item in another currency is refused."""
    accepted, own, refused = [], [], list(selection.refused)
    for position, item in enumerate(selection.items):
        try:
            own.append(_ItemTerms.of(item, currency, ""))
            accepted.append(position)
        except BadPayloadError as error:
            refused.append(refusal(item.model_dump(), error))
    if not selection.items:
        return selection, own
    rows, items = (
        [selection.rows[position] for position in accepted],
        [selection.items[position] for position in accepted],
    )
    return BookSelection(rows, items, refused), own


def _possible(whole: OrderableSeries, *, named: bool) -> OrderableSeries:
    """Leave out what can't be ordered: those that a caller named are refused by name."""
    forecast = whole.used.book.forecast
    need = whole.terms.lead_periods + whole.terms.review_periods - 1
    problems = (
        (
            need > forecast.horizon,
            "lead_periods",
            f"the forecasts reach {forecast.horizon} periods",
        ),
        (np.isnan(whole.on_hand), "on_hand", "is not known: tell it"),
    )
    refused = list(whole.refused)
    for bad, field, detail in problems:
        for row in whole.rows[bad] if named or field != "on_hand" else ():
            name = {"sku": forecast.sku[row], "site": forecast.site[row]}
            refused.append(refusal(name, BadPayloadError([Flaw(f"/{field}", detail)])))
    good = np.flatnonzero(~np.logical_or.reduce([bad for bad, *_ in problems]))
    inbound = {
        new: whole.inbound[old] for new, old in enumerate(good.tolist()) if old in whole.inbound
    }
    return OrderableSeries(
        whole.used, whole.rows[good], whole.terms.take(good), whole.on_hand[good], inbound, refused
    )


def order_views(whole: OrderableSeries, part: Sequence[int]) -> list[ReplenishedOut]:
    """Return what to order for some of the series; numbers stay arrays, for `dumped`."""
    book, positions = whole.used.book, np.asarray(part, np.intp)
    rows = whole.rows[positions]
    paths = sample_paths(book.forecast, rows, PATHS, SEED)
    owed = np.maximum(-whole.on_hand[positions], 0)
    paths[:, :, 0] += owed[:, None]  # what is owed already is asked for first
    inbound = np.nan_to_num(book.stock.inbound[rows]).astype(float)
    for position, row in enumerate(part):
        if row in whole.inbound:
            units = whole.inbound[row][: inbound.shape[1]]
            inbound[position] = np.pad(units, (0, inbound.shape[1] - len(units)))
    shelf = StockPosition(np.maximum(whole.on_hand[positions], 0), inbound)
    replenishment = replenish(paths, shelf, whole.terms.take(positions))
    return [
        _view(book, whole.used.dates, replenishment, position, row)
        for position, row in enumerate(rows)
    ]


def _view(
    book: Book, dates: list[str], replenishment: Replenishment, position: int, row: int
) -> ReplenishedOut:
    return {
        "sku": book.forecast.sku[row],
        "site": book.forecast.site[row],
        "order": int(replenishment.order[position]),
        "sold_from": dates[int(replenishment.arrives[position])],
        "as_it_is": _ahead(replenishment.as_it_is, position, dates),
        "with_order": _ahead(replenishment.with_order, position, dates),
    }


def _ahead(projection: Projection, position: int, dates: list[str]) -> StockAheadOut:
    """Return the stock ahead of one series: its run-out date, and the risk at each date."""
    median, early = (int(projection.runs_out(chance)[position]) for chance in (0.5, 0.1))
    return {
        "runs_out_on": dates[median] if median < len(dates) else None,
        "safe_until": dates[early] if early < len(dates) else None,
        "lost_units": round(float(projection.lost[position].sum()), 2),
        "fill_rate": round(float(projection.fill_rate[position]), DECIMALS),
        "risk": np.round(projection.risk[position], DECIMALS),
        "stock": np.round(projection.stock[position], 2),
    }
