"""From the steps of the handling to visits: one piece of work that one team does on one exception.

A visit begins when a team is given the exception, or when it is opened again. What was only passed
on, without anybody having begun, is no visit. The work in it lies in pieces, from each start to the
pause or end that follows.
"""

from dataclasses import dataclass, replace
from typing import Self

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
        by: Codes of people, -1 where nobody is told.
        begin: Ticks.
        end: Ticks; `NEVER` for what is under way.
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
        """Return what is left where starts and ends do not tell of work."""
        never = np.full(len(self.team), NEVER)
        one_each = replace(self, started_at=never, ended_at=never, pieces=NO_PIECES)
        last = np.append(self.exception[1:] != self.exception[:-1], True)
        kept = np.flatnonzero(last | (self.resolved_at != NEVER))
        columns = {n: c[kept] for n, c in vars(one_each).items() if n != "pieces"}
        return replace(one_each, **columns)


def visits_of(record: HandlingLog) -> TeamVisits:
    """Read the visits of all exceptions from their steps."""
    steps = _with_the_unhandled(record)
    exception, at, event, team, by = (steps[:, column] for column in range(5))
    visit = np.cumsum(_begins(exception, event)) - 1
    first = np.flatnonzero(np.diff(visit, prepend=-1))
    begun = np.flatnonzero(event == STARTED)
    same = np.append(exception[1:] == exception[:-1], False)
    until = np.where(same, np.append(at[1:], NEVER), NEVER)
    pieces = WorkPieces(visit[begun], team[begun], by[begun], at[begun], until[begun])
    m, size = len(first), len(at)
    started_at = _least(m, pieces.visit, pieces.begin)
    ended_at = np.zeros(m, np.int64)
    np.maximum.at(ended_at, pieces.visit, pieces.end)
    last = np.append(first[1:], size) - 1
    paused = (event[last] == PAUSED) & ~same[last]
    ended_at[(started_at == NEVER) | paused] = NEVER
    solved = event == RESOLVED
    resolved_at = _least(m, visit[solved], at[solved])
    named = np.where(team[first] >= 0, team[first], team[last])
    worked_by = _first_of(m, pieces.visit, pieces.team)
    named = np.where(worked_by >= 0, worked_by, named)
    named = np.where(named >= 0, named, record.facts["team"][exception[first]])
    by_team = np.where(pieces.team >= 0, pieces.team, named[pieces.visit])
    pieces = replace(pieces, team=by_team)
    visits = TeamVisits(
        exception[first], named, at[first], started_at, ended_at, resolved_at, pieces
    )
    return _kept(visits)


def _with_the_unhandled(record: HandlingLog) -> np.ndarray:
    """Return steps as rows: exception, at, event, team, by; without what changes no work.

    An exception without a step is assigned when it is detected, and resolved as its outcome says;
    so is one whose resolution has no step.
    """
    steps = record.steps
    table = np.column_stack([steps.exception, steps.at, steps.event, steps.team, steps.by])
    table = table[steps.event != RECLASSIFIED]
    facts, one = record.facts, np.ones(record.n, np.int64)
    everybody = np.arange(record.n)
    unseen = np.bincount(table[:, 0], minlength=record.n) == 0
    solved = np.bincount(table[table[:, 2] == RESOLVED, 0], minlength=record.n) > 0
    ended = ~solved & (facts["resolved_at"] != NEVER)
    got = [everybody, facts["detected_at"], ASSIGNED * one, facts["team"], -one]
    end = [everybody, facts["resolved_at"], RESOLVED * one, facts["team"], -one]
    added = [np.column_stack(got)[unseen], np.column_stack(end)[ended]]
    if not (unseen.any() or ended.any()):
        return table
    table = np.concatenate([table, *added])
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def _begins(exception: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Say which steps begin a visit; what is assigned once it is resolved begins none."""
    place = np.arange(len(event))
    new = np.diff(exception, prepend=-1) != 0
    of_exception = np.maximum.accumulate(np.where(new, place, 0))
    solved = np.maximum.accumulate(np.where(event == RESOLVED, place, -1))
    opened = np.maximum.accumulate(np.where((event == REOPENED) | (event == STARTED), place, -1))
    closed = (solved >= of_exception) & (solved > opened)
    return new | (event == REOPENED) | ((event == ASSIGNED) & ~closed)


def _kept(visits: TeamVisits) -> TeamVisits:
    """Leave out what was only passed on: begun by nobody, and neither the last nor resolved."""
    last = np.append(visits.exception[1:] != visits.exception[:-1], True)
    keep = (visits.started_at != NEVER) | (visits.resolved_at != NEVER) | last
    place = np.cumsum(keep) - 1
    p = visits.pieces
    pieces = WorkPieces(place[p.visit], p.team, p.by, p.begin, p.end)
    return TeamVisits(
        visits.exception[keep], visits.team[keep], visits.ready_at[keep], visits.started_at[keep],
        visits.ended_at[keep], visits.resolved_at[keep], pieces,
    )  # fmt: skip


def _least(m: int, place: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    found = np.full(m, NEVER)
    np.minimum.at(found, place, ticks)
    return found


def _first_of(m: int, place: np.ndarray, codes: np.ndarray) -> np.ndarray:
    found = np.full(m, -1)
    found[place[::-1]] = codes[::-1]
    return found


def starts_are_work(pieces: WorkPieces) -> bool:
    """Say whether starts and ends tell of work, or only of a state that an exception is in.

    Nobody works on many things at once, and nobody for days without a pause.
    """
    known = pieces.end != NEVER
    if not known.any():
        return False
    begin, end, by = pieces.begin[known], pieces.end[known], pieces.by[known]
    if np.median(end - begin) > MAX_PIECE_MS:
        return False
    told = by >= 0
    if not told.any():
        return True
    begin, end, by = begin[told], end[told], by[told]
    order = np.lexsort((begin, by))
    low = (begin - begin.min() + by * _EPOCHS_APART)[order]
    high = low + (end - begin)[order]
    before = np.maximum.accumulate(np.append(0, high[:-1]))
    covered = np.maximum(high - np.maximum(low, before), 0).sum()
    return bool(covered >= MIN_APART * (end - begin).sum())


def presence(record: HandlingLog) -> WorkPieces:
    """Take people to be there, each day (UTC), from the first thing that they did to the last."""
    steps = record.steps
    known = np.flatnonzero((steps.by >= 0) & (steps.team >= 0))
    at = steps.at[known]
    table = np.column_stack([steps.team[known], steps.by[known], at // MS_PER_DAY])
    days, day = np.unique(table, axis=0, return_inverse=True)
    last = np.zeros(len(days), np.int64)
    np.maximum.at(last, day, at)
    nothing = np.zeros(len(days), np.int64)
    return WorkPieces(nothing, days[:, 0], days[:, 1], _least(len(days), day, at), last + 1)


def waits_of(record: HandlingLog, visits: TeamVisits) -> tuple[np.ndarray, np.ndarray]:
    """Say which of n exceptions healed, and until which tick each was seen to wait.

    What was closed without anybody having begun on its last visit healed, unless its outcome tells
    of work.
    """
    last = np.append(visits.exception[1:] != visits.exception[:-1], True)
    untouched = (visits.resolved_at != NEVER) & (visits.started_at == NEVER)
    told = np.nan_to_num(record.facts["touch_minutes"]) > 0
    begun = np.bincount(visits.exception, visits.started_at != NEVER, record.n) > 0
    healed = untouched[last] & (record.facts["healed"] | ~told | begun)
    solved = np.cumsum(visits.resolved_at != NEVER) - (visits.resolved_at != NEVER)
    first = np.flatnonzero(np.append(True, last[:-1]))
    can_heal = solved == np.repeat(solved[first], np.diff(np.append(first, len(last))))
    seen_waiting = np.where(visits.started_at == NEVER, visits.ready_at, visits.started_at)
    until = record.facts["detected_at"].copy()
    np.maximum.at(until, visits.exception[can_heal], seen_waiting[can_heal])
    still = visits.resolved_at[last] == NEVER
    open_waiting = still & (visits.started_at[last] == NEVER)
    until = np.where(open_waiting, record.seen_until, until)
    return healed, np.where(healed, visits.resolved_at[last], until)
