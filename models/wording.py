"""Texts for people: money, durations, shares, and the reasons that are made of them."""

from math import isnan
from typing import NamedTuple

MAX_IN_WORDS = 1e15
"""Numbers from here on are not told apart any more."""


class Reason(NamedTuple):
    """One reason: its kind, and a sentence for people."""

    code: str
    text: str


def money(amount: float, currency: str) -> str:
    """Return money for people: cents only where they matter.

    >>> money(3.4, "EUR"), money(1234.5, "EUR"), money(2.5e9, "EUR")
    ('EUR 3.40', 'EUR 1,234', 'EUR 2.5 billion')
    """
    return f"{currency} {number(amount)}" if abs(amount) >= 10 else f"{currency} {amount:,.2f}"


def number(value: float) -> str:
    """Return a whole number for people; a very large one in words.

    >>> number(1234.5), number(-2e6), number(3.21e13), number(1e300), number(float("inf"))
    ('1,234', '-2,000,000', '32.1 trillion', 'more than 1,000 trillion', 'more than 1,000 trillion')
    """
    if abs(value) >= MAX_IN_WORDS or isnan(value):
        return (
            "an unknown number"
            if isnan(value)
            else f"more than {MAX_IN_WORDS / 1e12:,.0f} trillion"
        )
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e8, "million")):
        if abs(value) >= size:
            unit = min(size, 1e6) if word == "million" else size
            return f"{value / unit:,.1f}".removesuffix(".0") + f" {word}"
    return f"{value:,.0f}"


def duration(hours: float) -> str:
    """Return hours for people, in its two largest units.

    >>> duration(3.34), duration(50), duration(0.2)
    ('3 h 20 min', '2 d 2 h', '12 min')
    """
    minutes = int(hours * 60 + 0.5)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def percent(share: float) -> str:
    """Return a share of 0 to 1 for people.

    >>> percent(0.825), percent(0.004)
    ('82 %', 'under 1 %')
    """
    if 0 < share < 0.01:
        return "under 1 %"
    return f"{share * 100:.0f} %"
