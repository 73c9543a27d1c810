"""The ranking rule: chance, loss and effort in, order of work out. Pure; all who rank call it.

    score_i = ( E[ L_i(W) - L_i(0) ] / h + w_i ) / E[S_i]      money an hour, for an hour of work

`L_i(t)` is the start loss (`start_loss.py`): what is lost if work begins at `t`. `W` is the wait
until the next turn if it is not begun now: exponential with mean `h`, the look-ahead. `w_i` is the
steady cost of keeping it open: no loss, but of two rows that lose nothing the one that takes less
work goes first. `S_i`, the touch time, is log-normal. Time is the working time of the team where
its shifts are known: what is due tonight is due when the shift closes.

A finite-difference form of the generalised c-mu rule (Van Mieghem 1995) on a predicted hazard; at a
deadline it is the weighted apparent tardiness cost of Vepsalainen and Morton (1987), with random
work. A deadline is a step and not a convex cost, so no theorem applies: no optimality is claimed.

What is overdue is not lost: a missed deadline costs a share, and the rest can be saved until the
order is gone. Only what is lost, or so late that next to all are, goes last, except where a rule of
law puts it first.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from data.ticks import MINUTES_PER_HOUR
from models.loss_curve import curve_at
from models.ranking.inputs import NORMAL_P90, RankingInputs, Timing
from models.ranking.score_bands import score_bands
from models.ranking.start_loss import losses_added_by_turn, losses_if_begun, losses_if_never_begun

_NOW = np.zeros((1, 1))


class Tier(IntEnum):
    """Tiers that stand above the score, the first tier first."""

    RULE = 0
    OLDEST = 1
    OPEN = 2
    LOST = 3


@dataclass(frozen=True)
class Ranking:
    """Items in money; arrays in the order of the items, `order` lists their places.

    Attributes:
        order: Positions of the items, the first to be worked on first.
        tier: What stands above the score.
        score: Money that an hour's wait loses, for an hour of work.
        loss_now: Expected loss if it is begun now.
        loss_deferred: Expected loss if it is begun at its next turn; at most what is at stake.
        loss_never: Expected loss if it is never begun.
        touch_hours: Expected touch time.
        safe_start_hours: Working hours until the chance of loss passes the accepted risk; 0 if it
            has.
    """

    order: np.ndarray
    tier: np.ndarray
    score: np.ndarray
    loss_now: np.ndarray
    loss_deferred: np.ndarray
    loss_never: np.ndarray
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
    ...            curve_scale=np.ones(2), late_share=np.ones(2), late_hours=np.ones(2),
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
    timing, lost = Timing.of(items), items.is_lost
    touch_hours = timing.touch.mean_hours
    tier = _tiers(items, lost, oldest_hours)
    loss_now = losses_if_begun(items, _NOW, timing)[:, 0]
    added = losses_added_by_turn(items, look_ahead_hours, timing)
    score = (added / look_ahead_hours + items.waiting_cost_per_hour) / touch_hours
    band = score_bands(score, rerank_band)
    return Ranking(
        order=np.lexsort((items.ids, -items.age_hours, -band, tier)),
        tier=tier,
        score=score,
        loss_now=loss_now,
        loss_deferred=np.minimum(loss_now + added, items.loss),
        loss_never=losses_if_never_begun(items),
        touch_hours=touch_hours,
        safe_start_hours=np.where(lost, 0.0, _safe_start_hours(items, timing, safe_risk)),
    )


def _tiers(items: RankingInputs, lost: np.ndarray, oldest_hours: float) -> np.ndarray:
    """Return the tiers that stand above any score: rules, age, lost work last."""
    tier = np.full(len(lost), int(Tier.OPEN))
    tier[items.age_hours > oldest_hours] = int(Tier.OLDEST)
    tier[lost] = int(Tier.LOST)
    tier[items.always_first] = int(Tier.RULE)
    return tier


def _safe_start_hours(items: RankingInputs, timing: Timing, risk: float) -> np.ndarray:
    """Return when the chance of a loss that is not there yet passes a risk; infinite for never."""
    work, touch = timing
    patience = -np.log1p(-risk) * work.late_hours
    with np.errstate(divide="ignore"):
        spared = np.maximum(patience + np.log1p(-items.late_share) * work.late_hours, 0.0)
    before = work.to_due - touch.median_hours * np.exp(touch.sigma * NORMAL_P90) + spared
    safe = np.where(work.to_due > 0, before, patience - touch.median_hours)
    guessed = np.isnan(work.to_due)
    if guessed.any():
        curve, to_ages = items.curve[guessed], work.to_ages[guessed]
        before = curve_at(curve, items.age_hours[guessed, None], items.curve_scale[guessed])[:, 0]
        reached = curve >= (before + risk * (1 - before))[:, None]
        knot = np.take_along_axis(to_ages, reached.argmax(axis=1)[:, None], axis=1)[:, 0]
        begin = np.where(reached.any(axis=1), knot - touch.median_hours[guessed], np.inf)
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
    tier = _tiers(items, items.is_lost, oldest_hours)
    slack = due - touch_hours
    order = np.lexsort((items.ids, -items.age_hours, -items.loss, slack, tier))
    unknown = np.full(len(items.ids), np.nan)
    return Ranking(
        order=order,
        tier=tier,
        score=unknown,
        loss_now=unknown,
        loss_deferred=unknown,
        loss_never=unknown,
        touch_hours=touch_hours,
        safe_start_hours=np.maximum(slack, 0.0),
    )
