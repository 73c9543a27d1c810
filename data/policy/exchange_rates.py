"""Exchange rates: what one unit of a currency is worth in another, from a day on.

Money is counted in the company's currency. An amount in another is converted at the latest rate
that was known on its day. A quote of the pair counts in either direction; of one day, that in the
direction of the conversion. Before the first quote of a pair its worth by way of a third currency
counts. A rate of the policy without a day counts before all quotes of its pair. Without any rate
an amount is not known (NaN); it is never taken one to one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import NamedTuple, Self

import numpy as np
import orjson

from data.ticks import MISSING_TICK, tick_of

PolicyRates = Mapping[str, float | Mapping[date, float]]
"""By currency a rate, or rates by the day from which they count."""
_ALWAYS = MISSING_TICK + 1


class Quote(NamedTuple):
    """One quoted rate.

    Attributes:
        currency: ISO 4217; one unit of it is worth `rate` units of the other.
        to_currency: ISO 4217; empty for the company's.
        day: Tick of the day that it is of.
        known_at: Tick at which it was known.
        rate: Above 0.
    """

    currency: str
    to_currency: str
    day: int
    known_at: int
    rate: float


class _Steps(NamedTuple):
    """Rates in order: ticks from which they count, ascending, and the rates."""

    begin: np.ndarray
    rate: np.ndarray

    def at(self, ticks: np.ndarray) -> np.ndarray:
        """Return the rate at each tick; NaN before the first."""
        row = np.searchsorted(self.begin, ticks, side="right") - 1
        return np.where(row < 0, np.nan, self.rate[np.maximum(row, 0)])

    def times(self, other: "_Steps") -> "_Steps":
        """Return the product, from when both are known."""
        begin = np.union1d(self.begin, other.begin)
        rate = self.at(begin) * other.at(begin)
        return _Steps(begin[~np.isnan(rate)], rate[~np.isnan(rate)])

    def preceded_by(self, other: "_Steps") -> "_Steps":
        """Return the same, with the rates of another before the first."""
        earlier = (
            other.begin < self.begin[0] if len(self.begin) else np.ones(len(other.begin), bool)
        )
        return _Steps(
            np.concatenate([other.begin[earlier], self.begin]),
            np.concatenate([other.rate[earlier], self.rate]),
        )


_NO_STEPS = _Steps(np.empty(0, np.int64), np.empty(0))
_Pairs = dict[tuple[str, str], _Steps]


class ExchangeRates:
    """Rates into one currency.

    Args:
        currency: The company's, ISO 4217.
        steps: The rates of each other currency.
    """

    def __init__(self, currency: str, steps: Mapping[str, _Steps]) -> None:
        self.currency = currency
        self._steps = steps

    @classmethod
    def of(cls, currency: str, by_policy: PolicyRates, quotes: Iterable[Quote] = ()) -> Self:
        """Join the quotes of a history with the rates of a policy."""
        own = [
            Quote(name, currency, day, day, rate)
            for name, rates in by_policy.items()
            for day, rate in _by_day(rates)
        ]
        named = [quote._replace(to_currency=quote.to_currency or currency) for quote in quotes]
        pairs = _pairs([*named, *own])
        names = {name for pair in pairs for name in pair} - {currency}
        steps = {name: _into(name, currency, pairs) for name in sorted(names)}
        return cls(
            currency, {name: into_own for name, into_own in steps.items() if len(into_own.begin)}
        )

    def factor(self, currency: str | None, tick: int) -> float:
        """Return the worth of one unit at a moment; NaN where no rate is known.

        An amount without a currency is in the company's.

        >>> rates = ExchangeRates.of("EUR", {"JPY": 0.006})
        >>> rates.factor("JPY", 0), rates.factor(None, 0), rates.factor("IDR", 0)
        (0.006, 1.0, nan)
        """
        if currency is None or currency == self.currency:
            return 1.0
        steps = self._steps.get(currency)
        return float("nan") if steps is None else float(steps.at(np.array([tick]))[0])

    def has(self, currency: str) -> bool:
        """Return whether any rate of a currency is known."""
        return currency == self.currency or currency in self._steps

    def table(self) -> tuple[list[str], list[int], list[float]]:
        """Return all rates as columns: currency, tick from which it counts, rate."""
        rows = [(self.currency, _ALWAYS, 1.0)]
        for name, steps in self._steps.items():
            rows += [(name, *row) for row in zip(*map(np.ndarray.tolist, steps), strict=True)]
        names, begins, rates = zip(*rows, strict=True)
        return list(names), list(begins), list(rates)


class Quotes:
    """Quoted rates of a history; the rates into a currency are worked out once.

    Args:
        rows: In any order.
    """

    def __init__(self, rows: Sequence[Quote]) -> None:
        self.rows = rows
        self._rates: dict[tuple[str, int], tuple[PolicyRates, ExchangeRates]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def into(self, currency: str, by_policy: PolicyRates) -> ExchangeRates:
        """Return the rates into a company's currency, with those of its policy."""
        key = (currency, id(by_policy))
        if key not in self._rates:
            self._rates[key] = by_policy, ExchangeRates.of(currency, by_policy, self.rows)
        return self._rates[key][1]

    def to_text(self) -> str:
        """Return JSON, for a file beside a model."""
        return orjson.dumps([list(row) for row in self.rows]).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` gave."""
        return cls([Quote(*row) for row in orjson.loads(text)])


NO_QUOTES = Quotes([])


def _midnight(day: date) -> int:
    return tick_of(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _by_day(rates: float | Mapping[date, float]) -> Iterable[tuple[int, float]]:
    """Return rates of the policy with the ticks from which they count."""
    if isinstance(rates, Mapping):
        return [(_midnight(day), rate) for day, rate in rates.items()]
    return [(_ALWAYS, rates)]


def _pairs(quotes: Iterable[Quote]) -> _Pairs:
    """Return the steps of each pair of currencies in both directions, from each quote's day on."""
    both = [(quote, True) for quote in quotes]
    both += [(_inverse(quote), False) for quote, _ in both]
    both.sort(key=lambda item: (_pair(item[0]), *_order(*item)))
    return {
        names: _steps([quote for quote, _ in rows])
        for names, rows in groupby(both, lambda item: _pair(item[0]))
    }


def _pair(quote: Quote) -> tuple[str, str]:
    return quote.currency, quote.to_currency


def _order(quote: Quote, is_direct: bool) -> tuple[int, int, bool]:
    return max(quote.day, quote.known_at), quote.day, is_direct


def _inverse(quote: Quote) -> Quote:
    return quote._replace(
        currency=quote.to_currency, to_currency=quote.currency, rate=1 / quote.rate
    )


def _steps(quotes: Iterable[Quote]) -> _Steps:
    """Return the steps of quotes in the order in which they count; one of an older day is late."""
    rates: dict[int, float] = {}
    newest = MISSING_TICK
    for quote in quotes:
        if quote.day >= newest:
            newest = quote.day
            rates[max(quote.day, quote.known_at)] = quote.rate
    return _Steps(np.array(list(rates), np.int64), np.array(list(rates.values())))


def _into(name: str, currency: str, pairs: _Pairs) -> _Steps:
    """Return the rates of a pair, before them those by way of each third currency in turn."""
    steps = pairs.get((name, currency), _NO_STEPS)
    for third in sorted({member for pair in pairs for member in pair} - {name, currency}):
        if (name, third) in pairs and (third, currency) in pairs:
            steps = steps.preceded_by(pairs[name, third].times(pairs[third, currency]))
    return steps
