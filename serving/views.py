"""What the work list and one exception show; the API and the page both answer from here."""

import asyncio
from typing import Any

import orjson

from data.domain import NotFoundError
from data.ledger import Event, Outcome, Record
from features.ticks import MISSING_TICK
from models.explain import comparison
from serving.answers import (
    MS_PER_HOUR,
    case_of,
    iso_hours,
    rfc3339,
    rfc3339_or_none,
    scoring_answer,
)
from serving.desk import Desk
from serving.open_exceptions import OpenRow
from serving.opinions import Opinion
from serving.payload import EXCEPTION, ExceptionIn
from serving.worklist import Filters, Snapshot


async def worklist_view(
    desk: Desk, filters: Filters, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return a page of the work list.

    Raises:
        BadPayloadError: The cursor is none of ours.
    """
    now_ms = desk.now_ms()
    page = await desk.worklist.page(filters, limit, cursor, now_ms=now_ms, degraded=desk.degraded)
    snapshot = page.snapshot
    return {
        "rows": [row_view(desk, snapshot, place) for place in page.places],
        "total": page.total,
        "next_cursor": page.next_cursor,
        "ranked_at": rfc3339(snapshot.now_ms),
        "currency": desk.policy.currency,
        **desk.stamp(now_ms),
        "degraded": snapshot.degraded,
    }


def row_view(desk: Desk, snapshot: Snapshot, place: int) -> dict[str, Any]:
    """Return one row of the work list."""
    row: OpenRow = snapshot.open.rows[place]
    scoring = scoring_answer(
        row.opinion, snapshot.place(place), desk.policy, now_ms=snapshot.now_ms
    )
    return {
        "rank": int(snapshot.rank_of[place]),
        **facts(row.id, row.revision, row.exception, snapshot.now_ms),
        **desk.claims.shown(row.id, desk.now_ms()),
        **scoring,
    }


def facts(exception_id: str, revision: int, told: ExceptionIn, now_ms: int) -> dict[str, Any]:
    """Return what names an exception and says what it is about."""
    order = told.order
    total = order.total if order else None
    due_at = MISSING_TICK if told.due_at is None else told.due_at
    left = None if due_at == MISSING_TICK else iso_hours((due_at - now_ms) / MS_PER_HOUR)
    return {
        "id": exception_id,
        "revision": revision,
        "source": told.source,
        "external_id": told.external_id,
        "type": told.known_type,
        "source_value": told.type_word if told.known_type == "other" else None,
        "message": told.message,
        "severity": told.severity,
        "order_number": order.order_number if order else None,
        "order_total": total.model_dump() if total else None,
        "channel": order.channel if order else None,
        "customer_segment": order.customer.segment if order and order.customer else None,
        "detected_at": rfc3339(told.detected_at),
        "due_at": rfc3339_or_none(told.due_at),
        "time_left": left,
    }


async def exception_view(desk: Desk, exception_id: str) -> dict[str, Any]:
    """Return one exception: as posted, as scored now, and what happened to it.

    Raises:
        NotFoundError: There is none of this id.
    """
    record, events, outcome = await asyncio.to_thread(_read, desk, exception_id)
    now_ms = desk.now_ms()
    opinion = Opinion.from_json(record.opinion)
    told = EXCEPTION.validate_json(record.payload)
    snapshot = await desk.worklist.ranked(now_ms, degraded=desk.degraded)
    row = snapshot.row_of(record.id)
    return {
        **facts(record.id, record.revision, told, now_ms),
        **desk.claims.shown(record.id, now_ms),
        "status": "open" if record.is_open else "resolved",
        "rank": None if row is None else int(snapshot.rank_of[row]),
        "open_total": len(desk.worklist.open),
        **desk.answers([opinion], now_ms)[0],
        "payload": orjson.loads(record.payload),
        "outcome": _outcome(outcome),
        "history": [_event(event) for event in events],
    }


async def comparison_view(desk: Desk, exception_id: str, other_id: str) -> dict[str, Any]:
    """Return why one open exception stands above or below another.

    Raises:
        NotFoundError: One of them is not open.
    """
    now_ms = desk.now_ms()
    snapshot = await desk.worklist.ranked(now_ms, degraded=desk.degraded)
    rows = [snapshot.row_of(one) for one in (exception_id, other_id)]
    ranks, cases = [], []
    for one, row in zip((exception_id, other_id), rows, strict=True):
        if row is None:
            raise NotFoundError("open exception", one)
        opinion: Opinion = snapshot.open.rows[row].opinion
        ranks.append(int(snapshot.rank_of[row]))
        cases.append(case_of(opinion, snapshot.place(row), desk.policy, now_ms=snapshot.now_ms))
    return {
        "id": exception_id,
        "rank": ranks[0],
        "other_id": other_id,
        "other_rank": ranks[1],
        "above": ranks[0] < ranks[1],
        "sentences": comparison(*cases),
        **desk.stamp(snapshot.now_ms),
    }


def _read(desk: Desk, exception_id: str) -> tuple[Record, list[Event], Outcome | None]:
    ledger = desk.ledger
    return ledger.record(exception_id), ledger.events(exception_id), ledger.outcome(exception_id)


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    loss = None
    if outcome.loss_amount is not None:
        loss = {"amount": outcome.loss_amount, "currency": outcome.loss_currency}
    return {
        "category": outcome.category,
        "label_origin": outcome.label_origin,
        "team": outcome.team,
        "team_origin": outcome.team_origin,
        "suggestion_hidden": outcome.suggestion_hidden,
        "touch_minutes": outcome.touch_minutes,
        "breached": outcome.breached,
        "loss": loss,
        "by": outcome.by,
        "resolved_at": rfc3339(outcome.resolved_at_ms),
        "known_at": rfc3339(outcome.known_at_ms),
    }


def _event(event: Event) -> dict[str, Any]:
    opinion = None if event.opinion is None else Opinion.from_json(event.opinion)
    decided = None
    if opinion is not None:
        decided = {
            "category": opinion.category.label,
            "decision": opinion.category.decision,
            "team": opinion.team,
            "model_version": opinion.model_version,
            "policy_version": opinion.policy_version,
            "scored_at": rfc3339(opinion.scored_at_ms),
            "degraded": opinion.degraded,
        }
    return {
        "event": event.kind,
        "occurred_at": rfc3339(event.occurred_at_ms),
        "known_at": rfc3339(event.known_at_ms),
        "by": event.by,
        "decided": decided,
    }
