"""Ticks: moments as whole milliseconds since 1970, the clock of the features and of the service.

Every constant of time stands here. `known_at` is rounded up and `as_of` down, so rounding can hide
a row but never reveal one.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR
HOURS_PER_DAY = 24
HOURS_PER_WEEK = 7 * HOURS_PER_DAY
HOURS_PER_YEAR = 365 * HOURS_PER_DAY
DAYS_PER_WEEK = 7
DAYS_PER_MONTH = 30.44
DAYS_PER_YEAR = 365

SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = HOURS_PER_DAY * SECONDS_PER_HOUR
SECONDS_PER_WEEK = 7 * SECONDS_PER_DAY

MS_PER_SECOND = 1_000
MS_PER_MINUTE = 60 * MS_PER_SECOND
MS_PER_HOUR = MINUTES_PER_HOUR * MS_PER_MINUTE
MS_PER_DAY = HOURS_PER_DAY * MS_PER_HOUR
MS_PER_WEEK = 7 * MS_PER_DAY

US_PER_MS = 1_000
US_PER_DAY = US_PER_MS * MS_PER_DAY

MACHINE_TIME_ZONES = frozenset(available_timezones())
"""Names of the time zones that this machine knows; it takes 25 ms to look for them."""

MISSING_TICK = np.iinfo(np.int64).min
"""Tick of a moment that is not recorded."""

NEVER = np.iinfo(np.int64).max
"""Tick of a moment that never comes."""

MIN_CALENDAR_TICK, MAX_CALENDAR_TICK = -2_208_988_800_000, 7_258_118_400_000
"""Years 1900 and 2200, which bound the moments of a history."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def tick_of(moment: datetime) -> int:
    """Return an aware moment as a tick; finer than a millisecond is cut off.

    >>> tick_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000
    """
    return (moment - _EPOCH) // _MILLISECOND


def is_of_calendar(tick: int) -> bool:
    """Return true for a moment that a history can hold.

    >>> is_of_calendar(0), is_of_calendar(2**62)
    (True, False)
    """
    return MIN_CALENDAR_TICK <= tick < MAX_CALENDAR_TICK


def floor_ticks(times: pd.Series) -> np.ndarray:
    """Round moments down, as is done with `as_of`; `MISSING_TICK` where there is none."""
    return _ticks(times, 0)


def ceil_ticks(times: pd.Series) -> np.ndarray:
    """Round moments up, as is done with `known_at`; `MISSING_TICK` where there is none."""
    return _ticks(times, US_PER_MS - 1)


def _ticks(times: pd.Series, shift: int) -> np.ndarray:
    moments = pd.to_datetime(times, utc=True).dt.as_unit("us")
    micros = moments.astype("int64").to_numpy()
    return np.where(moments.isna(), MISSING_TICK, (micros + shift) // US_PER_MS)
