"""Exceptions come in: checked, scored, written to the ledger, shown on the work list."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from data.ledger.idempotency import StoredAnswer, store_answer, stored_answer
from data.ledger.intake import Accepted, Incoming, IntakeEvent, accept
from data.ledger.outcomes import save_outcomes
from serving.http.problems import BadPayloadError, KeyReusedError, problem_of
from serving.http.requests import canonical, many_of, parsed
from serving.scoring.assessment import Assessment
from serving.scoring.audits import untouched
from serving.scoring.counters import count_decisions
from serving.service import Service
from serving.wire.exception_in import ExceptionIn, exception, parts

_DECIDED = (IntakeEvent.CREATED, IntakeEvent.UPDATED, IntakeEvent.REOPENED)


class Answer(NamedTuple):
    """An answer ready to be sent; `revision` is that of the one exception it is about."""

    status: int
    body: bytes
    revision: int | None = None
    replayed: bool = False


def fingerprint(path: str, body: bytes) -> str:
    """Return what tells one request from another under the same `Idempotency-Key`."""
    return sha256(path.encode() + b"\n" + body).hexdigest()


def earlier(connection: Any, key: str | None, request_sha256: str) -> Answer | None:
    """Return what was answered to this very request before, None if it is new.

    Raises:
        KeyReusedError: The key came with another request.
    """
    before = stored_answer(connection, key) if key else None
    if before is None:
        return None
    if before.request_sha256 != request_sha256:
        raise KeyReusedError(before.key)
    return Answer(before.status, before.answer.encode(), replayed=True)


async def take_in(desk: Service, body: bytes, key: str | None) -> Answer:
    """Accept one exception or many.

    Raises:
        NotJsonError, TooLargeError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    kind, values = parts(parsed(body))
    checked: list[ExceptionIn | dict[str, Any]]
    checked = [exception(values[0])] if kind == "one" else many_of(values, desk.settings)
    arriving, items = await _incoming(desk, values, checked)
    now_ms = desk.now_ms()
    request = fingerprint("/v1/exceptions", body)

    def work() -> tuple[Answer, list[Accepted]]:
        with desk.ledger.writing() as connection:
            before = earlier(connection, key, request)
            if before is not None:
                return before, []
            accepted = accept(connection, arriving, now_ms=now_ms)
            save_outcomes(connection, untouched(accepted, now_ms))
            answer = _answer(desk, kind, items, accepted, now_ms)
            if key:
                kept = StoredAnswer(key, request, answer.status, answer.body.decode())
                store_answer(connection, kept, now_ms=now_ms)
            return answer, accepted

    answer, accepted = await desk.write(work)
    changed = [one for one in accepted if one.arrival in _DECIDED]
    count_decisions(Assessment.from_json(one.record.opinion) for one in changed)
    for one in accepted:
        desk.show(one.record)
    return answer


async def _incoming(
    desk: Service, values: Sequence[Any], checked: Sequence[ExceptionIn | dict[str, Any]]
) -> tuple[list[Incoming], list[dict[str, Any] | None]]:
    """Score what is right; for each value the answer that refuses it, or None."""
    texts, refusals = [], []
    for value, one in zip(values, checked, strict=True):
        text, refusal = _text(value, one)
        texts.append(text)
        refusals.append(refusal)
    right = [i for i, refusal in enumerate(refusals) if refusal is None]
    told = [one for i in right if isinstance(one := checked[i], ExceptionIn)]
    if not told:
        return [], refusals
    judged = await desk.judged(told, desk.now_ms())
    return [
        _as_incoming(one, texts[i], desk.draws.applied(opinion, one.source, one.external_id))
        for i, one, opinion in zip(right, told, judged.opinions, strict=True)
    ], refusals


def _text(value: Any, one: ExceptionIn | dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    if isinstance(one, dict):
        return "", one
    try:
        return canonical(value), None
    except BadPayloadError as error:
        return "", {"result": "refused", "source": one.source, "external_id": one.external_id,
                    **problem_of(error)}  # fmt: skip


def _as_incoming(one: ExceptionIn, payload: str, opinion: Assessment) -> Incoming:
    return Incoming(
        source=one.source,
        external_id=one.external_id,
        is_open=one.is_open,
        version=one.version,
        updated_at_ms=one.detected_at if one.updated_at is None else one.updated_at,
        detected_at_ms=one.detected_at,
        payload=payload,
        opinion=opinion.to_json(),
    )


def _answer(
    desk: Service,
    kind: str,
    refusals: Sequence[dict[str, Any] | None],
    accepted: Sequence[Accepted],
    now_ms: int,
) -> Answer:
    opinions = [Assessment.from_json(one.record.opinion) for one in accepted]
    scorings = desk.answers(opinions, now_ms)
    shapes = [named(one) | scoring for one, scoring in zip(accepted, scorings, strict=True)]
    if kind == "one" and not accepted:
        return Answer(422, orjson.dumps(refusals[0]))
    if kind == "one":
        status = 201 if accepted[0].arrival is IntakeEvent.CREATED else 200
        return Answer(status, orjson.dumps(shapes[0]), accepted[0].record.revision)
    taken = iter(shapes)
    results = [next(taken) if refusal is None else refusal for refusal in refusals]
    whole = {"accepted": len(shapes), "refused": len(results) - len(shapes), "results": results}
    return Answer(200, orjson.dumps(whole | desk.stamp(now_ms)))


def named(one: Accepted) -> dict[str, Any]:
    """Return what names an accepted exception, and what became of it."""
    record = one.record
    return {
        "result": one.arrival.value,
        "id": record.id,
        "source": record.source,
        "external_id": record.external_id,
        "status": "open" if record.is_open else "resolved",
        "revision": record.revision,
    }
