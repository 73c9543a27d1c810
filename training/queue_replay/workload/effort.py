"""Visits with the time that was worked in them."""

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
        exception: Positions of exceptions in the record, not falling.
        team: Codes of teams.
        ready_at: Ticks at which the team got it; 0 for one that was not recorded.
        delay_ms: From the end of the visit before; 0 for a first one.
        touch_ms: Time worked, 0 where not known.
        left_ms: The part of it after the begin of the period.
        started_at: Ticks, `NEVER` where no start is recorded.
        ended_at: Ticks, `NEVER` where no end of work is recorded.
        resolved_at: Ticks at which the exception was resolved by it, else `NEVER`.
        may_heal: While it waits for this visit it can go away by itself.
    """

    exception: np.ndarray
    team: np.ndarray
    ready_at: np.ndarray
    delay_ms: np.ndarray
    touch_ms: np.ndarray
    left_ms: np.ndarray
    started_at: np.ndarray
    ended_at: np.ndarray
    resolved_at: np.ndarray
    may_heal: np.ndarray

    @classmethod
    def of(cls, record: HandlingLog, visits: TeamVisits, crews: tuple[TeamHours, ...]) -> Self:
        """Count what was worked in each visit, within the hours of its team.

        The touch time of an outcome stands for what no start and end tells of it; it is then taken
        to have been worked last thing before the resolution.
        """
        touch_ms, left_ms = (_worked_ms(visits, crews, since) for since in (0, record.begin))
        exception = visits.exception
        same = np.append(False, exception[1:] == exception[:-1])
        before = np.append(NEVER, np.minimum(visits.ended_at, visits.resolved_at)[:-1])
        delay_ms = np.where(same & (before != NEVER), visits.ready_at - before, 0)
        told_ms = np.nan_to_num(record.facts["touch_minutes"]) * MS_PER_MINUTE
        rest_ms = told_ms - np.bincount(exception, touch_ms, record.n)
        untold = (touch_ms == 0) & is_last(exception) & (visits.resolved_at != NEVER)
        untold &= rest_ms[exception] >= MIN_TOUCH_MS
        touch_ms = np.where(untold, rest_ms[exception], touch_ms).astype(np.int64)
        left_ms = np.where(untold, touch_ms, left_ms)
        ended_at = np.where(untold, visits.resolved_at, visits.ended_at)
        began_at = np.maximum(visits.resolved_at - touch_ms, visits.ready_at)
        started_at = np.where(untold, began_at, visits.started_at)
        solved = np.cumsum(visits.resolved_at != NEVER) - (visits.resolved_at != NEVER)
        first = np.maximum.accumulate(np.where(same, 0, np.arange(len(exception))))
        return cls(
            exception, visits.team, visits.ready_at, np.maximum(delay_ms, 0), touch_ms, left_ms,
            started_at, ended_at, visits.resolved_at,
            may_heal=solved == solved[first],
        )  # fmt: skip

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the visits."""
        return type(self)(**{name: column[rows] for name, column in vars(self).items()})

    def with_(self, **columns: np.ndarray) -> Self:
        """Return the same with some columns changed."""
        return type(self)(**{**vars(self), **columns})


def is_last(exception: np.ndarray) -> np.ndarray:
    """Say which visits are the last of their exceptions."""
    return np.append(exception[1:] != exception[:-1], True)


def _worked_ms(visits: TeamVisits, crews: tuple[TeamHours, ...], since: int) -> np.ndarray:
    """Return the working time of each visit after a moment, whole milliseconds.

    A piece that lasts from one shift into another leaves out what lies between them; overtime
    counts as it is.
    """
    pieces = visits.pieces
    known = (pieces.end != NEVER) & (pieces.end > since)
    visit, end = pieces.visit[known], pieces.end[known]
    begin = np.maximum(pieces.begin[known], since)
    length, team = end - begin, visits.team[visit]
    for code in np.unique(team[team >= 0]):
        mine = np.flatnonzero(team == code)
        length[mine] -= _closed_between(crews[code], begin[mine], end[mine])
    return np.bincount(visit, length, len(visits.exception)).astype(np.int64)


def _closed_between(crew: TeamHours, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return how long a team was closed from shift to shift, within n stretches of time."""
    closed = np.append(0, np.cumsum(crew.opens_at[1:] - crew.closes_at[:-1]))
    first = np.searchsorted(crew.closes_at[:-1], begin, side="left")
    last = np.searchsorted(crew.opens_at[1:], end, side="right")
    return np.maximum(closed[last] - closed[first], 0)
