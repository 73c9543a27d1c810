"""Intake of exceptions: checked, scored, written to the ledger, shown on the work list."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from data.ledger.intake import AcceptedException, Incoming, IntakeEvent, accept
from data.ledger.outcomes import save_outcomes
from data.ledger.writer import LedgerWriter
from data.settings import Settings
from serving.clock import Clock
from serving.http.idempotency import Answer, AnswerOnce, run_once
from serving.http.problems import problem_of
from serving.http.requests import ActionRequest, canonical, many_of, parsed
from serving.live_list.worklist import Worklist
from serving.scoring.assessment import Assessment
from serving.scoring.audits import untouched
from serving.scoring.counters import count_decisions
from serving.scoring.scorer import Scorer
from serving.wire.errors import BadPayloadError
from serving.wire.exception_in import ExceptionIn, exception, parts

_DECIDED = (IntakeEvent.CREATED, IntakeEvent.UPDATED, IntakeEvent.REOPENED)


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
    checked: list[ExceptionIn | dict[str, Any]]
    checked = [exception(values[0])] if kind == "one" else many_of(values, settings)
    arriving, items = await _incoming(values, checked, scorer, clock)
    now_ms = clock()

    def transaction(connection: Connection) -> tuple[Answer, list[AcceptedException]]:
        accepted = accept(connection, arriving, now_ms=now_ms)
        save_outcomes(connection, untouched(accepted, now_ms))
        return _answer(scorer, kind, items, accepted, now_ms), accepted

    once = AnswerOnce.of(request, "/v1/exceptions", now_ms=now_ms)
    answer, accepted = await run_once(writer, once, transaction)
    for result in accepted or ():
        if result.arrival in _DECIDED:
            count_decisions([Assessment.from_json(result.record.opinion)])
        worklist.show(result.record)
    return answer


async def _incoming(
    values: Sequence[Any],
    checked: Sequence[ExceptionIn | dict[str, Any]],
    scorer: Scorer,
    clock: Clock,
) -> tuple[list[Incoming], list[dict[str, Any] | None]]:
    """Score what is right; for each value the answer that refuses it, or None."""
    texts, refusals = [], []
    for value, item in zip(values, checked, strict=True):
        text, refusal = _text(value, item)
        texts.append(text)
        refusals.append(refusal)
    right = [i for i, refusal in enumerate(refusals) if refusal is None]
    exceptions = [item for i in right if isinstance(item := checked[i], ExceptionIn)]
    if not exceptions:
        return [], refusals
    judged = await scorer.judged(exceptions, clock())
    return [
        _as_incoming(
            item, texts[i], scorer.draws.applied(assessment, item.source, item.external_id)
        )
        for i, item, assessment in zip(right, exceptions, judged.assessments, strict=True)
    ], refusals


def _text(value: Any, item: ExceptionIn | dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    if isinstance(item, dict):
        return "", item
    try:
        return canonical(value), None
    except BadPayloadError as error:
        return "", {"result": "refused", "source": item.source, "external_id": item.external_id,
                    **problem_of(error)}  # fmt: skip


def _as_incoming(item: ExceptionIn, payload: str, assessment: Assessment) -> Incoming:
    return Incoming(
        source=item.source,
        external_id=item.external_id,
        is_open=item.is_open,
        version=item.version,
        updated_at_ms=item.detected_at if item.updated_at is None else item.updated_at,
        detected_at_ms=item.detected_at,
        payload=payload,
        opinion=assessment.to_json(),
    )


def _answer(
    scorer: Scorer,
    kind: str,
    refusals: Sequence[dict[str, Any] | None],
    accepted: Sequence[AcceptedException],
    now_ms: int,
) -> Answer:
    assessments = [Assessment.from_json(result.record.opinion) for result in accepted]
    scorings = scorer.answers(assessments, now_ms)
    shapes = [named(result) | scoring for result, scoring in zip(accepted, scorings, strict=True)]
    if kind == "one" and not accepted:
        return Answer(422, orjson.dumps(refusals[0]))
    if kind == "one":
        status = 201 if accepted[0].arrival is IntakeEvent.CREATED else 200
        return Answer(status, orjson.dumps(shapes[0]), accepted[0].record.revision)
    taken = iter(shapes)
    results = [next(taken) if refusal is None else refusal for refusal in refusals]
    whole = {"accepted": len(shapes), "refused": len(results) - len(shapes), "results": results}
    return Answer(200, orjson.dumps(whole | scorer.stamp(now_ms)))


def named(accepted: AcceptedException) -> dict[str, Any]:
    """Return what names an accepted exception, and what became of it."""
    record = accepted.record
    return {
        "result": accepted.arrival.value,
        "id": record.id,
        "source": record.source,
        "external_id": record.external_id,
        "status": "open" if record.is_open else "resolved",
        "revision": record.revision,
    }
