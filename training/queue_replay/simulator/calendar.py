"""Calendars of all teams in a few arrays, and the state of each team's clock. Compiled."""

# pyright: reportArgumentType=false, reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.
from typing import NamedTuple

import numpy as np
from numba import njit

from data.ticks import MS_PER_WEEK, NEVER
from models.worktime.shifts import TeamHours

MAX_WEEKS_AHEAD = 53


class TeamCalendars(NamedTuple):
    """Shifts of all teams, one team after the other, and the state of their clocks.

    Attributes:
        opens_at: Of each shift; as are `closes_at` and `people`.
        first: For each team, its first shift.
        shifts: For each team, its number of shifts.
        tail: Number of them in its last week, which is repeated for ever.
        skilled: (teams, teams) bools; row c: the teams whose visits the people of c may take.
        served: Bools: some people may take the visits of the team.
        at: The present shift, or the next; this and the following attributes change with time.
        is_open: Bools: that shift is under way.
        changes: Tick of the next opening or closing; `NEVER` for a team without shifts.
        worked_ms: Open time before the present shift.
        free: Number of people on duty without a visit in hand.
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


class Shift(NamedTuple):
    """One shift of a team: ticks at which it opens and closes, and its people."""

    opens_at: int
    closes_at: int
    people: int


def lay_calendars(team_hours: tuple[TeamHours, ...], skills: np.ndarray) -> TeamCalendars:
    """Return all teams before their first shift."""
    count = np.array([len(hours.opens_at) for hours in team_hours], np.int64)
    columns = [
        np.concatenate([getattr(hours, name) for hours in team_hours] or [np.zeros(0)]).astype(
            np.int64
        )
        for name in ("opens_at", "closes_at", "people")
    ]
    first = np.cumsum(count) - count
    tail = [
        int((hours.opens_at >= hours.closes_at[-1] - MS_PER_WEEK).sum())
        if len(hours.opens_at)
        else 0
        for hours in team_hours
    ]
    changes = np.array(
        [hours.opens_at[0] if len(hours.opens_at) else NEVER for hours in team_hours]
    )
    teams = len(team_hours)
    opens_at, closes_at, people = columns
    return TeamCalendars(
        opens_at=opens_at,
        closes_at=closes_at,
        people=people,
        first=first,
        shifts=count,
        tail=np.maximum(np.array(tail, np.int64), 1),
        skilled=skills,
        served=skills[count > 0].any(axis=0),
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
    tail = np.flatnonzero(hours.opens_at >= hours.closes_at[-1] - MS_PER_WEEK)
    later = np.repeat(np.arange(1, weeks + 1) * MS_PER_WEEK, len(tail))
    again = np.tile(tail, weeks)
    return TeamHours(
        np.concatenate([hours.opens_at, hours.opens_at[again] + later]),
        np.concatenate([hours.closes_at, hours.closes_at[again] + later]),
        np.concatenate([hours.people, hours.people[again]]),
    )


@njit(nogil=True)
def change_shift(calendars: TeamCalendars, team: int) -> None:
    """Open the present shift of a team, or close it and go on to the next."""
    shift = _present_shift(calendars, team)
    if not calendars.is_open[team]:
        calendars.is_open[team], calendars.free[team] = True, shift.people
        calendars.changes[team] = shift.closes_at
        return
    calendars.is_open[team], calendars.free[team] = False, 0
    calendars.worked_ms[team] += shift.closes_at - shift.opens_at
    calendars.at[team] += 1
    calendars.changes[team] = _present_shift(calendars, team).opens_at


@njit(nogil=True)
def _present_shift(calendars: TeamCalendars, team: int) -> Shift:
    """Return the present shift of a team, or the next."""
    row, weeks = calendars.at[team], 0
    beyond = row - calendars.shifts[team]
    if beyond >= 0:
        weeks = 1 + beyond // calendars.tail[team]
        row = calendars.shifts[team] - calendars.tail[team] + beyond % calendars.tail[team]
    row += calendars.first[team]
    later = weeks * MS_PER_WEEK
    return Shift(
        calendars.opens_at[row] + later, calendars.closes_at[row] + later, calendars.people[row]
    )


@njit(nogil=True)
def worked_ms_before(calendars: TeamCalendars, team: int, now: int) -> int:
    """Return the open time of a team before a moment of its present shift, or of no shift."""
    if not calendars.is_open[team]:
        return calendars.worked_ms[team]
    return calendars.worked_ms[team] + now - _present_shift(calendars, team).opens_at
