"""Replenishment of series of the forecast book: their terms, their stock, what is refused."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import MAX_QUANTITY
from data.policy.policy import Policy
from models.inventory.replenishment import OrderTerms
from serving.demand.selection import BookSelection, RefusedSeriesOut, refusal, select_series
from serving.forecast_book import PreparedBook
from serving.inventory.economics import amount, holding_costs, lead_periods, margins
from serving.inventory.payload import REPLENISHED, OrderTermsIn, ReplenishedIn, ReplenishmentIn
from serving.wire.errors import BadPayloadError, Flaw

BY_COSTS = -1.0  # in place of a service level


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
        stock_unknown: Number of series left out, where all were asked for, as nobody counted them.
    """

    used: PreparedBook
    rows: np.ndarray
    terms: OrderTerms
    on_hand: np.ndarray
    inbound: dict[int, np.ndarray]
    refused: list[RefusedSeriesOut]
    stock_unknown: int = 0


def orders(used: PreparedBook, request: ReplenishmentIn, policy: Policy) -> OrderableSeries:
    """Understand what is asked, refusing item by item what can't be answered.

    Raises:
        BadPayloadError: Money that holds for all is in a currency without a rate.
    """
    book = used.book
    general = _ItemTerms.of(request, policy, "")
    selection, own = _checked(select_series(book, request.series, REPLENISHED), policy)
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
    whole = OrderableSeries(
        used=used,
        rows=rows,
        terms=terms,
        on_hand=on_hand,
        inbound=inbound,
        refused=selection.refused,
    )
    return _possible(whole, named=bool(own))


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
    def of(cls, terms: OrderTermsIn, policy: Policy, pointer: str) -> "_ItemTerms":
        """Take money in the company's currency; raise BadPayloadError where no rate turns it."""
        return cls(
            lead_periods=terms.lead_periods,
            holding_cost=amount(terms.holding_cost, policy, f"{pointer}/holding_cost"),
            shortage_cost=amount(terms.shortage_cost, policy, f"{pointer}/shortage_cost"),
            service_level=terms.service_level,
            pack_size=terms.pack_size,
            min_order=terms.min_order,
        )


class _CheckedSelection(NamedTuple):
    """Items of a request, and the terms of each; no items where all series are meant."""

    selection: BookSelection[ReplenishedIn]
    terms: list[_ItemTerms]


def _checked(selection: BookSelection[ReplenishedIn], policy: Policy) -> _CheckedSelection:
    """Read each item's terms; an item in a currency without a rate is refused."""
    accepted, own, refused = [], [], list(selection.refused)
    for position, item in enumerate(selection.items):
        try:
            own.append(_ItemTerms.of(item, policy, ""))
            accepted.append(position)
        except BadPayloadError as error:
            refused.append(refusal(item.model_dump(), error))
    if not selection.items:
        return _CheckedSelection(selection, own)
    rows, items = (
        [selection.rows[position] for position in accepted],
        [selection.items[position] for position in accepted],
    )
    return _CheckedSelection(BookSelection(rows, items, refused), own)


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
        (~(np.abs(whole.on_hand) <= MAX_QUANTITY), "on_hand", "is not known: tell it"),
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
        used=whole.used,
        rows=whole.rows[good],
        terms=whole.terms.take(good),
        on_hand=whole.on_hand[good],
        inbound=inbound,
        refused=refused,
        stock_unknown=0 if named else int(problems[1][0].sum()),
    )
