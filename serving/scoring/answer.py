"""The scoring answer: what is made of one exception, with its reasons."""

import math
from typing import Any, Literal, NamedTuple, Self

from data.policy.policy import Policy
from data.ticks import HOURS_PER_YEAR, MISSING_TICK, MS_PER_HOUR
from models.ranking.reasons import ReasonInputs, reasons
from models.ranking.rule import Ranking, Tier
from serving.scoring.assessment import Assessment, LabelDecision
from serving.wire.formats import iso_duration, money, rfc3339

TierName = Literal["rule", "oldest", "open", "lost"]
TIERS: dict[int, TierName] = {
    int(Tier.RULE): "rule",
    int(Tier.OLDEST): "oldest",
    int(Tier.OPEN): "open",
    int(Tier.LOST): "lost",
}
_FARTHEST_HOURS = HOURS_PER_YEAR * 10


class RankedRow(NamedTuple):
    """Where the rule puts one exception at a moment; fields as in `Ranking`."""

    tier: int
    score: float
    loss_now: float
    loss_deferred: float
    touch_hours: float
    safe_start_hours: float

    @classmethod
    def of(cls, ranking: Ranking, row: int) -> Self:
        """Take one row of a ranking."""
        return cls(
            int(ranking.tier[row]),
            float(ranking.score[row]),
            float(ranking.loss_now[row]),
            float(ranking.loss_deferred[row]),
            float(ranking.touch_hours[row]),
            float(ranking.safe_start_hours[row]),
        )


def scoring_answer(
    opinion: Assessment, place: RankedRow, policy: Policy, *, now_ms: int
) -> dict[str, Any]:
    """Return the answer to a scoring call, without what names the exception."""
    terms, known = opinion.terms, is_scored(opinion, place)
    currency = policy.currency
    routing = opinion.routing
    return {
        "score": round(place.score, 4) if known else None,
        "priority": policy.bands.priority(place.score).value if known else None,
        "money_at_stake": money(terms["loss"], currency),
        "expected_loss_now": money(place.loss_now, currency) if known else None,
        "expected_loss_if_deferred": money(place.loss_deferred, currency) if known else None,
        "handling_time": {
            "p50": iso_duration(terms["touch_p50_minutes"]),
            "p90": iso_duration(terms["touch_p90_minutes"]),
        },
        "category": verdict_view(opinion.category),
        "team": routing.label,
        "team_probability": _rounded(routing.probability),
        "routing": verdict_view(routing),
        "suggestion_hidden": opinion.withheld is not None,
        "chance_of_breach": _rounded(opinion.p_breach),
        "latest_safe_start_at": safe_start_at(place, now_ms),
        "incident_id": None,
        "tier": TIERS[place.tier],
        "reasons": [
            {"code": code, "text": text}
            for code, text in reasons(case_of(opinion, place, policy, now_ms=now_ms))
        ],
        "model_version": opinion.model_version,
        "policy_version": opinion.policy_version,
        "scored_at": rfc3339(opinion.scored_at_ms),
        "degraded": opinion.degraded,
    }


def verdict_view(verdict: LabelDecision) -> dict[str, Any]:
    """Return a verdict on category or team as answers show it."""
    return {
        "label": verdict.label,
        "probability": _rounded(verdict.probability),
        "prediction_set": verdict.prediction_set,
        "decision": verdict.decision,
        "promise": verdict.promise,
    }


def is_scored(opinion: Assessment, place: RankedRow) -> bool:
    """Return whether a model had a say; a score without one is never shown."""
    return not (opinion.degraded or math.isnan(place.score))


def case_of(opinion: Assessment, place: RankedRow, policy: Policy, *, now_ms: int) -> ReasonInputs:
    """Return what reasons are made of."""
    known = is_scored(opinion, place)
    terms = opinion.terms
    stake, due_at = terms["loss"], terms["due_at"]
    touch_hours = place.touch_hours
    return ReasonInputs(
        policy.currency,
        stake,
        place.loss_now / stake if known and stake > 0 else None,
        place.score * touch_hours if known else None,
        place.score if known else None,
        terms["touch_p50_minutes"],
        None if due_at == MISSING_TICK else (due_at - now_ms) / MS_PER_HOUR,
        max(0.0, (now_ms - terms["detected_at"]) / MS_PER_HOUR),
        opinion.category.label,
        opinion.category.probability,
        place.tier,
        opinion.grounds,
    )


def safe_start_at(place: RankedRow, now_ms: int) -> str | None:
    """Return until when work can wait, None where that is years ahead."""
    if not place.safe_start_hours < _FARTHEST_HOURS:
        return None
    return rfc3339(now_ms + int(place.safe_start_hours * MS_PER_HOUR))


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 6)
