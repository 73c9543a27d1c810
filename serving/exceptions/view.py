"""One exception as the API and the page both show it."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Literal, NamedTuple, Self

import orjson
from pydantic import Field
from typing_extensions import TypedDict

from data.ledger.ledger import ExceptionRecord, Ledger, LedgerEvent, OutcomeRecord
from serving.clock import Clock
from serving.exceptions.words_reason import words_reasons
from serving.live_list.claim_board import ClaimHolderOut
from serving.live_list.visible_list import VisibleList
from serving.scoring.answer import ScoringOut
from serving.scoring.assessment import Assessment, stored_assessment
from serving.scoring.scorer import Scorer
from serving.wire.answers import Moment, MoneyOut, StampOut, closed
from serving.wire.formats import rfc3339
from serving.wire.stored_exception import UnreadableRowError, stored_exception
from serving.worklist.row import FactsOut, facts


@closed
class OutcomeOut(TypedDict):
    """End of an exception."""

    category: str | None
    label_origin: str | None
    team: str | None
    team_origin: str | None
    suggestion_hidden: bool | None
    touch_minutes: float | None
    breached: bool | None
    loss: MoneyOut | None
    by: str | None
    resolved_at: Moment
    known_at: Moment


@closed
class DecidedOut(StampOut):
    """Decision at an event."""

    category: str | None
    decision: str
    team: str | None


@closed
class EventOut(TypedDict):
    """One thing that happened."""

    event: str
    occurred_at: Moment
    known_at: Moment
    by: str | None
    note: Annotated[str | None, Field(description="how it was solved, in words of who did")]
    decided: DecidedOut | None


@closed
class ExceptionOut(ScoringOut, FactsOut, ClaimHolderOut):
    """One exception in full: its names, its facts, its assessment, its history."""

    status: Literal["open", "resolved"]
    rank: int | None
    open_total: Annotated[int, Field(description="rows of the list; an incident is one")]
    payload: dict[str, Any]
    outcome: OutcomeOut | None
    history: list[EventOut]


class StoredException(NamedTuple):
    """Rows of the ledger about one exception."""

    record: ExceptionRecord
    events: list[LedgerEvent]
    outcome: OutcomeRecord | None

    @classmethod
    def read(cls, ledger: Ledger, exception_id: str) -> Self:
        """Read it.

        Raises:
            NotFoundError: There is none of this id.
        """
        return cls(
            ledger.record(exception_id), ledger.events(exception_id), ledger.outcome(exception_id)
        )


async def exception_view(
    exception_id: str, *, ledger: Ledger, scorer: Scorer, worklist: VisibleList, clock: Clock
) -> ExceptionOut:
    """Return one exception: as posted, as scored now, and what happened to it.

    Raises:
        NotFoundError: There is none of this id.
        UnreadableRowError: Its row can't be read.
    """
    record, events, outcome = await asyncio.to_thread(StoredException.read, ledger, exception_id)
    now_ms = clock()
    assessment = _visible(record.id, record.opinion, is_open=record.is_open)
    exception = stored_exception(record.id, record.payload)
    snapshot = await worklist.ranked()
    row = snapshot.row_of(record.id)
    incident = worklist.incident_of(record.id)
    answer = scorer.answers([assessment], now_ms)[0]
    if record.is_open:
        words = await asyncio.to_thread(words_reasons, exception, assessment, scorer, now_ms)
        answer["reasons"] += words
    return {
        **facts(record.id, record.revision, exception, now_ms),
        **worklist.claims.shown(record.id, now_ms),
        "status": "open" if record.is_open else "resolved",
        "rank": None if row is None else int(snapshot.rank_of[row]),
        "open_total": len(snapshot.order),
        **answer,
        "incident_id": incident.id if incident else None,
        "payload": orjson.loads(record.payload),
        "outcome": _outcome(outcome),
        "history": [_event(event, is_open=record.is_open) for event in events],
    }


def _outcome(outcome: OutcomeRecord | None) -> OutcomeOut | None:
    if outcome is None:
        return None
    loss: MoneyOut | None = None
    if outcome.loss_amount is not None and outcome.loss_currency is not None:
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


def _visible(exception_id: str, text: str, *, is_open: bool) -> Assessment:
    """Return the part that people may see: all of it once they have judged."""
    assessment = stored_assessment(exception_id, text)
    return assessment if is_open else assessment.revealed()


def _event(event: LedgerEvent, *, is_open: bool) -> EventOut:
    assessment, decided = None, None
    if event.opinion is not None:
        with suppress(UnreadableRowError):
            assessment = _visible(event.exception_id, event.opinion, is_open=is_open)
    if assessment is not None:
        decided = DecidedOut(
            category=assessment.category.label,
            decision=assessment.category.decision,
            team=assessment.team,
            model_version=assessment.model_version,
            policy_version=assessment.policy_version,
            scored_at=rfc3339(assessment.scored_at_ms),
            degraded=assessment.degraded,
        )
    return {
        "event": event.kind,
        "occurred_at": rfc3339(event.occurred_at_ms),
        "known_at": rfc3339(event.known_at_ms),
        "by": event.by,
        "note": _note(event),
        "decided": decided,
    }


def _note(event: LedgerEvent) -> str | None:
    if event.kind != "resolved" or event.body is None:
        return None
    resolution = None
    with suppress(ValueError):  # of a damaged row the rest is shown
        resolution = orjson.loads(event.body)
    note = resolution.get("note") if isinstance(resolution, dict) else None
    return note if isinstance(note, str) and note.strip() else None
