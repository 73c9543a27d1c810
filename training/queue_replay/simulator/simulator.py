"""The queues played forward: whoever is free takes the best waiting visit of the team, by a rule.

Compiled, from event to event. A team is a number of people with the same hours and skills. When its
shift closes, work in hand pauses, and goes on first thing at the next. What goes away by itself
while it waits leaves the queue untouched. When the given shifts end, the last week of them goes on
for ever, so that the queues are drained and every rule is charged for all that it left behind.

What keeps the cost in bounds: orders that do not change are heaps; where scores move with time, a
queue of more than `SHORT` visits is ranked anew at most every `RERANK_MS` of its working time, and
at most once in so many turns that no turn pays for more than `SHORT` scores.
"""

import numpy as np
from numba import njit

from data.ticks import NEVER
from training.queue_replay.simulator.calendar import TeamCalendars, change_shift, crews_of
from training.queue_replay.simulator.heap import heaps, pop
from training.queue_replay.simulator.priority import QueueOrder
from training.queue_replay.simulator.queues import (
    RERANK_MS,
    Queues,
    SimulatedWork,
    begin,
    best_team,
    finish,
    receive,
)
from training.queue_replay.workload.workload import Scenario, SimulationResult, Workload


def play(
    work: Workload, world: Scenario, rule: QueueOrder, skills: np.ndarray | None = None
) -> SimulationResult:
    """Play the work once. The same arguments give the same answer; releases the GIL.

    Args:
        work: What came in, and who was there.
        world: What was at stake.
        rule: In which order it is taken.
        skills: (teams, teams) bools: row c, whose people may take the visits of which teams, each
            time the best of them; their own only if None.
    """
    job = _job(work, world)
    crews = crews_of(work.crews, np.eye(len(work.crews), dtype=bool) if skills is None else skills)
    queues = _queues(work, crews)
    _run(job, crews, queues, _plain(rule))
    untouched = np.bincount(work.visit_of, minlength=len(work.ids)) == 0
    job.resolved_at[untouched] = world.heals_at[untouched]
    job.healed[untouched] = world.heals_at[untouched] < NEVER
    return SimulationResult.judged(world, job.started_at, job.ended_at, job.resolved_at, job.healed)


def _plain(rule: QueueOrder) -> QueueOrder:
    """Return a rule in the one layout that is compiled."""
    arrays = {
        name: np.ascontiguousarray(each)
        for name, each in rule._asdict().items()
        if isinstance(each, np.ndarray)
    }
    return rule._replace(**arrays)


def _job(work: Workload, world: Scenario) -> SimulatedWork:
    visits, exceptions = len(work.visit_of), len(work.ids)
    is_first = np.ones(visits, bool)
    is_first[1:] = work.visit_of[1:] != work.visit_of[:-1]
    arrivals = np.flatnonzero(is_first)
    arrivals = arrivals[np.argsort(work.ready_at[arrivals], kind="stable")]
    return SimulatedWork(
        visit_of=work.visit_of.astype(np.int64),
        team=work.team.astype(np.int64),
        ready_at=work.ready_at.astype(np.int64),
        delay_ms=work.delay_ms.astype(np.int64),
        may_heal=np.ascontiguousarray(work.may_heal, bool),
        heals_at=world.heals_at.astype(np.int64),
        arrivals=arrivals,
        left_ms=np.maximum(work.touch_ms, 1).astype(np.int64),
        received_at=np.full(visits, NEVER),
        started_at=np.full(visits, NEVER),
        ended_at=np.full(visits, NEVER),
        resolved_at=np.full(exceptions, NEVER),
        healed=np.zeros(exceptions, bool),
    )


def _queues(work: Workload, crews: TeamCalendars) -> Queues:
    visits, teams = len(work.visit_of), len(work.crews)
    tie = np.empty(visits, np.int64)
    tie[np.lexsort((np.arange(visits), work.detected_at[work.visit_of]))] = np.arange(visits)
    of_team = np.bincount(work.team, minlength=teams)
    most_busy = np.array([sum(int(crew.people.max(initial=0)) for crew in work.crews)])
    return Queues(
        open=heaps(of_team, tie),
        lost=heaps(of_team, tie),
        later=heaps(np.array([visits]), tie),
        busy=heaps(most_busy, tie),
        ranked_ms=np.full(teams, -RERANK_MS),
        turns=np.zeros(teams, np.int64),
        crew_of=np.zeros(visits, np.int64),
    )


@njit(nogil=True)
def _run(job: SimulatedWork, crews: TeamCalendars, queues: Queues, rule: QueueOrder) -> None:
    arrived, pending = 0, len(job.visit_of)
    while pending:
        now = _next_moment(job, crews, queues, arrived)
        if now == NEVER:
            return
        pending -= finish(job, crews, queues, now)
        for crew in range(len(crews.at)):
            while crews.changes[crew] == now:
                change_shift(crews, crew)
        while arrived < len(job.arrivals) and job.ready_at[job.arrivals[arrived]] == now:
            pending -= receive(job, crews, queues, rule, (job.arrivals[arrived], now))
            arrived += 1
        while queues.later.size[0] and queues.later.key[0] == now:
            pending -= receive(job, crews, queues, rule, (pop(queues.later, 0), now))
        for crew in range(len(crews.at)):
            pending -= _take(job, crews, queues, rule, (crew, now))


@njit(nogil=True)
def _take(
    job: SimulatedWork,
    crews: TeamCalendars,
    queues: Queues,
    rule: QueueOrder,
    turn: tuple[int, int],
) -> int:
    """Give work to all of a crew who are free; return the visits that turn out not to be needed."""
    crew, now = turn
    gone = 0
    while crews.free[crew]:
        team, healed = best_team(job, crews, queues, rule, turn)
        gone += healed
        if team < 0:
            return gone
        begin(job, crews, queues, (crew, team, now))
    return gone


@njit(nogil=True)
def _next_moment(job: SimulatedWork, crews: TeamCalendars, queues: Queues, arrived: int) -> int:
    moment = crews.changes.min()
    if arrived < len(job.arrivals):
        moment = min(moment, job.ready_at[job.arrivals[arrived]])
    if queues.later.size[0]:
        moment = min(moment, np.int64(queues.later.key[0]))
    if queues.busy.size[0]:
        moment = min(moment, np.int64(queues.busy.key[0]))
    return moment
