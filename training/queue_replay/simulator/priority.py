"""Priorities of visits, which a rule gives to the simulator; moving scores are compiled."""

# pyright: reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.
import math
from typing import NamedTuple

import numpy as np
from numba import njit

from data.ticks import MS_PER_HOUR
from models.ranking.inputs import TOUCH_POINTS

ARRIVAL, FIXED, EXPEDITE, ATC = range(4)
"""Kinds of orders: by arrival at the team, by a fixed key, by Expedite's score, by that of ATC."""

FIRST = 1e15
"""More money an hour than any score: puts exceptions that are too old before the rest."""


class QueueOrder(NamedTuple):
    """Order in which visits are taken: lower keys first. Hours are working time of the team.

    Attributes:
        kind: One of the kinds above.
        key: m keys of visits; read for fixed orders, and for lost exceptions.
        lost_from: n ticks from which an exception counts as lost, and goes last; `NEVER` for a
            rule that does not put them last.
        look_ahead_hours: Look-ahead of a moving score.
        old_hours: m working hours of the visit's team until its age puts it first.
        due_hours: m likewise, until it is due; NaN where no deadline is known.
        ages_hours: (u, 11) likewise, until the ages of the curve, of u visits without a deadline.
        ages_of: m rows of `ages_hours`; 0 where a deadline is known.
        late_share: n shares that are lost at a missed deadline.
        late_hours: m mean working hours after it until the rest is lost.
        loss: n amounts of money.
        curve: (n, 11) chances of loss by age.
        touch_hours: n median touch times.
        sigma: n log-normal spreads of them, above 0.
        waiting: n costs of an hour's wait.
    """

    kind: int
    key: np.ndarray
    lost_from: np.ndarray
    look_ahead_hours: float
    old_hours: np.ndarray
    due_hours: np.ndarray
    ages_hours: np.ndarray
    ages_of: np.ndarray
    late_share: np.ndarray
    late_hours: np.ndarray
    loss: np.ndarray
    curve: np.ndarray
    touch_hours: np.ndarray
    sigma: np.ndarray
    waiting: np.ndarray


@njit(nogil=True)
def key_at(order: QueueOrder, visit: int, exception: int, worked_ms: int) -> float:
    """Return the key of a visit after its team has worked for some time."""
    now_hours = worked_ms / MS_PER_HOUR
    if order.kind == EXPEDITE:
        score = _expedite_score(order, visit, exception, now_hours)
        return -score - FIRST if now_hours > order.old_hours[visit] else -score
    if order.kind == ATC:
        return -_atc_score(order, visit, exception, now_hours)
    return order.key[visit]


@njit(nogil=True)
def _atc_score(order: QueueOrder, visit: int, exception: int, now_hours: float) -> float:
    """Weighted apparent tardiness cost (Vepsalainen and Morton 1987): money per hour of work."""
    touch = order.touch_hours[exception]
    slack = max(order.due_hours[visit] - now_hours - touch, 0.0)
    return order.loss[exception] / touch * math.exp(-slack / order.look_ahead_hours)


@njit(nogil=True)
def _expedite_score(order: QueueOrder, visit: int, exception: int, now_hours: float) -> float:
    """Return the score of `models.ranking.rule.rank` for one visit; a test holds them equal."""
    sigma, median, ahead = (
        order.sigma[exception],
        order.touch_hours[exception],
        order.look_ahead_hours,
    )
    to_due = order.due_hours[visit] - now_hours
    share, mean = order.late_share[exception], order.late_hours[visit]
    later = (1 - share) * ahead / (ahead + mean)
    added = 0.0
    for point in TOUCH_POINTS:
        end = median * math.exp(sigma * point)
        if math.isnan(to_due):
            ages = order.ages_hours[order.ages_of[visit]]
            added += _added_by_curve(order.curve[exception], ages, now_hours + end, ahead)
        elif end < to_due:
            added += math.exp((end - to_due) / ahead) * (share + later)
        else:
            added += math.exp((to_due - end) / mean) * later
    lost = order.loss[exception] * added / len(TOUCH_POINTS)
    touch = median * math.exp(sigma * sigma / 2)
    return (lost / ahead + order.waiting[exception]) / touch


@njit(nogil=True)
def _added_by_curve(curve: np.ndarray, ages: np.ndarray, end: float, ahead: float) -> float:
    """Return the chance of loss that a wait adds, by a curve that is straight between ages."""
    added, fading = 0.0, math.exp(min(end - ages[0], 0.0) / ahead)
    for knot in range(1, len(ages)):
        before, fading = fading, math.exp(min(end - ages[knot], 0.0) / ahead)
        rise = curve[knot] - curve[knot - 1]
        added += rise * (before - fading) / (ages[knot] - ages[knot - 1])
    return added * ahead
