"""Amounts of money among the columns of a call, in the company's currency."""

from collections.abc import Callable, Sequence
from math import isnan, nan
from operator import attrgetter

import numpy as np

from data.policy.exchange_rates import NO_QUOTES, ExchangeRates
from data.policy.policy import Policy
from features.engine.columns import Column
from features.exceptions.columns import COLUMNS
from models.triage.triage import Triage
from serving.scoring.order_value import value_tick
from serving.wire.exception_in import ExceptionIn, Money, OrderIn

_LINES, _AMOUNT = "order.line_items", ".amount"


def rates_for(policy: Policy, triage: Triage | None) -> ExchangeRates:
    """Return the rates into the policy's currency: those of the champion's history and its own."""
    quotes = triage.quotes if triage else NO_QUOTES
    return quotes.into(policy.currency, policy.rates)


def convert_amounts(
    exception: ExceptionIn, rates: ExchangeRates, numbers: np.ndarray, names: Sequence[str]
) -> None:
    """Convert the amounts among the named numbers of one exception; without a rate they are NaN."""
    if exception.order is None:
        return
    for name, amounts_of in _AMOUNTS.items():
        amounts = amounts_of(exception.order)
        if any(amount.currency != rates.currency for amount in amounts):
            tick = value_tick(exception)
            own = [float(own.amount) * rates.factor(own.currency, tick) for own in amounts]
            numbers[names.index(name)] = max(
                (value for value in own if not isnan(value)), default=nan
            )


def _amounts_getter(column: Column) -> Callable[[OrderIn], list[Money]]:
    """Return the getter of the amounts of money that a column is made of."""
    path = column.payload.removesuffix(_AMOUNT)
    if column.lines:
        get_own = attrgetter(path.removeprefix(_LINES + "."))
        return lambda order: [
            own for line in order.line_items if (own := get_own(line)) is not None
        ]
    get = attrgetter(path.removeprefix("order."))
    return lambda order: [] if (own := get(order)) is None else [own]


_AMOUNTS = {
    column.name: _amounts_getter(column) for column in COLUMNS if column.payload.endswith(_AMOUNT)
}
