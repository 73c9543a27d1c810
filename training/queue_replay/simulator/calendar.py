"""The hours of all teams in a few arrays, and where each team's clock stands. Compiled."""

# pyright: reportArgumentType=false, reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.
from typing import NamedTuple

import numpy as np
from numba import njit

from data.ticks import MS_PER_DAY, MS_PER_WEEK, NEVER
from models.worktime.shifts import TeamHours

WEEK_MS = 7 * MS_PER_DAY
MAX_WEEKS_AHEAD = 53


class TeamCalendars(NamedTuple):
    """All shifts behind each other, and where the clock of each team stands.

    Attributes:
        opens_at: Of each shift; as are `closes_at` and `people`.
        first: For each team, its first shift.
        shifts: How many it has.
        tail: How many of them lie in its last week, which goes on for ever.
        skilled: (teams, teams) row c: whose visits the people of c may take.
        served: Whether anybody may ever take its visits.
        at: The present shift, or the next; this and what follows moves with time.
        is_open: Whether it is under way.
        changes: When the team opens or closes next; `NEVER` for one without shifts.
        worked_ms: Open time before the present shift.
        free: How many are there and have nothing in hand.
    """

    opens_at: np.ndarray
    closes_at: np.ndarray
    people: np.ndarray
    first: np.ndarray
    shifts: np.ndarray
    tail: np.ndarray
    skilled: np.ndarray
    served: np.ndarray
    at: np.ndarray
    is_open: np.ndarray
    changes: np.ndarray
    worked_ms: np.ndarray
    free: np.ndarray


def crews_of(shifts: tuple[TeamHours, ...], skills: np.ndarray) -> TeamCalendars:
    """Return all teams before their first shift."""
    count = np.array([len(crew.opens_at) for crew in shifts], np.int64)
    columns = [
        np.concatenate([getattr(crew, name) for crew in shifts] or [np.zeros(0)]).astype(np.int64)
        for name in ("opens_at", "closes_at", "people")
    ]
    first = np.cumsum(count) - count
    tail = [
        int((crew.opens_at >= crew.closes_at[-1] - MS_PER_WEEK).sum()) if len(crew.opens_at) else 0
        for crew in shifts
    ]
    changes = np.array([crew.opens_at[0] if len(crew.opens_at) else NEVER for crew in shifts])
    teams = len(shifts)
    opens_at, closes_at, people = columns
    return TeamCalendars(
        opens_at,
        closes_at,
        people,
        first,
        count,
        np.maximum(np.array(tail, np.int64), 1),
        skills,
        skills[count > 0].any(axis=0),
        at=np.zeros(teams, np.int64),
        is_open=np.zeros(teams, bool),
        changes=changes.astype(np.int64),
        worked_ms=np.zeros(teams, np.int64),
        free=np.zeros(teams, np.int64),
    )


def extend_last_week(hours: TeamHours, weeks: int = MAX_WEEKS_AHEAD) -> TeamHours:
    """Return shifts whose last week is repeated, as the simulator repeats it for ever."""
    if not len(hours.opens_at):
        return hours
    tail = np.flatnonzero(hours.opens_at >= hours.closes_at[-1] - WEEK_MS)
    later = np.repeat(np.arange(1, weeks + 1) * WEEK_MS, len(tail))
    again = np.tile(tail, weeks)
    return TeamHours(
        np.concatenate([hours.opens_at, hours.opens_at[again] + later]),
        np.concatenate([hours.closes_at, hours.closes_at[again] + later]),
        np.concatenate([hours.people, hours.people[again]]),
    )


@njit(nogil=True)
def change_shift(crews: TeamCalendars, crew: int) -> None:
    """Open the shift, or close it and look for the next."""
    opens_at, closes_at, people = _shift(crews, crew)
    if not crews.is_open[crew]:
        crews.is_open[crew], crews.free[crew], crews.changes[crew] = True, people, closes_at
        return
    crews.is_open[crew], crews.free[crew] = False, 0
    crews.worked_ms[crew] += closes_at - opens_at
    crews.at[crew] += 1
    crews.changes[crew] = _shift(crews, crew)[0]


@njit(nogil=True)
def _shift(crews: TeamCalendars, crew: int) -> tuple[int, int, int]:
    """Return the present shift, or the next: when it opens and closes, and how many are there."""
    place, weeks = crews.at[crew], 0
    beyond = place - crews.shifts[crew]
    if beyond >= 0:
        weeks = 1 + beyond // crews.tail[crew]
        place = crews.shifts[crew] - crews.tail[crew] + beyond % crews.tail[crew]
    place += crews.first[crew]
    later = weeks * MS_PER_WEEK
    return crews.opens_at[place] + later, crews.closes_at[place] + later, crews.people[place]


@njit(nogil=True)
def worked_ms_of(crews: TeamCalendars, team: int, now: int) -> int:
    """Return the open time of a team before a moment of its present shift, or of no shift."""
    if not crews.is_open[team]:
        return crews.worked_ms[team]
    return crews.worked_ms[team] + now - _shift(crews, team)[0]
