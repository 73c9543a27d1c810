"""Value of an order in the company's currency, and how it came about."""

from math import isnan
from typing import Literal, NamedTuple, Self

from data.policy.exchange_rates import ExchangeRates
from models.wording import money
from serving.wire.exception_in import ExceptionIn

ValueBasis = Literal["as_sent", "converted", "unknown"]


class OrderValue(NamedTuple):
    """Value of an order, as models and the ranking rule read it.

    Attributes:
        amount: In the company's currency; None where it is not known.
        basis: `as_sent`, `converted` at an exchange rate, or `unknown` for lack of one; None where
            no total was sent.
        note: Sentence for people where the amount is not as sent.
    """

    amount: float | None
    basis: ValueBasis | None
    note: str = ""

    @classmethod
    def of(cls, exception: ExceptionIn, rates: ExchangeRates, fallback: float) -> Self:
        """Value the order of an exception.

        Args:
            exception: As sent.
            rates: Into the company's currency.
            fallback: The policy's value of an order whose value is not known.
        """
        total = exception.order.total if exception.order else None
        if total is None:
            return cls(None, None)
        amount = float(total.amount)
        if total.currency == rates.currency:
            return cls(amount, "as_sent")
        sent = money(amount, total.currency)
        converted = amount * rates.factor(total.currency, value_tick(exception))
        if isnan(converted):
            instead = money(fallback, rates.currency)
            note = f"{sent} is not converted, no rate is known: the usual {instead} counts instead"
            return cls(None, "unknown", note)
        return cls(converted, "converted", f"{sent} counts as {money(converted, rates.currency)}")


def value_tick(exception: ExceptionIn) -> int:
    """Return the moment at whose rate an order is valued: when it was placed."""
    placed_at = exception.order.placed_at if exception.order else None
    return exception.detected_at if placed_at is None else min(placed_at, exception.detected_at)
