"""The ranking rule: chance, loss and effort in, order of work out. Pure; all who rank call it.

    score_i(t) = E[ C_i(t + W) - C_i(t) ] / ( h * E[S_i] )      money an hour, for an hour of work
    C_i(t)     = loss_i * P(the loss has happened by t + S_i)  +  w_i * t

`W` is the wait until the next turn if it is not begun now: exponential with mean `h`, the
look-ahead (`next_turn.py`). `loss_i` is the preventable loss, averaged over the posterior of the
categories. The loss happens at the deadline where one is known, else by the predicted curve; few
losses are seen when they happen, so an old exception counts as lost as far as its curve says.
`S_i`, the touch time, is log-normal. Time is the working time of the team where its shifts are
known: what is due tonight is due when the shift closes.

A finite-difference form of the generalised c-mu rule (Van Mieghem 1995) on a predicted hazard; at a
deadline it is the weighted apparent tardiness cost of Vepsalainen and Morton (1987), with random
work. A deadline is a step and not a convex cost, so no theorem applies: no optimality is claimed.

Work already lost goes last, except where a rule of law puts it first.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple, Self

import numpy as np

from data.ticks import MINUTES_PER_HOUR
from models.loss_curve import ages_of, curve_at
from models.ranking.deferral_loss import (
    DeferralLoss,
    WorkHours,
    added_by_deadline,
    by_curve,
    chances_at_deadline,
)
from models.ranking.score_bands import score_bands

MIN_SIGMA = 0.05
NORMAL_P90 = 1.2815515655446004
TOUCH_POINTS = np.array([-NORMAL_P90, -0.5244005, 0.0, 0.5244005, NORMAL_P90])
"""Standard normal quantiles of 10, 30, 50, 70 and 90 %: five equally likely touch times."""


class Tier(IntEnum):
    """Tiers that stand above the score, the first tier first."""

    RULE = 0
    OLDEST = 1
    OPEN = 2
    LOST = 3


@dataclass(frozen=True)
class RankingInputs:
    """Open exceptions as the rule sees them; arrays of length n.

    Attributes:
        ids: Texts; the last tie-break.
        age_hours: Since detected; 0 or more.
        hours_to_due: To the known deadline, negative once passed; NaN where none is known.
        loss: Preventable money, 0 or more.
        curve: (n, 11) chance, 0 to 1 and not falling, that an exception left open is lost by each
            of the ages; read where no deadline is known.
        curve_scale: Factors of `CURVE_AGES_HOURS` that give the ages of the curve.
        touch_p50_minutes: Median touch time; above 0.
        touch_p90_minutes: 90 % quantile of the touch time; at least the median.
        waiting_cost_per_hour: Money an hour, whatever comes of it.
        lost: The loss is recorded as having happened.
        always_first: Law or safety puts it first.
        work: The same moments in working hours; None where people work round the clock.
    """

    ids: np.ndarray
    age_hours: np.ndarray
    hours_to_due: np.ndarray
    loss: np.ndarray
    curve: np.ndarray
    curve_scale: np.ndarray
    touch_p50_minutes: np.ndarray
    touch_p90_minutes: np.ndarray
    waiting_cost_per_hour: np.ndarray
    lost: np.ndarray
    always_first: np.ndarray
    work: WorkHours | None = None

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the items."""
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "work"}
        return type(self)(**columns, work=self.work and self.work.take(rows))

    def in_work_hours(self) -> WorkHours:
        """Return the moments in the hours that the rule counts in."""
        if self.work:
            return self.work
        return WorkHours(self.hours_to_due, ages_of(self.curve_scale) - self.age_hours[:, None])


@dataclass(frozen=True)
class Ranking:
    """Items in money; arrays in the order of the items, `order` lists their places.

    Attributes:
        order: Positions of the items, the first to be worked on first.
        tier: What stands above the score.
        score: Money that an hour's wait loses, for an hour of work.
        loss_now: Expected loss if it is started now.
        loss_deferred: Expected loss, and cost of waiting, if it is started at its next turn.
        touch_hours: Expected touch time.
        safe_start_hours: Working hours until the chance of loss passes the accepted risk; 0 if it
            has.
    """

    order: np.ndarray
    tier: np.ndarray
    score: np.ndarray
    loss_now: np.ndarray
    loss_deferred: np.ndarray
    touch_hours: np.ndarray
    safe_start_hours: np.ndarray


def rank(
    items: RankingInputs,
    *,
    look_ahead_hours: float,
    oldest_hours: float,
    safe_risk: float,
    rerank_band: float = 0.0,
) -> Ranking:
    """Rank open exceptions by the money that is lost by leaving them, per hour of work.

    Args:
        items: What is open.
        look_ahead_hours: `h`; above 0.
        oldest_hours: An older one goes first, unless it is lost.
        safe_risk: Chance of loss that a safe start accepts.
        rerank_band: Scores of one band of this width count as equal (`score_bands`).

    >>> two = dict(age_hours=np.zeros(2), loss=np.array([100.0, 100.0]), curve=np.zeros((2, 11)),
    ...            curve_scale=np.ones(2),
    ...            touch_p50_minutes=np.array([60.0, 10.0]),
    ...            touch_p90_minutes=np.array([90.0, 15.0]),
    ...            waiting_cost_per_hour=np.zeros(2), lost=np.zeros(2, bool),
    ...            always_first=np.zeros(2, bool), ids=np.array(["slow", "quick"]))
    >>> rule = dict(look_ahead_hours=0.1, oldest_hours=336, safe_risk=0.1)
    >>> one_hour_left = RankingInputs(hours_to_due=np.array([1.0, 1.0]), **two)
    >>> rank(one_hour_left, **rule).order.tolist()    # the quick one can still wait
    [0, 1]
    >>> slow_one_lost = RankingInputs(hours_to_due=np.array([-1.0, 0.2]), **two)
    >>> rank(slow_one_lost, **rule).order.tolist()    # lost work last
    [1, 0]
    """
    spread = touch_spread(items.touch_p50_minutes, items.touch_p90_minutes)
    touch_hours = spread.median_hours * np.exp(spread.sigma**2 / 2)
    lost = items.lost | (items.hours_to_due <= 0)
    tier = _tiers(items, lost, oldest_hours)
    work = items.in_work_hours()
    now, added = _deferral_loss(items, work, spread, look_ahead=look_ahead_hours)
    loss_now = np.where(lost, items.loss, items.loss * now)
    waiting = items.waiting_cost_per_hour * look_ahead_hours
    deferring = np.where(lost, 0.0, items.loss * added) + waiting
    score = deferring / (look_ahead_hours * touch_hours)
    return Ranking(
        order=_order(items, tier, score_bands(score, rerank_band)),
        tier=tier,
        score=score,
        loss_now=loss_now,
        loss_deferred=loss_now + deferring,
        touch_hours=touch_hours,
        safe_start_hours=np.where(lost, 0.0, _safe_start_hours(items, work, spread, safe_risk)),
    )


def _order(items: RankingInputs, tier: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Return the positions of the items by tier, then band, then age, then id."""
    return np.lexsort((items.ids, -items.age_hours, -band, tier))


class TouchSpread(NamedTuple):
    """Log-normal touch times: median in hours, and sigma of the logarithm."""

    median_hours: np.ndarray
    sigma: np.ndarray


def touch_spread(p50_minutes: np.ndarray, p90_minutes: np.ndarray) -> TouchSpread:
    """Return the median touch time in hours, and its log-normal spread."""
    sigma = np.log(p90_minutes / p50_minutes) / NORMAL_P90
    return TouchSpread(p50_minutes / MINUTES_PER_HOUR, np.maximum(sigma, MIN_SIGMA))


def _deferral_loss(
    items: RankingInputs,
    work: WorkHours,
    spread: TouchSpread,
    *,
    look_ahead: float,
) -> DeferralLoss:
    """Return the chances of a loss now and by waiting, by the deadline or else by the curve."""
    median_hours, sigma = spread
    ends = median_hours[:, None] * np.exp(sigma[:, None] * TOUCH_POINTS)
    guessed = np.isnan(work.to_due)
    if guessed.all():
        return by_curve(items.curve, work.to_ages, ends, look_ahead)
    now = chances_at_deadline(work.to_due, median_hours, sigma, np.zeros((1, 1)))[:, 0]
    added = added_by_deadline(work.to_due, ends, look_ahead)
    if guessed.any():  # the curves cost the most, and most exceptions have a deadline
        curves = items.curve[guessed], work.to_ages[guessed], ends[guessed]
        now[guessed], added[guessed] = by_curve(*curves, look_ahead)
    return DeferralLoss(now, added)


def _tiers(items: RankingInputs, lost: np.ndarray, oldest_hours: float) -> np.ndarray:
    """Return the tiers that stand above any score: rules, age, lost work last."""
    tier = np.full(len(lost), int(Tier.OPEN))
    tier[items.age_hours > oldest_hours] = int(Tier.OLDEST)
    tier[lost] = int(Tier.LOST)
    tier[items.always_first] = int(Tier.RULE)
    return tier


def _safe_start_hours(
    items: RankingInputs,
    work: WorkHours,
    spread: TouchSpread,
    risk: float,
) -> np.ndarray:
    """Return when the chance of a loss that is not there yet passes a risk; infinite for never."""
    median_hours, sigma = spread
    safe = work.to_due - median_hours * np.exp(sigma * NORMAL_P90)
    guessed = np.isnan(work.to_due)
    if guessed.any():
        curve, to_ages = items.curve[guessed], work.to_ages[guessed]
        before = curve_at(curve, items.age_hours[guessed, None], items.curve_scale[guessed])[:, 0]
        reached = curve >= (before + risk * (1 - before))[:, None]
        knot = np.take_along_axis(to_ages, reached.argmax(axis=1)[:, None], axis=1)[:, 0]
        begin = np.where(reached.any(axis=1), knot - median_hours[guessed], np.inf)
        safe[guessed] = begin
    return np.maximum(safe, 0.0)


def rank_by_slack(items: RankingInputs, *, oldest_hours: float, deadline_hours: float) -> Ranking:
    """Rank without any model: least slack first, lost work last, then the larger loss.

    The declared fallback. It has no score: `score` and both losses are NaN, never a default.

    Args:
        items: What is open; curve is not read.
        oldest_hours: An older one goes first.
        deadline_hours: Age at which one without a deadline is taken to be due.
    """
    touch_hours = items.touch_p50_minutes / MINUTES_PER_HOUR
    due = np.where(
        np.isnan(items.hours_to_due), deadline_hours - items.age_hours, items.hours_to_due
    )
    lost = items.lost | (items.hours_to_due <= 0)
    tier = _tiers(items, lost, oldest_hours)
    slack = due - touch_hours
    order = np.lexsort((items.ids, -items.age_hours, -items.loss, slack, tier))
    unknown = np.full(len(items.ids), np.nan)
    return Ranking(
        order=order,
        tier=tier,
        score=unknown,
        loss_now=unknown,
        loss_deferred=unknown,
        touch_hours=touch_hours,
        safe_start_hours=np.maximum(slack, 0.0),
    )
