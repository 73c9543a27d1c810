"""Exchange rates: what one unit of a currency is worth in another, from a day on.

Money is counted in the company's currency. An amount in another is converted at the latest rate
that was known on its day: a quote in that direction, else its inverse, else by way of a third
currency. Before the first quote a rate of the policy without a day counts. Without any rate an
amount is not known (NaN); it is never taken one to one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from operator import attrgetter
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

    def inverse(self) -> "_Steps":
        return _Steps(self.begin, 1 / self.rate)

    def times(self, other: "_Steps") -> "_Steps":
        """Return the product, from when both are known."""
        begin = np.union1d(self.begin, other.begin)
        rate = self.at(begin) * other.at(begin)
        return _Steps(begin[~np.isnan(rate)], rate[~np.isnan(rate)])

    def after(self, rate: float) -> "_Steps":
        """Return the same with a rate that counts before the first."""
        return _Steps(np.append(_ALWAYS, self.begin), np.append(rate, self.rate))


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
        dated = [
            Quote(name, currency, _midnight(day), _midnight(day), rate)
            for name, rates in by_policy.items()
            if isinstance(rates, Mapping)
            for day, rate in rates.items()
        ]
        named = [quote._replace(to_currency=quote.to_currency or currency) for quote in quotes]
        pairs = _pairs([*named, *dated])
        names = {name for pair in pairs for name in pair} | set(by_policy)
        steps = {name: _into(name, currency, pairs) for name in sorted(names - {currency})}
        for name, rate in by_policy.items():
            if not isinstance(rate, Mapping) and name != currency:
                steps[name] = steps[name].after(rate)
        return cls(currency, {name: own for name, own in steps.items() if len(own.begin)})

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


def _pairs(quotes: Iterable[Quote]) -> _Pairs:
    """Return the steps of each pair of currencies; a quote counts from its day, once known."""
    pair = attrgetter("currency", "to_currency")
    ordered = sorted(quotes, key=lambda quote: (pair(quote), max(quote.day, quote.known_at)))
    return {names: _steps(rows) for names, rows in groupby(ordered, pair)}


def _steps(quotes: Iterable[Quote]) -> _Steps:
    """Return the steps of quotes in the order in which they count; one of an older day is late."""
    rates: dict[int, float] = {}
    newest = MISSING_TICK
    for quote in quotes:
        if quote.day >= newest:
            newest = quote.day
            rates[max(quote.day, quote.known_at)] = quote.rate
    return _Steps(np.array(list(rates), np.int64), np.array(list(rates.values())))


def _either(name: str, other: str, pairs: _Pairs) -> _Steps | None:
    """Return the rates of a pair, as quoted or by their inverse."""
    if (name, other) in pairs:
        return pairs[name, other]
    return pairs[other, name].inverse() if (other, name) in pairs else None


def _into(name: str, currency: str, pairs: _Pairs) -> _Steps:
    direct = _either(name, currency, pairs)
    if direct is not None:
        return direct
    for third in sorted({member for pair in pairs for member in pair} - {name, currency}):
        first, second = _either(name, third, pairs), _either(third, currency, pairs)
        if first is not None and second is not None:
            return first.times(second)
    return _NO_STEPS
