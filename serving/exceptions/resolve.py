"""An exception ends: written as an outcome that training can learn from, off the work list."""

from typing import Any

import orjson
from sqlalchemy import Connection

from data.ledger.ledger import OutcomeRecord
from serving.exceptions.intake import Answer, fingerprint
from serving.http.problems import BadPayloadError, Flaw
from serving.http.requests import canonical, parsed
from serving.http.run_once import once
from serving.scoring.answer import rfc3339
from serving.scoring.audits import Resolution, end
from serving.service import Service
from serving.wire.exception_in import ResolutionIn, resolution


async def resolve_one(
    desk: Service, exception_id: str, body: bytes, *, key: str | None, if_match: str | None
) -> Answer:
    """Close an exception.

    Raises:
        NotFoundError, PreconditionError, ConflictError: As `data.ledger.outcomes.resolve` says.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    value = parsed(body)
    told = resolution(value)
    now_ms = desk.now_ms()
    outcome = outcome_of(exception_id, told, now_ms)
    seen = None if if_match is None else revision_of(if_match)

    ended: list[Resolution] = []

    def work(connection: Connection) -> Answer:
        terms, text = desk.policy.promises, canonical(value)
        one = end(connection, outcome, terms, body=text, if_revision=seen)
        closed, ended[:] = one.record, [one]
        shape = _shape(desk, outcome, closed.revision, closed.closed_at_ms or now_ms)
        return Answer(200, orjson.dumps(shape), closed.revision)

    answer = await once(desk, key, fingerprint(exception_id, body), work)
    for one in ended:
        desk.take_off(exception_id)
        desk.heed(one)
    return answer


def outcome_of(exception_id: str, told: ResolutionIn, now_ms: int) -> OutcomeRecord:
    """Return how an exception ended, as it was told."""
    return OutcomeRecord(
        exception_id=exception_id,
        known_at_ms=now_ms,
        resolved_at_ms=now_ms if told.resolved_at is None else told.resolved_at,
        category=told.category,
        label_origin=told.label_origin.value if told.category else None,
        team=told.team,
        team_origin=told.team_origin.value if told.team else None,
        touch_minutes=told.touch_minutes,
        breached=told.breached,
        loss_amount=told.loss.amount if told.loss else None,
        loss_currency=told.loss.currency if told.loss else None,
        by=told.by,
    )


def _shape(
    desk: Service, outcome: OutcomeRecord, revision: int, resolved_at_ms: int
) -> dict[str, Any]:
    return {
        "id": outcome.exception_id,
        "status": "resolved",
        "revision": revision,
        "resolved_at": rfc3339(resolved_at_ms),
        **desk.stamp(outcome.known_at_ms),
    }


def revision_of(if_match: str) -> int | None:
    """Return the revision that an ETag names; None for `*`.

    Raises:
        BadPayloadError: It is none of ours.
    """
    tag = if_match.strip().removeprefix("W/").strip('"')
    if tag == "*":
        return None
    if tag.isascii() and tag.isdigit() and len(tag) < 10:
        return int(tag)
    raise BadPayloadError([Flaw("header/If-Match", "is no ETag of ours: send the one you got")])


def etag(revision: int) -> str:
    """Return the ETag of a revision."""
    return f'"{revision}"'
