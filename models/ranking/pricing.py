"""From predictions and the company's policy to what the ranking rule reads, for any moment."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from data.domain import ExceptionType
from data.policy.policy import Policy
from data.ticks import MISSING_TICK, MS_PER_HOUR
from features.engine.feature_set import Columns
from models.breach.late_loss import LateLoss
from models.loss_curve import CURVE_AGES_HOURS, LossCurves, ages_of
from models.ranking.inputs import RankingInputs, WorkHours
from models.ranking.rule import Ranking, rank, rank_by_slack
from models.triage.labels import CATEGORY
from models.triage.predictions import Predictions
from models.worktime.shifts import WorkClock

KNOT_GAPS_HOURS = np.arange(len(CURVE_AGES_HOURS)) * 1e-6
"""Hours that keep knots apart between which nobody works."""


@dataclass(frozen=True)
class PricedExceptions:
    """Exceptions ready to be ranked at any moment; arrays of length n, moments in ticks.

    The fields are those of `models.ranking.inputs.RankingInputs`, with moments instead of hours.
    """

    ids: np.ndarray
    detected_at: np.ndarray
    due_at: np.ndarray
    loss: np.ndarray
    curve: np.ndarray
    curve_scale: np.ndarray
    late_share: np.ndarray
    late_hours: np.ndarray
    touch_p50_minutes: np.ndarray
    touch_p90_minutes: np.ndarray
    waiting_cost_per_hour: np.ndarray
    lost: np.ndarray
    always_first: np.ndarray

    def at(self, tick: int | np.ndarray, clock: WorkClock | None = None) -> RankingInputs:
        """Return the items as they stand at a moment (one for all, or one each).

        Args:
            tick: The moment.
            clock: By whose working hours time is counted; None for round the clock.
        """
        unknown = self.due_at == MISSING_TICK
        hours_to_due = (np.where(unknown, 0, self.due_at) - tick) / MS_PER_HOUR
        return RankingInputs(
            ids=self.ids,
            age_hours=np.maximum((tick - self.detected_at) / MS_PER_HOUR, 0.0),
            hours_to_due=np.where(unknown, np.nan, hours_to_due),
            **{name: getattr(self, name) for name in _TIMELESS},
            work=self._in_work_hours(tick, clock) if clock else None,
        )

    def _in_work_hours(self, tick: int | np.ndarray, clock: WorkClock) -> WorkHours:
        now = np.broadcast_to(tick, self.due_at.shape)
        unknown = self.due_at == MISSING_TICK
        to_due = clock.hours_until(now, np.where(unknown, now, self.due_at))
        detected = np.minimum(self.detected_at, now)
        ages = ages_of(self.curve_scale[unknown])
        knots = detected[unknown, None] + (ages * MS_PER_HOUR).astype(np.int64)
        to_ages = np.tile(KNOT_GAPS_HOURS, (len(now), 1))  # nobody reads a curve where it is due
        to_ages[unknown] += clock.take(unknown).hours_until(now[unknown], knots)
        late_hours = self.late_hours * clock.open_shares()
        return WorkHours(np.where(unknown, np.nan, to_due), to_ages, late_hours)

    @classmethod
    def concatenate(cls, parts: "list[PricedExceptions]") -> Self:
        """Join several into one."""
        return cls(
            **{
                f.name: np.concatenate([getattr(part, f.name) for part in parts])
                for f in fields(cls)
            }
        )

    def take(self, rows: np.ndarray) -> Self:
        """Return some of them."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


_TIMELESS = (
    "loss", "curve", "curve_scale", "late_share", "late_hours", "touch_p50_minutes",
    "touch_p90_minutes", "waiting_cost_per_hour", "lost", "always_first",
)  # fmt: skip


def price(
    ids: np.ndarray, columns: Columns, predictions: Predictions | None, policy: Policy
) -> PricedExceptions:
    """Price predictions by the policy; what was not predicted falls back to the policy's values."""
    n = len(ids)
    predictions = predictions or Predictions()
    handling = policy.handling
    touch = predictions.touch_minutes
    if touch is None:
        touch = np.tile([np.nan, handling.touch_minutes_p50, handling.touch_minutes_p90], (n, 1))
    curve = predictions.curve or _assumed_curve(n, handling.deadline_hours)
    late = predictions.late or LateLoss(policy.losses.late_share, policy.losses.late_hours)
    return PricedExceptions(
        ids=ids,
        detected_at=columns["detected_at"],
        due_at=columns["due_at"],
        loss=_expected_losses(columns, predictions, policy),
        curve=curve.chance,
        curve_scale=curve.scale,
        late_share=np.full(n, late.at_deadline),
        late_hours=np.full(n, late.mean_hours),
        touch_p50_minutes=np.maximum(touch[:, 1], 0.5),
        touch_p90_minutes=np.maximum(touch[:, 2], np.maximum(touch[:, 1], 0.5) * 1.05),
        waiting_cost_per_hour=np.full(n, policy.losses.waiting_cost_per_hour),
        lost=np.zeros(n, bool),
        always_first=np.array(
            [kind in policy.guards.always_first for kind in columns["type"]], bool
        ),
    )


def price_stock(
    types: np.ndarray,
    as_of: int,
    due_at: np.ndarray,
    loss: np.ndarray,
    curve: np.ndarray,
    policy: Policy,
) -> PricedExceptions:
    """Return exceptions whose loss and time were computed, not predicted; touch times are policy.

    All that waiting costs is in the curve. Only orders have a deadline: a shelf that is empty goes
    on losing. What can't be saved any more is lost.

    Args:
        types: n words.
        as_of: Tick from which the curves count.
        due_at: n ticks to act by.
        loss: n amounts of money that handling saves.
        curve: (n, 11) share of them that is gone by each age.
        policy: What the company prefers.
    """
    n, rules = len(types), policy.stock
    return PricedExceptions(
        ids=np.arange(n),
        detected_at=np.full(n, as_of),
        due_at=np.where(types == str(ExceptionType.UNFILLABLE_ORDERS), due_at, MISSING_TICK),
        loss=loss,
        curve=curve,
        curve_scale=np.ones(n),
        late_share=np.full(n, policy.losses.late_share),
        late_hours=np.full(n, policy.losses.late_hours),
        touch_p50_minutes=np.full(n, rules.touch_minutes_p50),
        touch_p90_minutes=np.full(n, max(rules.touch_minutes_p90, rules.touch_minutes_p50 * 1.05)),
        waiting_cost_per_hour=np.zeros(n),
        lost=curve[:, 0] >= 1,
        always_first=np.isin(types, policy.guards.always_first),
    )


def _assumed_curve(n: int, deadline_hours: float) -> LossCurves:
    chance = np.tile(np.minimum(CURVE_AGES_HOURS / (2 * deadline_hours), 1.0), (n, 1))
    return LossCurves(chance, np.ones(n))


def _expected_losses(columns: Columns, predictions: Predictions, policy: Policy) -> np.ndarray:
    losses = policy.losses
    value = np.where(np.isnan(columns["total"]), losses.order_value, columns["total"])
    category = predictions.classes.get(CATEGORY.name)
    if category is None:
        names = ["" if kind is None else kind for kind in columns["type"]]
        return np.array([losses.preventable(*pair) for pair in zip(names, value, strict=True)])
    table = preventable_loss(value, category.names, policy)
    return (category.probability * table).sum(axis=1)


def preventable_loss(value: np.ndarray, categories: Sequence[str], policy: Policy) -> np.ndarray:
    """Return (n, categories) money that handling in time saves, if it is of the category."""
    losses = policy.losses
    share, fixed, helps = np.array([losses.terms(name) for name in categories]).T
    return np.minimum(value[:, None] * share + fixed, losses.largest) * helps


def rank_by_policy(items: RankingInputs, policy: Policy, *, degraded: bool) -> Ranking:
    """Rank by the rule, or without any model by the declared fallback."""
    guards = policy.guards
    oldest_hours = guards.oldest_days * 24
    if degraded:
        deadline = policy.handling.deadline_hours
        return rank_by_slack(items, oldest_hours=oldest_hours, deadline_hours=deadline)
    return rank(
        items,
        look_ahead_hours=guards.look_ahead_minutes / 60,
        oldest_hours=oldest_hours,
        safe_risk=guards.safe_risk,
        rerank_band=guards.rerank_band,
    )
