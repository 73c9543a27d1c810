"""Rank stability: the number of the first twenty rows that lose their rank within an hour."""

import numpy as np
from numba import njit

from data.ticks import MS_PER_HOUR, NEVER
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.simulator.priority import ARRIVAL, QueueOrder, key_at
from training.queue_replay.workload.workload import SimulationResult, Workload

TOP = 20
MOMENTS = 60


def moments_of(work: Workload, random: np.random.Generator) -> np.ndarray:
    """Draw moments at which the list is looked at, and an hour later again: in working hours."""
    opens = np.concatenate([crew.opens_at for crew in work.crews])
    closes = np.concatenate([crew.closes_at for crew in work.crews])
    last = work.detected_at.max()
    long = (closes - opens > MS_PER_HOUR) & (opens < last) & (opens > work.ready_at.min())
    if not long.any():
        return np.empty(0, np.int64)
    shift = random.choice(np.flatnonzero(long), MOMENTS)
    room = closes[shift] - opens[shift] - MS_PER_HOUR
    return opens[shift] + (random.random(MOMENTS) * room).astype(np.int64)


def top_changes(
    work: Workload, order: QueueOrder, played: SimulationResult, moments: np.ndarray
) -> float:
    """Return how many of the first twenty still wait an hour later and are not among them any more.

    The list is that of all teams. NaN where there are never more than twenty.
    """
    if not len(moments):
        return np.nan
    first = np.append(True, np.diff(work.visit_of) > 0)
    ended = np.append(0, played.ended_at[:-1])
    ready = np.where(first, work.ready_at, np.where(ended == NEVER, NEVER, ended + work.delay_ms))
    until = np.minimum(played.started_at, played.resolved_at[work.visit_of])
    crews = [extend_last_week(crew) for crew in work.crews]
    changed = []
    for moment in moments.tolist():
        before, after = (_waiting(ready, until, at) for at in (moment, moment + MS_PER_HOUR))
        if min(len(before), len(after)) <= TOP:
            continue
        worked = [[crew.open_ticks(np.array([at]))[0] for crew in crews] for at in _hour(moment)]
        top, later = (
            _top(work, order, (rows, ready), (at, np.array(done, np.int64)))
            for rows, at, done in zip((before, after), _hour(moment), worked, strict=True)
        )
        still = np.isin(top, after)
        changed.append(int((still & ~np.isin(top, later)).sum()))
    return float(np.mean(changed)) if changed else np.nan


def _hour(moment: int) -> tuple[int, int]:
    return moment, moment + MS_PER_HOUR


def _waiting(ready: np.ndarray, until: np.ndarray, moment: int) -> np.ndarray:
    return np.flatnonzero((ready <= moment) & (moment < until))


def _top(
    work: Workload,
    order: QueueOrder,
    waiting: tuple[np.ndarray, np.ndarray],
    at: tuple[int, np.ndarray],
) -> np.ndarray:
    """Return the first visits of the list at a moment, what is lost last."""
    (rows, ready), (moment, worked_ms) = waiting, at
    number = work.visit_of[rows]
    if order.kind == ARRIVAL:
        key = ready[rows].astype(np.float64)
    else:
        key = _keys(order, rows, number, worked_ms[work.team[rows]])
    lost = order.lost_from[number] <= moment
    return rows[np.lexsort((rows, key, lost))[:TOP]]


@njit(nogil=True)
def _keys(
    order: QueueOrder, rows: np.ndarray, number: np.ndarray, worked_ms: np.ndarray
) -> np.ndarray:
    keys = np.empty(len(rows))
    for place in range(len(rows)):
        keys[place] = key_at(order, rows[place], number[place], worked_ms[place])
    return keys
