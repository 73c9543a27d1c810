"""Resolution of an exception: an outcome that training can learn from; it leaves the work list."""

from collections.abc import Sequence
from typing import Annotated, Literal

import orjson
from pydantic import Field
from sqlalchemy import Connection

from data.ledger.ledger import ExceptionRecord, OutcomeRecord
from data.ledger.writer import LedgerWriter
from serving.exceptions.claim import check_claim
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.problems import FlawOut, flaws_out
from serving.http.requests import ActionRequest, canonical, parsed, signed
from serving.live_list.worklist import Worklist
from serving.scoring.audits import Resolution, end
from serving.scoring.guarantees import Guarantees
from serving.scoring.scorer import Scorer
from serving.wire.answers import Moment, StampOut, closed
from serving.wire.errors import Flaw
from serving.wire.exception_in import ResolutionIn, resolution
from serving.wire.formats import rfc3339
from serving.wire.future_times import count_future_times, future_times


@closed
class ResolvedExceptionOut(StampOut):
    """An exception that ended."""

    id: str
    status: Literal["resolved"]
    revision: int
    resolved_at: Moment
    warnings: Annotated[
        list[FlawOut], Field(description="taken in, but not as sent: what counts instead")
    ]


async def resolve_one(
    request: ActionRequest,
    *,
    writer: LedgerWriter,
    scorer: Scorer,
    worklist: Worklist,
    guarantees: Guarantees,
    now_ms: int,
) -> Answer:
    """Close an exception.

    Raises:
        NotFoundError, PreconditionError, ConflictError: By `data.ledger.outcomes.resolve`.
        ClaimedError: Somebody else has it, and the caller may not overrule them.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    value = signed(parsed(request.body), request.caller)
    payload = resolution(value)
    outcome = outcome_of(request.subject_id, payload, now_ms)
    warnings = future_times({"resolved_at": payload.resolved_at}, now_ms)
    expected_revision = request.expected_revision

    def transaction(connection: Connection) -> Answered[Resolution]:
        check_claim(connection, request, payload.by, now_ms=now_ms)
        ended = end(
            connection,
            outcome,
            guarantees.terms,
            body=canonical(value),
            expected_revision=expected_revision,
        )
        return Answered(_answer(ended.record, warnings, scorer, now_ms), ended)

    action = action_of(request, "resolve", payload.by, now_ms=now_ms)
    once = AnswerOnce.of(request, request.subject_id, now_ms=now_ms, action=action)
    answer, resolved = await run_once(writer, once, transaction)
    if resolved is not None:
        count_future_times(warnings)
        worklist.show(resolved.record)
        guarantees.record_audits(resolved)
    return answer


def _answer(
    record: ExceptionRecord, warnings: Sequence[Flaw], scorer: Scorer, now_ms: int
) -> Answer:
    shape: ResolvedExceptionOut = {
        "id": record.id,
        "status": "resolved",
        "revision": record.revision,
        "resolved_at": rfc3339(record.closed_at_ms or now_ms),
        "warnings": flaws_out(warnings),
        **scorer.stamp(now_ms),
    }
    return Answer(200, orjson.dumps(shape), record.revision)


def outcome_of(exception_id: str, payload: ResolutionIn, now_ms: int) -> OutcomeRecord:
    """Return how an exception ended, by the payload; an end in the future counts as now."""
    return OutcomeRecord(
        exception_id=exception_id,
        known_at_ms=now_ms,
        resolved_at_ms=min(now_ms, now_ms if payload.resolved_at is None else payload.resolved_at),
        category=payload.category,
        label_origin=payload.label_origin.value if payload.category else None,
        team=payload.team,
        team_origin=payload.team_origin.value if payload.team else None,
        touch_minutes=payload.touch_minutes,
        breached=payload.breached,
        loss_amount=payload.loss.amount if payload.loss else None,
        loss_currency=payload.loss.currency if payload.loss else None,
        by=payload.by,
    )
