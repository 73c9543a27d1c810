"""The clock of the service: milliseconds since 1970."""

import time
from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], int]
"""Returns the present in milliseconds since 1970."""


def wall_clock_ms() -> int:
    """Return the present in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def clock_from(start: datetime | None) -> Clock:
    """Return a clock that runs from a moment on, or the wall clock."""
    if start is None:
        return wall_clock_ms
    ahead = int(start.timestamp() * 1000) - wall_clock_ms()
    return lambda: wall_clock_ms() + ahead
