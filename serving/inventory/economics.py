"""Value and costs of units: what a caller states, and the default of the book and the policy."""

from math import isnan

import numpy as np

from data.policy.exchange_rates import NO_QUOTES
from data.policy.policy import Policy
from data.ticks import DAYS_PER_YEAR, NEVER
from models.forecast_book.book import Book
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.fields import Money


def margins(book: Book, rows: np.ndarray, policy: Policy) -> np.ndarray:
    """Return (n,) money that a sale brings: price less cost, or the policy's share of the price."""
    price = _or_default(book.stock.unit_price[rows], policy.stock.unit_price)
    margin = price - book.stock.unit_cost[rows]
    return np.maximum(_or_default(margin, price * policy.stock.margin_share), 0)


def holding_costs(book: Book, rows: np.ndarray, policy: Policy, periods: int) -> np.ndarray:
    """Return (n,) money that a unit costs that lies for some periods."""
    price = _or_default(book.stock.unit_price[rows], policy.stock.unit_price)
    cost = _or_default(book.stock.unit_cost[rows], price * (1 - policy.stock.margin_share))
    years = periods * book.forecast.grain.mean_days / DAYS_PER_YEAR
    return cost * policy.stock.holding_share_per_year * years


def lead_periods(book: Book, rows: np.ndarray, policy: Policy) -> np.ndarray:
    """Return (n,) from which period on an order can be sold that is decided now.

    It is decided at the end of a period: one that takes no time is sold from the next.
    """
    days = _or_default(book.stock.lead_time_days[rows], policy.stock.lead_time_days)
    return 1 + np.ceil(days / book.forecast.grain.mean_days)


def _or_default(values: np.ndarray, otherwise: np.ndarray | float) -> np.ndarray:
    return np.where(np.isfinite(values), values, otherwise)


def amount(value: Money | None, policy: Policy, pointer: str) -> float | None:
    """Return an amount in the company's currency, at the latest rate of the policy.

    Raises:
        BadPayloadError: It is in another currency, and the policy has no rate for it.
    """
    if value is None:
        return None
    rates = NO_QUOTES.into(policy.currency, policy.rates)
    converted = float(value.amount) * rates.factor(value.currency, NEVER)
    if isnan(converted):
        cure = f"money is counted in {rates.currency} here, and no rate for {value.currency} is set"
        raise BadPayloadError([Flaw(f"{pointer}/currency", cure)])
    return converted
