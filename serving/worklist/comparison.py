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


@closed
class RatiosOut(TypedDict):
    """The row over the other one, term by term; null where there is nothing to compare with."""

    score: float | None
    loss: float | None
    hazard: float | None
    hours: float | None


@closed
class ComparisonOut(StampOut):
    """Why one row stands above (or below) another."""

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


def versus_view(snapshot: Snapshot, one_id: str, other_id: str) -> ComparisonOut:
    """Return how two rows compare: exceptions or incidents, of now or of the past.

    Raises:
        NotFoundError: One of them is not open.
    """
    places = [_place_of(snapshot, row_id) for row_id in (one_id, other_id)]
    one, other = (_side(snapshot, place) for place in places)
    ranks = [int(snapshot.rank_of[place]) for place in places]
    is_above = ranks[0] <= ranks[1]
    ordered = (one, other) if is_above else (other, one)
    by = decider(*ordered, rerank_band=snapshot.policy.guards.rerank_band)
    currency = snapshot.policy.currency
    return {
        "id": one_id,
        "rank": ranks[0],
        "other_id": other_id,
        "other_rank": ranks[1],
        "above": ranks[0] < ranks[1],
        "decided_by": by.value,
        "one": _shown(one, currency),
        "other": _shown(other, currency),
        "ratios": _ratios(one, other),
        "sentences": sentences(one, other, by, currency),
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


def _place_of(snapshot: Snapshot, row_id: str) -> int:
    place = snapshot.row_of(row_id)
    if place is None:
        raise NotFoundError("open exception", row_id)
    return place


def _side(snapshot: Snapshot, at: int) -> ComparedRow:
    place, case = snapshot.place(at), _case(snapshot, at)
    known = not math.isnan(place.score)
    return ComparedRow(
        tier=place.tier,
        tier_words=tier_words(case),
        score=place.score if known else None,
        loss=float(snapshot.rows.losses[at]),
        lost_now=place.loss_now if known else None,
        cost_of_an_hour=place.score * place.touch_hours if known else None,
        hours=place.touch_hours,
        deadline=deadline_words(case),
    )


def _case(snapshot: Snapshot, at: int) -> ReasonInputs:
    row, now_ms = snapshot.rows.at(at), snapshot.now_ms
    if isinstance(row, IncidentRow):
        return case_of_incident(row, snapshot.place(at), snapshot.policy, now_ms=now_ms)
    return case_of(row.opinion, snapshot.place(at), snapshot.policy, now_ms=now_ms)


def _ratios(one: ComparedRow, other: ComparedRow) -> RatiosOut:
    terms = ratios(one, other)
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
    }
