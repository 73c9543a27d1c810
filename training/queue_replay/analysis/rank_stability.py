"""Rank stability: the number of the first twenty rows that lose their rank within an hour."""

import numpy as np
from numba import njit

from data.ticks import MS_PER_HOUR, NEVER
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.simulator.priority import ARRIVAL, QueueOrder, key_at
from training.queue_replay.workload.workload import SimulationResult, Workload

TOP = 20
MOMENTS = 60


def draw_moments(workload: Workload, random: np.random.Generator) -> np.ndarray:
    """Draw moments at which the list is looked at, and an hour later again: in working hours."""
    opens = np.concatenate([hours.opens_at for hours in workload.team_hours])
    closes = np.concatenate([hours.closes_at for hours in workload.team_hours])
    last = workload.detected_at.max()
    long = (closes - opens > MS_PER_HOUR) & (opens < last) & (opens > workload.ready_at.min())
    if not long.any():
        return np.empty(0, np.int64)
    shift = random.choice(np.flatnonzero(long), MOMENTS)
    room = closes[shift] - opens[shift] - MS_PER_HOUR
    return opens[shift] + (random.random(MOMENTS) * room).astype(np.int64)


def top_changes(
    workload: Workload, order: QueueOrder, result: SimulationResult, moments: np.ndarray
) -> float:
    """Return how many of the first twenty still wait an hour later and are not among them any more.

    The list is that of all teams. NaN where there are never more than twenty.
    """
    if not len(moments):
        return np.nan
    first = np.append(True, np.diff(workload.visit_of) > 0)
    ended = np.append(0, result.ended_at[:-1])
    ready = np.where(
        first, workload.ready_at, np.where(ended == NEVER, NEVER, ended + workload.delay_ms)
    )
    until = np.minimum(result.started_at, result.resolved_at[workload.visit_of])
    team_hours = [extend_last_week(hours) for hours in workload.team_hours]
    changed = []
    for moment in moments.tolist():
        before, after = (_waiting(ready, until, at) for at in (moment, moment + MS_PER_HOUR))
        if min(len(before), len(after)) <= TOP:
            continue
        worked = [
            [hours.open_ticks(np.array([at]))[0] for hours in team_hours] for at in _hour(moment)
        ]
        top, later = (
            _top(workload, order, (rows, ready), (at, np.array(done, np.int64)))
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
    workload: Workload,
    order: QueueOrder,
    waiting: tuple[np.ndarray, np.ndarray],
    at: tuple[int, np.ndarray],
) -> np.ndarray:
    """Return the first visits of the list at a moment, what is lost last."""
    (rows, ready), (moment, worked_ms) = waiting, at
    number = workload.visit_of[rows]
    if order.kind == ARRIVAL:
        key = ready[rows].astype(np.float64)
    else:
        key = _keys(order, rows, number, worked_ms[workload.team[rows]])
    lost = order.lost_from[number] <= moment
    return rows[np.lexsort((rows, key, lost))[:TOP]]


@njit(nogil=True)
def _keys(
    order: QueueOrder, rows: np.ndarray, number: np.ndarray, worked_ms: np.ndarray
) -> np.ndarray:
    keys = np.empty(len(rows))
    for row in range(len(rows)):
        keys[row] = key_at(order, rows[row], number[row], worked_ms[row])
    return keys
