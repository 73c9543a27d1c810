"""Breaches of exceptions: as recorded, else by the resolution and the deadline.

`breached` alone, `resolved_at` with `due_at` alone, or both: each is used for what it can tell. A
deadline that passes without a resolution is a breach, known at the deadline, long before the end.
Deadlines speak only where they agree with what is recorded.
"""

from typing import NamedTuple

import numpy as np

MIN_AGREEMENT = 0.95
"""Share of exceptions with both, of which the deadline must say what is recorded."""


class Resolutions(NamedTuple):
    """Resolutions of n exceptions; NaN while open.

    Attributes:
        moments: Ticks of the resolutions.
        known_at: Ticks at which these became known.
    """

    moments: np.ndarray
    known_at: np.ndarray


class Breaches(NamedTuple):
    """Breaches of n exceptions; NaN where not known.

    Attributes:
        breached: 1 or 0.
        known_at: Ticks at which that became known.
    """

    breached: np.ndarray
    known_at: np.ndarray


def read_breaches(
    *,
    recorded: np.ndarray,
    recorded_known_at: np.ndarray,
    due_at: np.ndarray,
    resolutions: Resolutions,
    until: float,
) -> Breaches:
    """Return what is known of the breaches of n exceptions.

    Args:
        recorded: 1, 0, or NaN where no outcome says it.
        recorded_known_at: Ticks at which outcomes became known, NaN before.
        due_at: Ticks of the deadlines, NaN where there is none.
        resolutions: Resolutions as known.
        until: Tick up to which the history is recorded.
    """
    # Of what ended at a moment that nobody recorded, a deadline can't tell whether it was late.
    is_timed = ~np.isnan(recorded) | np.isnan(recorded_known_at) | ~np.isnan(resolutions.moments)
    by_deadline = _by_deadline(np.where(is_timed, due_at, np.nan), resolutions, until)
    both = ~np.isnan(recorded) & ~np.isnan(by_deadline.breached)
    if both.any() and (recorded == by_deadline.breached)[both].mean() < MIN_AGREEMENT:
        return Breaches(recorded, np.where(np.isnan(recorded), np.nan, recorded_known_at))
    breached = np.where(np.isnan(recorded), by_deadline.breached, recorded)
    # A deadline that has passed was known to be missed before the end was recorded.
    same = both & (recorded == by_deadline.breached)
    earliest = np.where(same, np.fmin(by_deadline.known_at, recorded_known_at), recorded_known_at)
    return Breaches(breached, np.where(np.isnan(recorded), by_deadline.known_at, earliest))


def _by_deadline(due_at: np.ndarray, resolutions: Resolutions, until: float) -> Breaches:
    resolved = ~np.isnan(resolutions.moments)
    if not resolved.any():  # a history that records no resolution can't tell what is open
        nothing = np.full(len(due_at), np.nan)
        return Breaches(nothing, nothing)
    late = np.where(resolved, resolutions.moments > due_at, due_at < until)
    can_tell = ~np.isnan(due_at) & (resolved | late)
    known_at = np.where(late, due_at, resolutions.known_at)
    return Breaches(
        np.where(can_tell, late.astype(float), np.nan), np.where(can_tell, known_at, np.nan)
    )
