"""Effort of visits: the time that was worked in each of them."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from data.ticks import MS_PER_MINUTE, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.visits import TeamVisits

MIN_TOUCH_MS = 6_000


@dataclass(frozen=True)
class VisitEffort:
    """m visits, by exception, then time; arrays of length m.

    Attributes:
        exception: Positions of exceptions in the log, not falling.
        team: Codes of teams.
        ready_at: Ticks at which the team got it; 0 for one that was not recorded.
        delay_ms: From the end of the visit before; 0 for a first one.
        touch_ms: Time worked, 0 where it is not recorded.
        remaining_ms: The part of it after the begin of the period.
        started_at: Ticks, `NEVER` where no start is recorded.
        ended_at: Ticks, `NEVER` where no end of work is recorded.
        resolved_at: Ticks at which the exception was resolved by it, else `NEVER`.
        may_self_resolve: The exception can resolve itself while it waits for this visit.
    """

    exception: np.ndarray
    team: np.ndarray
    ready_at: np.ndarray
    delay_ms: np.ndarray
    touch_ms: np.ndarray
    remaining_ms: np.ndarray
    started_at: np.ndarray
    ended_at: np.ndarray
    resolved_at: np.ndarray
    may_self_resolve: np.ndarray

    @classmethod
    def of(cls, log: HandlingLog, visits: TeamVisits, team_hours: tuple[TeamHours, ...]) -> Self:
        """Sum the time worked in each visit, within the hours of its team.

        Where starts and ends do not show it, the touch time of the outcome is taken. It is then
        assumed to be worked just before the resolution.
        """
        touch_ms, remaining_ms = (_worked_ms(visits, team_hours, since) for since in (0, log.begin))
        exception = visits.exception
        same = np.append(False, exception[1:] == exception[:-1])
        before = np.append(NEVER, np.minimum(visits.ended_at, visits.resolved_at)[:-1])
        delay_ms = np.where(same & (before != NEVER), visits.ready_at - before, 0)
        recorded_ms = np.nan_to_num(log.facts["touch_minutes"]) * MS_PER_MINUTE
        rest_ms = recorded_ms - np.bincount(exception, touch_ms, log.size)
        unmeasured = (touch_ms == 0) & is_last(exception) & (visits.resolved_at != NEVER)
        unmeasured &= rest_ms[exception] >= MIN_TOUCH_MS
        touch_ms = np.where(unmeasured, rest_ms[exception], touch_ms).astype(np.int64)
        remaining_ms = np.where(unmeasured, touch_ms, remaining_ms)
        ended_at = np.where(unmeasured, visits.resolved_at, visits.ended_at)
        began_at = np.maximum(visits.resolved_at - touch_ms, visits.ready_at)
        started_at = np.where(unmeasured, began_at, visits.started_at)
        resolved_before = np.cumsum(visits.resolved_at != NEVER) - (visits.resolved_at != NEVER)
        first = np.maximum.accumulate(np.where(same, 0, np.arange(len(exception))))
        return cls(
            exception=exception,
            team=visits.team,
            ready_at=visits.ready_at,
            delay_ms=np.maximum(delay_ms, 0),
            touch_ms=touch_ms,
            remaining_ms=remaining_ms,
            started_at=started_at,
            ended_at=ended_at,
            resolved_at=visits.resolved_at,
            may_self_resolve=resolved_before == resolved_before[first],
        )

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the visits."""
        return type(self)(**{name: column[rows] for name, column in vars(self).items()})


def is_last(exception: np.ndarray) -> np.ndarray:
    """Mark the visits that are the last of their exceptions."""
    return np.append(exception[1:] != exception[:-1], True)


def _worked_ms(visits: TeamVisits, team_hours: tuple[TeamHours, ...], since: int) -> np.ndarray:
    """Return the working time of each visit after a moment, whole milliseconds.

    A piece that lasts from one shift into another leaves out the time between them. Overtime
    counts in full.
    """
    pieces = visits.pieces
    ended = (pieces.end != NEVER) & (pieces.end > since)
    visit, end = pieces.visit[ended], pieces.end[ended]
    begin = np.maximum(pieces.begin[ended], since)
    length, team = end - begin, visits.team[visit]
    for code in np.unique(team[team >= 0]):
        rows = np.flatnonzero(team == code)
        length[rows] -= _closed_between(team_hours[code], begin[rows], end[rows])
    return np.bincount(visit, length, len(visits.exception)).astype(np.int64)


def _closed_between(hours: TeamHours, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the time for which a team was closed between shifts, within n stretches of time."""
    closed = np.append(0, np.cumsum(hours.opens_at[1:] - hours.closes_at[:-1]))
    first = np.searchsorted(hours.closes_at[:-1], begin, side="left")
    last = np.searchsorted(hours.opens_at[1:], end, side="right")
    return np.maximum(closed[last] - closed[first], 0)
