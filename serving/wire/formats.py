"""Formats on the wire: money, times and durations as texts."""

from datetime import UTC, datetime
from functools import lru_cache

from babel.numbers import get_currency_precision

from data.ticks import MISSING_TICK
from serving.wire.answers import MoneyOut

MIN_SECONDS = -62_135_596_800  # 0001-01-01
MAX_SECONDS = 253_402_300_799  # 9999-12-31T23:59:59


def money(amount: float, currency: str) -> MoneyOut:
    """Return money as a decimal text with the decimals of its currency.

    >>> money(1234.5678, "JPY")["amount"], money(1234.5678, "KWD")["amount"]
    ('1235', '1234.568')
    """
    return {"amount": f"{amount:.{_decimals(currency)}f}", "currency": currency}


@lru_cache(maxsize=512)
def _decimals(currency: str) -> int:
    return get_currency_precision(currency)


def iso_duration(minutes: float) -> str:
    """Return minutes as an ISO 8601 duration, to the second.

    >>> iso_duration(12), iso_duration(0.5), iso_duration(61.25)
    ('PT12M', 'PT30S', 'PT61M15S')
    """
    whole, seconds = divmod(round(minutes * 60), 60)
    parts = (f"{whole}M" if whole else "") + (f"{seconds}S" if seconds else "")
    return f"PT{parts or '0S'}"


def iso_hours(hours: float) -> str:
    """Return hours as an ISO 8601 duration, to the minute; negative once it has passed.

    >>> iso_hours(3.5), iso_hours(-0.25)
    ('PT3H30M', '-PT0H15M')
    """
    whole, minutes = divmod(round(abs(hours) * 60), 60)
    return f"{'-' if hours < 0 else ''}PT{whole}H{minutes}M"


@lru_cache(maxsize=1_024)
def rfc3339(tick: int) -> str:
    """Return a tick as text in UTC; beyond the calendar it is its first or last second.

    >>> rfc3339(1_772_366_400_007)
    '2026-03-01T12:00:00.007Z'
    """
    seconds, ms = divmod(tick, 1_000)
    seconds = min(max(seconds, MIN_SECONDS), MAX_SECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{ms:03d}Z"


def rfc3339_or_none(tick: int | None) -> str | None:
    """Return a tick as text in UTC, None where there is none."""
    return None if tick is None or tick == MISSING_TICK else rfc3339(tick)
