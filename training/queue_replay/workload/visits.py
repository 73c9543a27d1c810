"""Visits: the work of one team on one exception, read from the steps of its handling.

A visit begins when the exception is assigned to a team, or opened again. A mere transfer, without a
start, is no visit. The work of a visit lies in pieces, from each start to the pause or end that
follows.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from data.ticks import MS_PER_DAY, MS_PER_HOUR, NEVER
from training.queue_replay.workload.event_log import EVENTS, HandlingLog

ASSIGNED, STARTED, PAUSED, RECLASSIFIED, RESOLVED, REOPENED = range(len(EVENTS))
MAX_PIECE_MS = 24 * MS_PER_HOUR
MIN_APART = 0.5
_EPOCHS_APART = 1 << 42  # longer than any history in ticks: keeps people apart on one axis


@dataclass(frozen=True)
class WorkPieces:
    """Stretches of work without a pause; arrays of one length.

    Attributes:
        visit: Positions of visits.
        team: Codes of teams.
        by: Codes of people, -1 where nobody is recorded.
        begin: Ticks.
        end: Ticks; `NEVER` for a piece under way.
    """

    visit: np.ndarray
    team: np.ndarray
    by: np.ndarray
    begin: np.ndarray
    end: np.ndarray


NO_PIECES = WorkPieces(*np.zeros((5, 0), np.int64))


@dataclass(frozen=True)
class TeamVisits:
    """m visits, by exception, then time.

    Attributes:
        exception: Positions of exceptions, not falling; every exception has one at least.
        team: Codes of teams.
        ready_at: Ticks at which the team got it.
        started_at: Ticks, `NEVER` where no start is recorded.
        ended_at: Ticks, `NEVER` where it has not ended or nobody began.
        resolved_at: Ticks at which it ended with the exception resolved, else `NEVER`.
        pieces: The work in them.
    """

    exception: np.ndarray
    team: np.ndarray
    ready_at: np.ndarray
    started_at: np.ndarray
    ended_at: np.ndarray
    resolved_at: np.ndarray
    pieces: WorkPieces

    def without_starts(self) -> Self:
        """Return the visits without starts and pieces, for a log in which they do not mark work."""
        never = np.full(len(self.team), NEVER)
        unstarted = replace(self, started_at=never, ended_at=never, pieces=NO_PIECES)
        last = np.append(self.exception[1:] != self.exception[:-1], True)
        rows = np.flatnonzero(last | (self.resolved_at != NEVER))
        columns = {n: c[rows] for n, c in vars(unstarted).items() if n != "pieces"}
        return replace(unstarted, **columns)


def read_visits(log: HandlingLog) -> TeamVisits:
    """Read the visits of all exceptions from their steps."""
    steps = _complete_steps(log)
    exception, at, event, team, by = (steps[:, column] for column in range(5))
    visit = np.cumsum(_begins(exception, event)) - 1
    first = np.flatnonzero(np.diff(visit, prepend=-1))
    begun = np.flatnonzero(event == STARTED)
    same = np.append(exception[1:] == exception[:-1], False)
    until = np.where(same, np.append(at[1:], NEVER), NEVER)
    pieces = WorkPieces(
        visit=visit[begun],
        team=team[begun],
        by=by[begun],
        begin=at[begun],
        end=until[begun],
    )
    m, size = len(first), len(at)
    started_at = _earliest(m, pieces.visit, pieces.begin)
    ended_at = np.zeros(m, np.int64)
    np.maximum.at(ended_at, pieces.visit, pieces.end)
    last = np.append(first[1:], size) - 1
    paused = (event[last] == PAUSED) & ~same[last]
    ended_at[(started_at == NEVER) | paused] = NEVER
    resolved = event == RESOLVED
    resolved_at = _earliest(m, visit[resolved], at[resolved])
    visit_team = np.where(team[first] >= 0, team[first], team[last])
    worked_by = _first_code(m, pieces.visit, pieces.team)
    visit_team = np.where(worked_by >= 0, worked_by, visit_team)
    visit_team = np.where(visit_team >= 0, visit_team, log.facts["team"][exception[first]])
    by_team = np.where(pieces.team >= 0, pieces.team, visit_team[pieces.visit])
    pieces = replace(pieces, team=by_team)
    visits = TeamVisits(
        exception=exception[first],
        team=visit_team,
        ready_at=at[first],
        started_at=started_at,
        ended_at=ended_at,
        resolved_at=resolved_at,
        pieces=pieces,
    )
    return _without_transfers(visits)


def _complete_steps(log: HandlingLog) -> np.ndarray:
    """Return steps as rows: exception, at, event, team, by; without reclassifications.

    An exception without a step is assigned when it is detected. A resolution without a step is
    added from the outcome.
    """
    steps = log.steps
    table = np.column_stack([steps.exception, steps.at, steps.event, steps.team, steps.by])
    table = table[steps.event != RECLASSIFIED]
    facts, ones = log.facts, np.ones(log.size, np.int64)
    every_row = np.arange(log.size)
    without_steps = np.bincount(table[:, 0], minlength=log.size) == 0
    has_resolution = np.bincount(table[table[:, 2] == RESOLVED, 0], minlength=log.size) > 0
    ended = ~has_resolution & (facts["resolved_at"] != NEVER)
    assigned = [every_row, facts["detected_at"], ASSIGNED * ones, facts["team"], -ones]
    resolved = [every_row, facts["resolved_at"], RESOLVED * ones, facts["team"], -ones]
    added = [np.column_stack(assigned)[without_steps], np.column_stack(resolved)[ended]]
    if not (without_steps.any() or ended.any()):
        return table
    table = np.concatenate([table, *added])
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def _begins(exception: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Mark the steps that begin a visit; an assignment after the resolution begins none."""
    row = np.arange(len(event))
    is_first = np.diff(exception, prepend=-1) != 0
    of_exception = np.maximum.accumulate(np.where(is_first, row, 0))
    last_resolved = np.maximum.accumulate(np.where(event == RESOLVED, row, -1))
    last_opened = np.maximum.accumulate(np.where((event == REOPENED) | (event == STARTED), row, -1))
    closed = (last_resolved >= of_exception) & (last_resolved > last_opened)
    return is_first | (event == REOPENED) | ((event == ASSIGNED) & ~closed)


def _without_transfers(visits: TeamVisits) -> TeamVisits:
    """Leave out mere transfers: visits not begun, and neither the last nor resolved."""
    last = np.append(visits.exception[1:] != visits.exception[:-1], True)
    stored = (visits.started_at != NEVER) | (visits.resolved_at != NEVER) | last
    row = np.cumsum(stored) - 1
    pieces = replace(visits.pieces, visit=row[visits.pieces.visit])
    columns = {name: column[stored] for name, column in vars(visits).items() if name != "pieces"}
    return TeamVisits(**columns, pieces=pieces)


def _earliest(m: int, row: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    earliest = np.full(m, NEVER)
    np.minimum.at(earliest, row, ticks)
    return earliest


def _first_code(m: int, row: np.ndarray, codes: np.ndarray) -> np.ndarray:
    first = np.full(m, -1)
    first[row[::-1]] = codes[::-1]
    return first


def starts_are_work(pieces: WorkPieces) -> bool:
    """Return True if starts and ends mark work; False if they only mark a state of the exception.

    People do not work on many exceptions at once, nor for days without a pause.
    """
    ended = pieces.end != NEVER
    if not ended.any():
        return False
    begin, end, by = pieces.begin[ended], pieces.end[ended], pieces.by[ended]
    if np.median(end - begin) > MAX_PIECE_MS:
        return False
    named = by >= 0
    if not named.any():
        return True
    begin, end, by = begin[named], end[named], by[named]
    order = np.lexsort((begin, by))
    low = (begin - begin.min() + by * _EPOCHS_APART)[order]
    high = low + (end - begin)[order]
    before = np.maximum.accumulate(np.append(0, high[:-1]))
    covered = np.maximum(high - np.maximum(low, before), 0).sum()
    return bool(covered >= MIN_APART * (end - begin).sum())


def read_presence(log: HandlingLog) -> WorkPieces:
    """Take people to be present, each day (UTC), from their first step to their last."""
    steps = log.steps
    rows = np.flatnonzero((steps.by >= 0) & (steps.team >= 0))
    at = steps.at[rows]
    table = np.column_stack([steps.team[rows], steps.by[rows], at // MS_PER_DAY])
    days, day = np.unique(table, axis=0, return_inverse=True)
    last = np.zeros(len(days), np.int64)
    np.maximum.at(last, day, at)
    nothing = np.zeros(len(days), np.int64)
    return WorkPieces(
        visit=nothing,
        team=days[:, 0],
        by=days[:, 1],
        begin=_earliest(len(days), day, at),
        end=last + 1,
    )


class ObservedWaits(NamedTuple):
    """Waits of n exceptions: bools of self-resolution, and ticks until which each waited."""

    self_resolved: np.ndarray
    until: np.ndarray


def read_waits(log: HandlingLog, visits: TeamVisits) -> ObservedWaits:
    """Read which exceptions resolved themselves, and until when each waited.

    An exception that was closed without a start in its last visit resolved itself, unless its
    outcome records work.
    """
    last = np.append(visits.exception[1:] != visits.exception[:-1], True)
    untouched = (visits.resolved_at != NEVER) & (visits.started_at == NEVER)
    worked = np.nan_to_num(log.facts["touch_minutes"]) > 0
    begun = np.bincount(visits.exception, visits.started_at != NEVER, log.size) > 0
    self_resolved = untouched[last] & (log.facts["healed"] | ~worked | begun)
    resolved_before = np.cumsum(visits.resolved_at != NEVER) - (visits.resolved_at != NEVER)
    first = np.flatnonzero(np.append(True, last[:-1]))
    may_self_resolve = resolved_before == np.repeat(
        resolved_before[first], np.diff(np.append(first, len(last)))
    )
    waited_until = np.where(visits.started_at == NEVER, visits.ready_at, visits.started_at)
    until = log.facts["detected_at"].copy()
    np.maximum.at(until, visits.exception[may_self_resolve], waited_until[may_self_resolve])
    still_open = visits.resolved_at[last] == NEVER
    open_waiting = still_open & (visits.started_at[last] == NEVER)
    until = np.where(open_waiting, log.recorded_until, until)
    until = np.where(self_resolved, visits.resolved_at[last], until)
    return ObservedWaits(self_resolved, until)
