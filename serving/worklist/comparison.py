"""Comparison of two rows of the work list, in the terms of the ranking rule."""

import math
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from data.domain import NotFoundError
from data.ticks import MINUTES_PER_HOUR
from models.ranking.comparison import ComparedRow, decider, ratios, sentences
from models.ranking.reasons import ReasonInputs, deadline_words, tier_words
from serving.live_list.incident_groups import IncidentRow
from serving.live_list.snapshot import Snapshot
from serving.scoring.answer import TIERS, TierName, case_of
from serving.wire.answers import MoneyOut, StampOut, closed
from serving.wire.formats import iso_duration, money
from serving.worklist.incident_row import case_of_incident


@closed
class ComparedRowOut(TypedDict):
    """One of two rows, in the terms of the rule: score = money at stake x hazard / hours."""

    tier: TierName
    score: float | None
    money_at_stake: MoneyOut
    expected_loss_now: MoneyOut | None
    cost_of_an_hour: Annotated[
        MoneyOut | None, Field(description="that waiting for its next turn loses an hour")
    ]
    hazard_per_hour: Annotated[float | None, Field(description="share of the stake that is")]
    touch_time: Annotated[str, Field(description="expected work, ISO 8601")]
    touch_time_learned: Annotated[
        bool | None,
        Field(description="as `handling_time.learned`: false where one value stands for all"),
    ]


@closed
class RatiosOut(TypedDict):
    """The row over the other one, term by term; null where there is nothing to compare with."""

    score: float | None
    loss: float | None
    hazard: float | None
    hours: float | None


@closed
class ComparisonOut(StampOut):
    """Comparison of two rows: the reason that one stands above (or below) the other."""

    id: str
    rank: int
    other_id: str
    other_rank: int
    above: bool
    decided_by: Literal["tier", "loss", "hazard", "hours", "age", "slack"]
    one: ComparedRowOut
    other: ComparedRowOut
    ratios: RatiosOut
    sentences: list[str]


def comparison_view(snapshot: Snapshot, first_id: str, other_id: str) -> ComparisonOut:
    """Return how two rows compare: exceptions or incidents, of now or of the past.

    Raises:
        NotFoundError: One of them is not open.
    """
    rows = [_row_of(snapshot, row_id) for row_id in (first_id, other_id)]
    first, other = (_side(snapshot, row) for row in rows)
    ranks = [int(snapshot.rank_of[row]) for row in rows]
    is_above = ranks[0] <= ranks[1]
    ordered = (first, other) if is_above else (other, first)
    by = decider(*ordered, rerank_band=snapshot.policy.guards.rerank_band)
    currency = snapshot.policy.currency
    return {
        "id": first_id,
        "rank": ranks[0],
        "other_id": other_id,
        "other_rank": ranks[1],
        "above": ranks[0] < ranks[1],
        "decided_by": by.value,
        "one": _shown(first, currency),
        "other": _shown(other, currency),
        "ratios": _ratios(first, other),
        "sentences": sentences(first, other, by, currency),
        **snapshot.stamp(),
    }


def at_rank(snapshot: Snapshot, rank: int) -> str:
    """Return the id of the row of a rank.

    Raises:
        NotFoundError: The list is not so long.
    """
    if not 1 <= rank <= len(snapshot.order):
        raise NotFoundError("rank", str(rank))
    return snapshot.rows.at(int(snapshot.order[rank - 1])).id


def _row_of(snapshot: Snapshot, row_id: str) -> int:
    row = snapshot.row_of(row_id)
    if row is None:
        raise NotFoundError("open exception", row_id)
    return row


def _side(snapshot: Snapshot, at: int) -> ComparedRow:
    ranked, case = snapshot.ranked_row(at), _case(snapshot, at)
    is_scored = not math.isnan(ranked.score)
    return ComparedRow(
        tier=ranked.tier,
        tier_words=tier_words(case),
        score=ranked.score if is_scored else None,
        loss=float(snapshot.rows.losses[at]),
        lost_now=ranked.loss_now if is_scored else None,
        cost_of_an_hour=ranked.score * ranked.touch_hours if is_scored else None,
        hours=ranked.touch_hours,
        deadline=deadline_words(case),
        touch_learned=case.touch_learned,
    )


def _case(snapshot: Snapshot, at: int) -> ReasonInputs:
    row, now_ms = snapshot.rows.at(at), snapshot.now_ms
    if isinstance(row, IncidentRow):
        return case_of_incident(row, snapshot.ranked_row(at), snapshot.policy, now_ms=now_ms)
    return case_of(row.assessment, snapshot.ranked_row(at), snapshot.policy, now_ms=now_ms)


def _ratios(first: ComparedRow, other: ComparedRow) -> RatiosOut:
    terms = ratios(first, other)
    return {
        "score": terms.score,
        "loss": terms.loss,
        "hazard": terms.hazard,
        "hours": terms.hours,
    }


def _shown(side: ComparedRow, currency: str) -> ComparedRowOut:
    hour, now, hazard = side.cost_of_an_hour, side.lost_now, side.hazard
    return {
        "tier": TIERS[side.tier],
        "score": None if side.score is None else round(side.score, 4),
        "money_at_stake": money(side.loss, currency),
        "expected_loss_now": None if now is None else money(now, currency),
        "cost_of_an_hour": None if hour is None else money(hour, currency),
        "hazard_per_hour": None if hazard is None else round(hazard, 6),
        "touch_time": iso_duration(side.hours * MINUTES_PER_HOUR),
        "touch_time_learned": side.touch_learned,
    }
