"""Simulation of the queues: free people take the best waiting visit of their team, by a rule.

Discrete events, compiled. A team is a number of people with the same hours and skills. When its
shift closes, work in hand pauses, and goes on first at the next shift. An exception that resolves
itself while it waits leaves the queue untouched. After the last shift the last week of shifts is
repeated for ever, so that the queues are drained and every rule is charged for all exceptions.

Two things bound the cost. Orders that do not change are heaps. Where scores move with time, a queue
of more than `MAX_VISITS_ALWAYS_SCORED` visits is scored anew at most every
`MIN_RESCORE_INTERVAL_MS` of its working time, and at most once in so many turns that no turn pays
for more than `MAX_VISITS_ALWAYS_SCORED` scores.
"""

import numpy as np
from numba import njit

from data.ticks import NEVER
from training.queue_replay.simulator.calendar import TeamCalendars, change_shift, lay_calendars
from training.queue_replay.simulator.heap import empty_heaps, pop
from training.queue_replay.simulator.priority import QueueOrder
from training.queue_replay.simulator.queues import (
    MIN_RESCORE_INTERVAL_MS,
    Queues,
    SimulatedWork,
    begin,
    best_team,
    finish,
    receive,
)
from training.queue_replay.workload.workload import Scenario, SimulationResult, Workload


def simulate(
    workload: Workload, scenario: Scenario, order: QueueOrder, skills: np.ndarray | None = None
) -> SimulationResult:
    """Simulate one order of work in one scenario. Deterministic; releases the GIL.

    Args:
        workload: The exceptions, their visits, and the hours of the teams.
        scenario: Times of losses and self-resolutions, and amounts.
        order: The order in which visits are taken.
        skills: (teams, teams) bools; row c: the teams whose visits the people of c may take, each
            time the best of them. None for their own only.
    """
    job = _job(workload, scenario)
    calendars = lay_calendars(
        workload.team_hours,
        np.eye(len(workload.team_hours), dtype=bool) if skills is None else skills,
    )
    queues = _queues(workload, calendars)
    _run(job, calendars, queues, _contiguous(order))
    untouched = np.bincount(workload.visit_of, minlength=len(workload.ids)) == 0
    job.resolved_at[untouched] = scenario.self_resolves_at[untouched]
    job.self_resolved[untouched] = scenario.self_resolves_at[untouched] < NEVER
    return SimulationResult.of(
        scenario,
        started_at=job.started_at,
        ended_at=job.ended_at,
        resolved_at=job.resolved_at,
        self_resolved=job.self_resolved,
    )


def _contiguous(order: QueueOrder) -> QueueOrder:
    """Return an order with contiguous arrays: the one layout that is compiled."""
    arrays = {
        name: np.ascontiguousarray(array)
        for name, array in order._asdict().items()
        if isinstance(array, np.ndarray)
    }
    return order._replace(**arrays)


def _job(workload: Workload, scenario: Scenario) -> SimulatedWork:
    visits, exceptions = len(workload.visit_of), len(workload.ids)
    is_first = np.ones(visits, bool)
    is_first[1:] = workload.visit_of[1:] != workload.visit_of[:-1]
    arrivals = np.flatnonzero(is_first)
    arrivals = arrivals[np.argsort(workload.ready_at[arrivals], kind="stable")]
    return SimulatedWork(
        visit_of=workload.visit_of.astype(np.int64),
        team=workload.team.astype(np.int64),
        ready_at=workload.ready_at.astype(np.int64),
        delay_ms=workload.delay_ms.astype(np.int64),
        may_self_resolve=np.ascontiguousarray(workload.may_self_resolve, bool),
        self_resolves_at=scenario.self_resolves_at.astype(np.int64),
        arrivals=arrivals,
        remaining_ms=np.maximum(workload.touch_ms, 1).astype(np.int64),
        received_at=np.full(visits, NEVER),
        started_at=np.full(visits, NEVER),
        ended_at=np.full(visits, NEVER),
        resolved_at=np.full(exceptions, NEVER),
        self_resolved=np.zeros(exceptions, bool),
    )


def _queues(workload: Workload, calendars: TeamCalendars) -> Queues:
    visits, teams = len(workload.visit_of), len(workload.team_hours)
    tie = np.empty(visits, np.int64)
    tie[np.lexsort((np.arange(visits), workload.detected_at[workload.visit_of]))] = np.arange(
        visits
    )
    of_team = np.bincount(workload.team, minlength=teams)
    most_busy = np.array([sum(int(hours.people.max(initial=0)) for hours in workload.team_hours)])
    return Queues(
        open=empty_heaps(of_team, tie),
        lost=empty_heaps(of_team, tie),
        later=empty_heaps(np.array([visits]), tie),
        busy=empty_heaps(most_busy, tie),
        ranked_ms=np.full(teams, -MIN_RESCORE_INTERVAL_MS),
        turns=np.zeros(teams, np.int64),
        staff_of=np.zeros(visits, np.int64),
    )


@njit(nogil=True)
def _run(job: SimulatedWork, calendars: TeamCalendars, queues: Queues, order: QueueOrder) -> None:
    arrived, pending = 0, len(job.visit_of)
    while pending:
        now = _next_moment(job, calendars, queues, arrived)
        if now == NEVER:
            return
        pending -= finish(job, calendars, queues, now)
        for team in range(len(calendars.at)):
            while calendars.changes[team] == now:
                change_shift(calendars, team)
        while arrived < len(job.arrivals) and job.ready_at[job.arrivals[arrived]] == now:
            pending -= receive(job, calendars, queues, order, (job.arrivals[arrived], now))
            arrived += 1
        while queues.later.size[0] and queues.later.key[0] == now:
            pending -= receive(job, calendars, queues, order, (pop(queues.later, 0), now))
        for team in range(len(calendars.at)):
            pending -= _take(job, calendars, queues, order, (team, now))


@njit(nogil=True)
def _take(
    job: SimulatedWork,
    calendars: TeamCalendars,
    queues: Queues,
    order: QueueOrder,
    turn: tuple[int, int],
) -> int:
    """Give a visit to each free person of a team; return how many visits were not needed."""
    staff, now = turn
    all_self_resolved = 0
    while calendars.free[staff]:
        team, self_resolved = best_team(job, calendars, queues, order, turn)
        all_self_resolved += self_resolved
        if team < 0:
            return all_self_resolved
        begin(job, calendars, queues, (staff, team, now))
    return all_self_resolved


@njit(nogil=True)
def _next_moment(job: SimulatedWork, calendars: TeamCalendars, queues: Queues, arrived: int) -> int:
    moment = calendars.changes.min()
    if arrived < len(job.arrivals):
        moment = min(moment, job.ready_at[job.arrivals[arrived]])
    if queues.later.size[0]:
        moment = min(moment, np.int64(queues.later.key[0]))
    if queues.busy.size[0]:
        moment = min(moment, np.int64(queues.busy.key[0]))
    return moment
