"""Who is there from a moment on, by the policy. Pure."""

from functools import lru_cache

import numpy as np

from data.policy import TeamShift
from features.ticks import TICKS_PER_DAY
from models.shifts import Shifts

AHEAD_DAYS = 28


def crew_from(shift: TeamShift, timezone: str, now: int) -> Shifts:
    """Return a team's shifts from the one under way, or the next one, for four weeks: two at least.

    Args:
        shift: Of the policy.
        timezone: IANA name that its hours are told in.
        now: Tick.
    """
    laid = _laid(shift, timezone, now // TICKS_PER_DAY)  # pyright: ignore[reportArgumentType] - frozen, so it has a hash
    ahead = slice(int(np.searchsorted(laid.closes_at, now, side="right")), None)
    return Shifts(laid.opens_at[ahead], laid.closes_at[ahead], laid.people[ahead])


@lru_cache(maxsize=256)
def _laid(shift: TeamShift, timezone: str, day: int) -> Shifts:
    begin = day * TICKS_PER_DAY
    return Shifts.of(shift, timezone, begin, begin + AHEAD_DAYS * TICKS_PER_DAY)
