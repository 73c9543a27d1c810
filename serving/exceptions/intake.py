"""Intake of exceptions: checked, scored, written to the ledger, shown on the work list."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, NamedTuple

import orjson
from pydantic import Field
from sqlalchemy import Connection

from data.ledger.intake import AcceptedException, IntakeEvent, accept
from data.ledger.outcomes import save_outcomes
from data.ledger.writer import LedgerWriter
from data.settings import Settings
from serving.background import run_sized
from serving.clock import Clock
from serving.exceptions.scored_batch import ScoredItem, scored_batch
from serving.exceptions.sent_exceptions import read_exceptions
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.problems import FlawOut, flaws_out
from serving.http.requests import (
    ActionRequest,
    RefusedExceptionOut,
)
from serving.live_list.open_row import ReadRow, RowTexts
from serving.live_list.worklist import Worklist, readable_row
from serving.scoring.answer import ScoringOut
from serving.scoring.assessment import Assessment, stored_assessment
from serving.scoring.audits import untouched
from serving.scoring.counters import count_decisions
from serving.scoring.scorer import Scorer
from serving.wire.answers import StampOut, closed
from serving.wire.errors import Flaw
from serving.wire.exception_in import ExceptionIn, Kind
from serving.wire.future_times import count_future_times, future_times
from serving.wire.optional_values import count_unread
from serving.wire.stored_exception import UnreadableRowError

MAX_SHOWN_AT_ONCE = 100
_PAST_TIMES = ("detected_at", "updated_at")
_DECIDED = (IntakeEvent.CREATED, IntakeEvent.UPDATED, IntakeEvent.REOPENED)


@closed
class AcceptedExceptionOut(ScoringOut):
    """One exception taken in."""

    result: Literal["created", "updated", "unchanged", "late", "closed", "reopened"]
    id: str
    source: str
    external_id: str
    status: Literal["open", "resolved"]
    revision: int
    warnings: Annotated[
        list[FlawOut], Field(description="taken in, but not as sent: what counts instead")
    ]


@closed
class AcceptedBatchOut(StampOut):
    """Item by item, in the order sent."""

    accepted: int
    refused: int
    results: list[AcceptedExceptionOut | RefusedExceptionOut]


class AcceptedShape(NamedTuple):
    """Effect of one exception on the ledger.

    Attributes:
        accepted: What became of it.
        assessment: The one that counts.
        warnings: What did not count as sent.
        sent: The exception, if the ledger stores it and its assessment as they came; else None.
    """

    accepted: AcceptedException
    assessment: Assessment
    warnings: list[Flaw]
    sent: ExceptionIn | None


async def take_in(
    request: ActionRequest,
    *,
    scorer: Scorer,
    worklist: Worklist,
    writer: LedgerWriter,
    settings: Settings,
    clock: Clock,
) -> Answer:
    """Accept one exception or many.

    Raises:
        NotJsonError, TooLargeError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    size = len(request.body)
    sent = await run_sized(size, partial(read_exceptions, request.body, settings))
    kind = sent.kind
    batch = await scored_batch(sent.items, size, scorer, clock)
    now_ms = clock()
    late = await run_sized(size, lambda: _future_times(batch.items, now_ms))
    all_warnings = [
        [*flaws, *item.exception.unread] for flaws, item in zip(late, batch.items, strict=True)
    ]

    def transaction(connection: Connection) -> Answered[list[AcceptedShape]]:
        accepted = accept(connection, [item.incoming for item in batch.items], now_ms=now_ms)
        save_outcomes(connection, untouched(accepted, now_ms))
        results = [
            _accepted_shape(result, item, warnings)
            for result, item, warnings in zip(accepted, batch.items, all_warnings, strict=True)
        ]
        answer = _answer(scorer, kind, batch.refusals, results, now_ms=now_ms)
        return Answered(answer, results)

    action = action_of(request, "send", None, now_ms=now_ms) if request.caller.name else None
    once = AnswerOnce.of(request, "/v1/exceptions", now_ms=now_ms, action=action)
    answer, results = await run_once(writer, once, transaction)
    if results is not None:
        for flaws, item in zip(late, batch.items, strict=True):
            count_future_times(flaws)
            count_unread(item.exception.unread)
        await _show([*results], size, worklist)
    return answer


async def _show(results: Sequence[AcceptedShape], size: int, worklist: Worklist) -> None:
    """Count what was decided and show it; calls of others are answered between parts of it."""
    for begin in range(0, len(results), MAX_SHOWN_AT_ONCE):
        part = results[begin : begin + MAX_SHOWN_AT_ONCE]
        rows = await run_sized(size, partial(_counted_rows, part))
        for result, row in zip(part, rows, strict=True):
            worklist.show_row(result.accepted.record, row)


def _counted_rows(results: Sequence[AcceptedShape]) -> list[ReadRow | None]:
    count_decisions(
        [result.assessment for result in results if result.accepted.arrival in _DECIDED]
    )
    return [_row(result) for result in results]


def _row(result: AcceptedShape) -> ReadRow | None:
    """Return the row to show; what is stored as it came is not read again."""
    record, exception = result.accepted.record, result.sent
    if exception is None or not record.is_open:
        return readable_row(record)
    texts = RowTexts(record.payload, record.opinion)
    return ReadRow.of(
        record.id, record.revision, texts, exception=exception, assessment=result.assessment
    )


def _accepted_shape(
    result: AcceptedException, item: ScoredItem, warnings: list[Flaw]
) -> AcceptedShape:
    """Take the assessment that counts: as stored; of a row that can't be read, today's."""
    record, incoming = result.record, item.incoming
    if record.opinion == incoming.opinion:
        sent = item.exception if record.payload == incoming.payload else None
        return AcceptedShape(result, item.assessment, warnings, sent)
    try:
        assessment = stored_assessment(record.id, record.opinion)
    except UnreadableRowError:
        assessment = item.assessment
    return AcceptedShape(result, assessment, warnings, None)


def _future_times(items: Sequence[ScoredItem], now_ms: int) -> list[list[Flaw]]:
    return [
        future_times({name: getattr(item.exception, name) for name in _PAST_TIMES}, now_ms)
        for item in items
    ]


def _answer(
    scorer: Scorer,
    kind: Kind,
    refusals: Sequence[RefusedExceptionOut | None],
    results: Sequence[AcceptedShape],
    *,
    now_ms: int,
) -> Answer:
    scorings = scorer.answers([result.assessment for result in results], now_ms)
    shapes = [_shape(result, scoring) for result, scoring in zip(results, scorings, strict=True)]
    if kind == "one" and not results:
        return Answer(422, orjson.dumps(refusals[0]))
    if kind == "one":
        accepted = results[0].accepted
        status = 201 if accepted.arrival is IntakeEvent.CREATED else 200
        return Answer(status, orjson.dumps(shapes[0]), accepted.record.revision)
    taken = iter(shapes)
    whole: AcceptedBatchOut = {
        "accepted": len(shapes),
        "refused": len(refusals) - len(shapes),
        "results": [next(taken) if refusal is None else refusal for refusal in refusals],
        **scorer.stamp(now_ms),
    }
    return Answer(200, orjson.dumps(whole))


def _shape(result: AcceptedShape, scoring: ScoringOut) -> AcceptedExceptionOut:
    """Return an accepted exception: its names, what became of it, its assessment."""
    record = result.accepted.record
    return {
        "result": result.accepted.arrival.value,
        "id": record.id,
        "source": record.source,
        "external_id": record.external_id,
        "status": "open" if record.is_open else "resolved",
        "revision": record.revision,
        "warnings": flaws_out(result.warnings),
        **scoring,
    }
