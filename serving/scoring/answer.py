"""The scoring answer: what is made of one exception, with its reasons."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from data.policy.policy import Policy
from data.ticks import HOURS_PER_YEAR, MISSING_TICK, MS_PER_HOUR
from models.ranking.reasons import ReasonInputs, reasons
from models.ranking.rule import Ranking, Tier
from serving.scoring.assessment import Assessment, Guarantee, LabelDecision, WhoDecides
from serving.scoring.order_value import ValueBasis
from serving.wire.answers import Chance, Moment, MoneyOut, ReasonOut, StampOut, closed
from serving.wire.formats import iso_duration, money, rfc3339

TierName = Literal["rule", "oldest", "open", "lost"]
TIERS: dict[int, TierName] = {
    int(Tier.RULE): "rule",
    int(Tier.OLDEST): "oldest",
    int(Tier.OPEN): "open",
    int(Tier.LOST): "lost",
}
_FARTHEST_HOURS = HOURS_PER_YEAR * 10
PriorityName = Literal["p1", "p2", "p3", "p4"]


@closed
class HandlingTimeOut(TypedDict):
    """Touch time, ISO 8601: the median, and what nine of ten stay under."""

    p50: str
    p90: str
    learned: Annotated[
        bool | None,
        Field(
            description="true: a model tells it from case to case; false: not learned, the same "
            "for all; null: assessed before this was noted"
        ),
    ]


@closed
class GuaranteeTermsOut(TypedDict):
    """The promise that an automatic decision rests on: rate of errors, confidence, threshold."""

    error: Chance
    confidence: Chance
    threshold: Chance
    model_version: str


@closed
class LabelDecisionOut(TypedDict):
    """Most likely category or team, and whether it may be set without asking."""

    label: str | None
    probability: Chance | None
    prediction_set: Sequence[str]
    decision: WhoDecides
    promise: GuaranteeTermsOut | None


@closed
class ScoringOut(StampOut):
    """Assessment of an exception. Without a model, all values of a model are null."""

    score: Annotated[
        float | None, Field(description="money that an hour's wait loses, for an hour of work")
    ]
    priority: Annotated[
        PriorityName | None,
        Field(
            description="p1: to be begun before its next turn, and the people on shift get to it; "
            "p2: to be begun in this shift; p3: can wait; p4: nothing is lost by waiting. Or bands "
            "of the score, where the policy says so"
        ),
    ]
    money_at_stake: MoneyOut
    order_value: Annotated[
        MoneyOut | None,
        Field(
            description="value of the order in the company's currency, as models and ranking read "
            "it; null where it is not known: the policy's `order_value` counts instead"
        ),
    ]
    order_value_basis: Annotated[
        ValueBasis | None,
        Field(
            description="unknown: the order is in another currency and no exchange rate is known; "
            "null: no total was sent, or assessed before this was noted"
        ),
    ]
    expected_loss_now: Annotated[
        MoneyOut | None, Field(description="expected to be lost if work on it begins now")
    ]
    expected_loss_if_deferred: Annotated[
        MoneyOut | None,
        Field(
            description="expected to be lost if work on it begins at its next turn, after a random "
            "wait of `look_ahead_minutes` of its team's working time on average; at most the "
            "money at stake. `cost_of_waiting` reads the same curve at fixed moments"
        ),
    ]
    handling_time: HandlingTimeOut
    category: LabelDecisionOut
    team: str | None
    team_probability: Chance | None
    routing: Annotated[
        LabelDecisionOut, Field(description="the team, as `category` tells the category")
    ]
    suggestion_hidden: Annotated[
        bool,
        Field(
            description="drawn at random for a check: people decide without the model's category "
            "and team, which are left out until it is resolved"
        ),
    ]
    chance_of_breach: Annotated[
        Chance | None,
        Field(
            description="that it ends breached, handled as such exceptions usually are; not the "
            "share that is lost if it is begun now (`expected_loss_now` over `money_at_stake`)"
        ),
    ]
    chance_of_breach_learned: Annotated[
        bool | None,
        Field(
            description="true: a model tells it from case to case; false: not learned, one rate "
            "for all; null: assessed before this was noted"
        ),
    ]
    latest_safe_start_at: Moment | None
    incident_id: str | None
    tier: TierName
    reasons: list[ReasonOut]


class RankedRow(NamedTuple):
    """Rank of one exception at a moment: its priority, and fields as in `Ranking`."""

    priority: PriorityName | None
    tier: int
    score: float
    loss_now: float
    loss_deferred: float
    touch_hours: float
    safe_start_hours: float

    @classmethod
    def of(cls, ranking: Ranking, priorities: np.ndarray, row: int) -> Self:
        """Take one row of a ranking and of the priorities of its rows."""
        return cls(
            priority=priorities[row],
            tier=int(ranking.tier[row]),
            score=float(ranking.score[row]),
            loss_now=float(ranking.loss_now[row]),
            loss_deferred=float(ranking.loss_deferred[row]),
            touch_hours=float(ranking.touch_hours[row]),
            safe_start_hours=float(ranking.safe_start_hours[row]),
        )


def scoring_answer(
    assessment: Assessment, ranked_row: RankedRow, policy: Policy, *, now_ms: int
) -> ScoringOut:
    """Return the answer to a scoring call, without what names the exception."""
    terms, has_score = assessment.terms, is_scored(assessment, ranked_row)
    currency = policy.currency
    routing = assessment.routing
    return {
        "score": round(ranked_row.score, 4) if has_score else None,
        "priority": ranked_row.priority if has_score else None,
        "money_at_stake": money(terms["loss"], currency),
        "order_value": _money_or_none(assessment.order_value, currency),
        "order_value_basis": assessment.value_basis,
        "expected_loss_now": money(ranked_row.loss_now, currency) if has_score else None,
        "expected_loss_if_deferred": (
            money(ranked_row.loss_deferred, currency) if has_score else None
        ),
        "handling_time": {
            "p50": iso_duration(terms["touch_p50_minutes"]),
            "p90": iso_duration(terms["touch_p90_minutes"]),
            "learned": assessment.touch_learned,
        },
        "category": decision_view(assessment.category),
        "team": routing.label,
        "team_probability": _rounded(routing.probability),
        "routing": decision_view(routing),
        "suggestion_hidden": assessment.withheld is not None,
        "chance_of_breach": _rounded(assessment.p_breach),
        "chance_of_breach_learned": assessment.breach_learned,
        "latest_safe_start_at": safe_start_at(ranked_row, now_ms),
        "incident_id": None,
        "tier": TIERS[ranked_row.tier],
        "reasons": [
            {"code": code, "text": text}
            for code, text in reasons(case_of(assessment, ranked_row, policy, now_ms=now_ms))
        ],
        "model_version": assessment.model_version,
        "policy_version": assessment.policy_version,
        "scored_at": rfc3339(assessment.scored_at_ms),
        "degraded": assessment.degraded,
    }


def decision_view(decision: LabelDecision) -> LabelDecisionOut:
    """Return a decision on category or team as answers show it."""
    return {
        "label": decision.label,
        "probability": _rounded(decision.probability),
        "prediction_set": decision.prediction_set,
        "decision": decision.decision,
        "promise": None if decision.promise is None else _guarantee_view(decision.promise),
    }


def _guarantee_view(guarantee: Guarantee) -> GuaranteeTermsOut:
    return {
        "error": guarantee.error,
        "confidence": guarantee.confidence,
        "threshold": guarantee.threshold,
        "model_version": guarantee.model_version,
    }


def is_scored(assessment: Assessment, ranked_row: RankedRow) -> bool:
    """Return whether a model had a say; a score without one is never shown."""
    return not (assessment.degraded or math.isnan(ranked_row.score))


def case_of(
    assessment: Assessment, ranked_row: RankedRow, policy: Policy, *, now_ms: int
) -> ReasonInputs:
    """Return what reasons are made of."""
    has_score = is_scored(assessment, ranked_row)
    terms = assessment.terms
    stake, due_at = terms["loss"], terms["due_at"]
    return ReasonInputs(
        currency=policy.currency,
        stake=stake,
        lost_if_started_now=ranked_row.loss_now / stake if has_score and stake > 0 else None,
        lost_by_turn=ranked_row.loss_deferred - ranked_row.loss_now if has_score else None,
        score=ranked_row.score if has_score else None,
        touch_minutes=terms["touch_p50_minutes"],
        hours_to_due=None if due_at == MISSING_TICK else (due_at - now_ms) / MS_PER_HOUR,
        age_hours=max(0.0, (now_ms - terms["detected_at"]) / MS_PER_HOUR),
        category=assessment.category.label,
        probability=assessment.category.probability,
        tier=ranked_row.tier,
        grounds=assessment.grounds,
        touch_learned=assessment.touch_learned,
        value_note=assessment.value_note,
        is_value_known=assessment.value_basis != "unknown",
    )


def safe_start_at(ranked_row: RankedRow, now_ms: int) -> str | None:
    """Return until when work can wait, None where that is years ahead."""
    if not ranked_row.safe_start_hours < _FARTHEST_HOURS:
        return None
    return rfc3339(now_ms + int(ranked_row.safe_start_hours * MS_PER_HOUR))


def _money_or_none(amount: float | None, currency: str) -> MoneyOut | None:
    return None if amount is None else money(amount, currency)


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 6)
