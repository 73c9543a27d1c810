"""Moments as files hold them: spellings, time zones, and dates that no zone shifts."""

import numpy as np
import pandas as pd

from data.contract.reading import rfc3339_text

# A time with a clock at its end may carry an offset; "-01" at the end of a date is none.
FULL_DATE = r"^\d{4}-\d{2}-\d{2}(?:[T ]|$)"
PLAIN_MOMENT = (
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
OFFSET = r":\d{2}(?:[.,]\d+)?\s*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
MIDNIGHT = r"^\d{4}-\d{2}-\d{2}[T ]00:00(?::00(?:\.0+)?)?\s*(?:[Zz]|[+-])"


def in_one_spelling(texts: pd.Series) -> pd.Series:
    """Times in other spellings of ISO 8601 as RFC 3339; what is none becomes no value."""
    other = ~texts.str.fullmatch(PLAIN_MOMENT, na=True)
    if not other.any():
        return texts
    spelled = {text: rfc3339_text(text) for text in texts[other].unique()}
    return texts.where(~other, texts.map(spelled))


def in_zone(naive: pd.Series, timezone: str) -> pd.Series:
    """Times without an offset, read in a zone.

    The hour that a clock shows twice is read as the second one: nothing is known too early.
    """
    clock = naive.astype("datetime64[us]").dt
    second = np.zeros(len(naive), dtype=bool)
    return clock.tz_localize(timezone, ambiguous=second, nonexistent="shift_forward").dt.tz_convert(
        "UTC"
    )


def written_texts(originals: pd.Series, timezone: str) -> pd.Series:
    """Return dates as they are written, without their offset.

    A moment that is no midnight as it is written is the date in the zone: `22:00Z` may be the
    midnight of a company.
    """
    texts = in_one_spelling(originals)
    zoned = texts.str.contains(OFFSET, na=False).astype(bool)
    if not zoned.any():
        return originals
    moments = pd.to_datetime(texts[zoned], format="ISO8601", utc=True, errors="coerce")
    elsewhere = wall_clock(moments, timezone).dt.strftime("%Y-%m-%dT%H:%M:%S")
    written = texts.str.slice(0, len("2026-01-01"))
    at_midnight = texts.str.contains(MIDNIGHT, na=False).astype(bool)
    return originals.where(~zoned, written.where(at_midnight, elsewhere.reindex(texts.index)))


def wall_clock(moments: pd.Series, timezone: str) -> pd.Series:
    """Return the clock of moments: of UTC where it shows midnight, else of the zone."""
    in_utc = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    local = moments.dt.tz_convert(timezone).dt.tz_localize(None)
    return in_utc.where(in_utc == in_utc.dt.normalize(), local)
