"""Queues of the teams: visits arrive, wait, begin, pause and end. Compiled."""

# pyright: reportArgumentType=false, reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.
from typing import NamedTuple

import numpy as np
from numba import njit

from data.ticks import NEVER
from training.queue_replay.simulator.calendar import TeamCalendars, worked_ms_before
from training.queue_replay.simulator.heap import Heaps, heapify, pop, push
from training.queue_replay.simulator.priority import ARRIVAL, FIXED, QueueOrder, key_at

MIN_RESCORE_INTERVAL_MS = 300_000
MAX_VISITS_ALWAYS_SCORED = 64


class SimulatedWork(NamedTuple):
    """Workload and the state of its simulation, as in `Scenario` and `SimulationResult`."""

    visit_of: np.ndarray
    team: np.ndarray
    ready_at: np.ndarray
    delay_ms: np.ndarray
    may_self_resolve: np.ndarray
    self_resolves_at: np.ndarray
    arrivals: np.ndarray
    remaining_ms: np.ndarray
    received_at: np.ndarray
    started_at: np.ndarray
    ended_at: np.ndarray
    resolved_at: np.ndarray
    self_resolved: np.ndarray


class Queues(NamedTuple):
    """Queues of visits: `open` by the rule, `lost` behind them; `later` and `busy` by time."""

    open: Heaps
    lost: Heaps
    later: Heaps
    busy: Heaps
    ranked_ms: np.ndarray
    turns: np.ndarray
    staff_of: np.ndarray


class BestQueue(NamedTuple):
    """Team whose queue has the best visit, and the visits that were dropped on the way.

    Attributes:
        team: The team; -1 if no visit waits.
        self_resolved: Number of visits of exceptions that had resolved themselves.
    """

    team: int
    self_resolved: int


@njit(nogil=True)
def receive(
    job: SimulatedWork,
    calendars: TeamCalendars,
    queues: Queues,
    order: QueueOrder,
    arrival: tuple[int, int],
) -> int:
    """Put a visit into the queue of its team; return the number of visits given up for ever."""
    visit, now = arrival
    team = job.team[visit]
    if not calendars.served[team]:
        return _visits_left(job, visit)
    job.received_at[visit] = now
    if order.kind == ARRIVAL:
        key = float(now)
    else:
        key = key_at(order, visit, job.visit_of[visit], worked_ms_before(calendars, team, now))
    push(queues.open, team, key, visit)
    return 0


@njit(nogil=True)
def finish(job: SimulatedWork, calendars: TeamCalendars, queues: Queues, now: int) -> int:
    """End the visits that are done, pause those at the end of a shift; return the number ended."""
    ended = 0
    while queues.busy.size[0] and queues.busy.key[0] == now:
        visit = pop(queues.busy, 0)
        calendars.free[queues.staff_of[visit]] += 1
        if job.remaining_ms[visit]:
            push(queues.open, job.team[visit], -np.inf, visit)
            continue
        ended += 1
        job.ended_at[visit] = now
        exception = job.visit_of[visit]
        if visit + 1 < len(job.visit_of) and job.visit_of[visit + 1] == exception:
            push(queues.later, 0, now + job.delay_ms[visit + 1], visit + 1)
        else:
            job.resolved_at[exception] = now
    return ended


@njit(nogil=True)
def best_team(
    job: SimulatedWork,
    calendars: TeamCalendars,
    queues: Queues,
    order: QueueOrder,
    turn: tuple[int, int],
) -> BestQueue:
    """Find the queue with the best visit that the people of a team may take.

    Lost work is taken where no other work waits.
    """
    staff, now = turn
    best, best_key, self_resolved = -1, np.inf, 0
    lost, lost_key = -1, np.inf
    for team in range(len(calendars.at)):
        if not calendars.skilled[staff, team]:
            continue
        self_resolved += _settle(job, calendars, queues, order, (team, now))
        if queues.open.size[team]:
            key = queues.open.key[queues.open.begin[team]]
            if best < 0 or key < best_key:
                best, best_key = team, key
        elif queues.lost.size[team]:
            key = queues.lost.key[queues.lost.begin[team]]
            if lost < 0 or key < lost_key:
                lost, lost_key = team, key
    return BestQueue(best if best >= 0 else lost, self_resolved)


@njit(nogil=True)
def _settle(
    job: SimulatedWork,
    calendars: TeamCalendars,
    queues: Queues,
    order: QueueOrder,
    turn: tuple[int, int],
) -> int:
    """Order a queue, so that its first visit can begin; return the number of visits dropped.

    Lost exceptions go behind the rest; self-resolved ones leave the queue.
    """
    team, now = turn
    self_resolved = 0
    if order.kind > FIXED:
        _rescore(job, calendars, queues, order, turn)
    while queues.open.size[team]:
        visit = queues.open.visit[queues.open.begin[team]]
        exception = job.visit_of[visit]
        fresh = job.started_at[visit] == NEVER
        if fresh and _has_self_resolved(job, visit, now):
            pop(queues.open, team)
            self_resolved += _leave(job, visit)
        elif fresh and order.lost_from[exception] <= now:
            key = queues.open.key[queues.open.begin[team]]
            pop(queues.open, team)
            push(queues.lost, team, key if order.kind <= FIXED else order.key[visit], visit)
        else:
            return self_resolved
    while queues.lost.size[team]:
        visit = queues.lost.visit[queues.lost.begin[team]]
        if not _has_self_resolved(job, visit, now):
            break
        pop(queues.lost, team)
        self_resolved += _leave(job, visit)
    return self_resolved


@njit(nogil=True)
def _has_self_resolved(job: SimulatedWork, visit: int, now: int) -> bool:
    """Return True if the exception of a visit has resolved itself while the visit waited."""
    return job.may_self_resolve[visit] and job.self_resolves_at[job.visit_of[visit]] <= now


@njit(nogil=True)
def _leave(job: SimulatedWork, visit: int) -> int:
    """Close a self-resolved exception; return the number of its remaining visits."""
    exception = job.visit_of[visit]
    job.self_resolved[exception] = visit == 0 or job.visit_of[visit - 1] != exception
    job.resolved_at[exception] = max(job.self_resolves_at[exception], job.received_at[visit])
    return _visits_left(job, visit)


@njit(nogil=True)
def _visits_left(job: SimulatedWork, visit: int) -> int:
    """Return the number of visits of an exception from one on."""
    end = visit
    while end < len(job.visit_of) and job.visit_of[end] == job.visit_of[visit]:
        end += 1
    return end - visit


@njit(nogil=True)
def _rescore(
    job: SimulatedWork,
    calendars: TeamCalendars,
    queues: Queues,
    order: QueueOrder,
    turn: tuple[int, int],
) -> None:
    """Score a queue anew, unless it was scored a short time ago."""
    team, now = turn
    size, begin = queues.open.size[team], queues.open.begin[team]
    worked_ms = worked_ms_before(calendars, team, now)
    queues.turns[team] += 1
    if size > MAX_VISITS_ALWAYS_SCORED and (
        worked_ms - queues.ranked_ms[team] < MIN_RESCORE_INTERVAL_MS
        or queues.turns[team] < size // MAX_VISITS_ALWAYS_SCORED
    ):
        return
    queues.ranked_ms[team], queues.turns[team] = worked_ms, 0
    for row in range(begin, begin + size):
        visit = queues.open.visit[row]
        if job.started_at[visit] == NEVER:
            queues.open.key[row] = key_at(order, visit, job.visit_of[visit], worked_ms)
    heapify(queues.open, team)


@njit(nogil=True)
def begin(
    job: SimulatedWork, calendars: TeamCalendars, queues: Queues, turn: tuple[int, int, int]
) -> None:
    """Begin the first visit of a team, by a free person, until it is done or the shift closes."""
    staff, team, now = turn
    queue = queues.open if queues.open.size[team] else queues.lost
    visit = pop(queue, team)
    if job.started_at[visit] == NEVER:
        job.started_at[visit] = now
    duration = min(job.remaining_ms[visit], calendars.changes[staff] - now)
    job.remaining_ms[visit] -= duration
    queues.staff_of[visit] = staff
    calendars.free[staff] -= 1
    push(queues.busy, 0, float(now + duration), visit)
