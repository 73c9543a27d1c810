"""Intake of exceptions: checked, scored, written to the ledger, shown on the work list."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import Field
from sqlalchemy import Connection

from data.ledger.intake import AcceptedException, IntakeEvent, accept
from data.ledger.message_order import Incoming
from data.ledger.outcomes import save_outcomes
from data.ledger.writer import LedgerWriter
from data.settings import Settings
from serving.clock import Clock
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.problems import FlawOut, flaws_out
from serving.http.requests import (
    ActionRequest,
    RefusedExceptionOut,
    canonical,
    many_of,
    parsed,
    refused_exception,
)
from serving.live_list.worklist import Worklist
from serving.scoring.answer import ScoringOut
from serving.scoring.assessment import Assessment
from serving.scoring.audits import untouched
from serving.scoring.counters import count_decisions
from serving.scoring.scorer import Scorer
from serving.wire.answers import StampOut, closed
from serving.wire.errors import BadPayloadError, Flaw, pointer_to
from serving.wire.exception_in import ExceptionIn, Kind, exception, parts
from serving.wire.future_times import count_future_times, future_times
from serving.wire.optional_values import count_unread

MAX_PAYLOAD_LENGTH = 1_000_000
"""Characters of one exception as JSON: a thousand lines with some attributes each."""
TOO_LARGE = (
    f"the exception has more than {MAX_PAYLOAD_LENGTH:,} characters as JSON, most of them here: "
    f"send a link instead"
)
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


class CheckedException(NamedTuple):
    """An exception that can be accepted, and its payload as text with the keys in order."""

    exception: ExceptionIn
    payload: str


class CheckedBatch(NamedTuple):
    """Values of a request: what can be accepted, and what is refused.

    Attributes:
        exceptions: The right ones.
        arriving: The right ones, scored.
        refusals: For each value the answer that refuses it, or None.
    """

    exceptions: list[ExceptionIn]
    arriving: list[Incoming]
    refusals: list[RefusedExceptionOut | None]


class AcceptedShape(NamedTuple):
    """Effect of one exception on the ledger, and what of it did not count as sent."""

    accepted: AcceptedException
    warnings: list[Flaw]


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
    kind, values = parts(parsed(request.body))
    checked: list[ExceptionIn | RefusedExceptionOut]
    checked = [exception(values[0])] if kind == "one" else many_of(values, settings)
    batch = await _incoming(values, checked, scorer, clock)
    now_ms = clock()
    late = [_future_times(item, now_ms) for item in batch.exceptions]
    all_warnings = [
        [*flaws, *item.unread] for flaws, item in zip(late, batch.exceptions, strict=True)
    ]

    def transaction(connection: Connection) -> Answered[list[AcceptedException]]:
        accepted = accept(connection, batch.arriving, now_ms=now_ms)
        save_outcomes(connection, untouched(accepted, now_ms))
        results = [
            AcceptedShape(result, warnings)
            for result, warnings in zip(accepted, all_warnings, strict=True)
        ]
        answer = _answer(scorer, kind, batch.refusals, results, now_ms=now_ms)
        return Answered(answer, accepted)

    action = action_of(request, "send", None, now_ms=now_ms) if request.caller.name else None
    once = AnswerOnce.of(request, "/v1/exceptions", now_ms=now_ms, action=action)
    answer, accepted = await run_once(writer, once, transaction)
    for result, flaws, item in zip(accepted or (), late, batch.exceptions, strict=False):
        count_future_times(flaws)
        count_unread(item.unread)
        if result.arrival in _DECIDED:
            count_decisions([Assessment.from_json(result.record.opinion)])
        worklist.show(result.record)
    return answer


def _future_times(facts: ExceptionIn, now_ms: int) -> list[Flaw]:
    return future_times({name: getattr(facts, name) for name in _PAST_TIMES}, now_ms)


async def _incoming(
    values: Sequence[Any],
    checked: Sequence[ExceptionIn | RefusedExceptionOut],
    scorer: Scorer,
    clock: Clock,
) -> CheckedBatch:
    """Score what is right."""
    items = [_checked(value, item) for value, item in zip(values, checked, strict=True)]
    right = [item for item in items if isinstance(item, CheckedException)]
    refusals = [None if isinstance(item, CheckedException) else item for item in items]
    if not right:
        return CheckedBatch([], [], refusals)
    exceptions = [item.exception for item in right]
    judged = await scorer.judged(exceptions, clock())
    arriving = [
        _as_incoming(
            item,
            scorer.draws.applied(assessment, item.exception.source, item.exception.external_id),
        )
        for item, assessment in zip(right, judged.assessments, strict=True)
    ]
    return CheckedBatch(exceptions, arriving, refusals)


def _checked(
    value: Any, item: ExceptionIn | RefusedExceptionOut
) -> CheckedException | RefusedExceptionOut:
    if not isinstance(item, ExceptionIn):
        return item
    try:
        return CheckedException(item, _payload(value))
    except BadPayloadError as error:
        return refused_exception(item.source, item.external_id, error)


def _payload(value: Any) -> str:
    payload = canonical(value)
    if len(payload) > MAX_PAYLOAD_LENGTH:
        raise BadPayloadError([Flaw(_largest_part(value), TOO_LARGE)])
    return payload


def _largest_part(value: Mapping[str, Any]) -> str:
    """Return the JSON pointer to the largest field; of the attributes, the largest one."""
    name = max(value, key=lambda name: len(orjson.dumps(value[name])))
    own = value[name]
    if name == "attributes" and isinstance(own, dict):
        return f"/{name}{_largest_part(own)}"
    return pointer_to((name,))


def _as_incoming(item: CheckedException, assessment: Assessment) -> Incoming:
    facts = item.exception
    return Incoming(
        source=facts.source,
        external_id=facts.external_id,
        is_open=facts.is_open,
        version=facts.version,
        updated_at_ms=facts.updated_at,
        detected_at_ms=facts.detected_at,
        payload=item.payload,
        opinion=assessment.to_json(),
    )


def _answer(
    scorer: Scorer,
    kind: Kind,
    refusals: Sequence[RefusedExceptionOut | None],
    results: Sequence[AcceptedShape],
    *,
    now_ms: int,
) -> Answer:
    assessments = [Assessment.from_json(result.accepted.record.opinion) for result in results]
    scorings = scorer.answers(assessments, now_ms)
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
