"""Texts for people: money, durations, shares, and the reasons that are made of them."""

from typing import NamedTuple


class Reason(NamedTuple):
    """One reason: its kind, and a sentence for people."""

    code: str
    text: str


def money(amount: float, currency: str) -> str:
    """Return money for people: cents only where they matter.

    >>> money(3.4, "EUR"), money(1234.5, "EUR")
    ('EUR 3.40', 'EUR 1,234')
    """
    return f"{currency} {amount:,.0f}" if amount >= 10 else f"{currency} {amount:,.2f}"


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
