"""Rank stability: the number of the first twenty rows that lose their rank within an hour."""

from typing import NamedTuple, Self

import numpy as np
from numba import njit

from data.ticks import MS_PER_HOUR, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.simulator.priority import ARRIVAL, QueueOrder, key_at
from training.queue_replay.workload.workload import SimulationResult, Workload

TOP = 20
MOMENTS = 60


def draw_moments(workload: Workload, random: np.random.Generator) -> np.ndarray:
    """Draw the moments (ticks) that are compared with an hour later; both in working hours."""
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
    """Count the first twenty rows that still wait an hour later but have lost their rank; the mean.

    The list is that of all teams. NaN if there are never more than twenty rows.
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
        before, after = (
            _ListSnapshot.at(at, ready=ready, until=until, team_hours=team_hours)
            for at in (moment, moment + MS_PER_HOUR)
        )
        if min(len(before.rows), len(after.rows)) <= TOP:
            continue
        top, later = (_top(workload, order, snapshot, ready) for snapshot in (before, after))
        still = np.isin(top, after.rows)
        changed.append(int((still & ~np.isin(top, later)).sum()))
    return float(np.mean(changed)) if changed else np.nan


class _ListSnapshot(NamedTuple):
    """List at a moment (tick): rows of waiting visits, and the time that each team has worked."""

    moment: int
    rows: np.ndarray
    worked_ms: np.ndarray

    @classmethod
    def at(
        cls, moment: int, *, ready: np.ndarray, until: np.ndarray, team_hours: list[TeamHours]
    ) -> Self:
        """Take the snapshot: a visit waits from `ready` (tick) to `until`."""
        rows = np.flatnonzero((ready <= moment) & (moment < until))
        worked = [hours.open_ticks(np.array([moment]))[0] for hours in team_hours]
        return cls(moment, rows, np.array(worked, np.int64))


def _top(
    workload: Workload, order: QueueOrder, snapshot: _ListSnapshot, ready: np.ndarray
) -> np.ndarray:
    """Return the first visits of the list, lost exceptions last."""
    rows = snapshot.rows
    exception = workload.visit_of[rows]
    if order.kind == ARRIVAL:
        key = ready[rows].astype(np.float64)
    else:
        key = _keys(order, rows, exception, snapshot.worked_ms[workload.team[rows]])
    lost = order.lost_from[exception] <= snapshot.moment
    return rows[np.lexsort((rows, key, lost))[:TOP]]


@njit(nogil=True)
def _keys(
    order: QueueOrder, rows: np.ndarray, exception: np.ndarray, worked_ms: np.ndarray
) -> np.ndarray:
    keys = np.empty(len(rows))
    for row in range(len(rows)):
        keys[row] = key_at(order, rows[row], exception[row], worked_ms[row])
    return keys
