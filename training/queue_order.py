"""What a rule hands to the simulator; scores of those that move with time are compiled."""

# pyright: reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from models.ranking_rule import CURVE_AGES_HOURS, TOUCH_POINTS

ARRIVAL, FIXED, OURS, ATC = range(4)
"""Kinds of orders: as it came to the team, by a key that stays, by our score, by that of ATC."""

MS_PER_HOUR = 3_600_000.0


class Order(NamedTuple):
    """In which order visits are taken: lower keys first. Hours are working time of the team.

    Attributes:
        kind: One of the kinds above.
        key: m keys of visits; read where they stay, and for what is lost.
        lost_from: n ticks from which an exception is known to be lost, and goes last; `NEVER` for
            a rule that does not ask.
        look_ahead_hours: Of a score that moves.
        detected_hours: m working hours of the visit's team before the exception was detected.
        due_hours: m likewise, before it is due; NaN where no deadline is known.
        loss: n amounts of money.
        curve: (n, 11) chances of loss by age.
        touch_hours: n median touch times.
        sigma: n log-normal spreads of them.
        waiting: n costs of an hour's wait.
    """

    kind: int
    key: np.ndarray
    lost_from: np.ndarray
    look_ahead_hours: float
    detected_hours: np.ndarray
    due_hours: np.ndarray
    loss: np.ndarray
    curve: np.ndarray
    touch_hours: np.ndarray
    sigma: np.ndarray
    waiting: np.ndarray


@njit(nogil=True)
def key_at(rule: Order, visit: int, number: int, worked_ms: int) -> float:
    """Return the key of a visit when its team has worked so long."""
    if rule.kind == OURS:
        return -_our_score(rule, visit, number, worked_ms / MS_PER_HOUR)
    if rule.kind == ATC:
        return -_atc(rule, visit, number, worked_ms / MS_PER_HOUR)
    return rule.key[visit]


@njit(nogil=True)
def _atc(rule: Order, visit: int, number: int, now_hours: float) -> float:
    """Weighted apparent tardiness cost (Vepsalainen and Morton 1987): money per hour of work."""
    touch = rule.touch_hours[number]
    slack = max(rule.due_hours[visit] - now_hours - touch, 0.0)
    return rule.loss[number] / touch * math.exp(-slack / rule.look_ahead_hours)


@njit(nogil=True)
def _our_score(rule: Order, visit: int, number: int, now_hours: float) -> float:
    """The score of `models.ranking_rule.rank`, for one item; a test holds the two equal."""
    ahead, sigma = rule.look_ahead_hours, max(rule.sigma[number], 0.05)
    median = rule.touch_hours[number]
    due = rule.due_hours[visit] - now_hours
    if math.isnan(due):
        age = max(now_hours - rule.detected_hours[visit], 0.0)
        gained = _lost_by_curve(rule.curve[number], age, ahead, median, sigma)
    else:
        soon, later = max(due, 1e-9), max(due - ahead, 1e-9)
        gained = _normal(math.log(median / later) / sigma) - _normal(
            math.log(median / soon) / sigma
        )
    waiting = rule.waiting[number] * ahead
    touch = median * math.exp(sigma * sigma / 2)
    return (rule.loss[number] * gained + waiting) / (ahead * touch)


@njit(nogil=True)
def _lost_by_curve(
    curve: np.ndarray, age: float, ahead: float, median: float, sigma: float
) -> float:
    """Return how much more likely the loss comes before the work ends if it starts later."""
    before = _curve_at(curve, age)
    if before >= 1:
        return 0.0
    gained = 0.0
    for point in TOUCH_POINTS:
        end = age + median * math.exp(sigma * point)
        gained += _curve_at(curve, end + ahead) - _curve_at(curve, end)
    return gained / len(TOUCH_POINTS) / max(1 - before, 1e-9)


@njit(nogil=True)
def _curve_at(curve: np.ndarray, age: float) -> float:
    place = 0
    while place < len(CURVE_AGES_HOURS) - 2 and age >= CURVE_AGES_HOURS[place + 1]:
        place += 1
    step = CURVE_AGES_HOURS[place + 1] - CURVE_AGES_HOURS[place]
    share = min((age - CURVE_AGES_HOURS[place]) / step, 1.0)
    return curve[place] + share * (curve[place + 1] - curve[place])


@njit(nogil=True)
def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
