"""An exception or an incident is claimed, claimed for longer, or let go of."""

from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from data.ledger.claims import Claim, claim, release, revision_of_open
from data.ticks import MS_PER_MINUTE
from serving.exceptions.intake import Answer, fingerprint
from serving.exceptions.resolve import revision_of
from serving.http.requests import parsed
from serving.http.run_once import once
from serving.incidents.payload import CLAIM
from serving.scoring.answer import rfc3339
from serving.service import Service
from serving.wire.exception_in import checked


class ActionRequest(NamedTuple):
    """A request about one exception or incident, with what its headers said."""

    subject_id: str
    body: bytes
    key: str | None = None
    if_match: str | None = None

    @property
    def seen(self) -> int | None:
        """The revision that the caller saw; None if they did not say."""
        return None if self.if_match is None else revision_of(self.if_match)


async def claim_one(desk: Service, asked: ActionRequest) -> Answer:
    """Give an open exception or incident to who asks, for the policy's time; again renews it.

    Raises:
        NotFoundError, ConflictError, PreconditionError: As `ledger_claims.revision_of_open` says.
        ClaimedError: Somebody else has it.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    told, now_ms, seen = checked(CLAIM, parsed(asked.body)), desk.now_ms(), asked.seen
    until_ms = now_ms + int(desk.policy.guards.claim_minutes * MS_PER_MINUTE)
    wanted = Claim(asked.subject_id, told.by, now_ms, until_ms)
    held: list[Claim] = []

    def work(connection: Connection) -> Answer:
        revision = revision_of_open(connection, wanted.subject_id, seen)
        held.append(claim(connection, wanted))
        return _answer(held[0], revision)

    answer = await once(desk, asked.key, fingerprint(f"{asked.subject_id}/claim", asked.body), work)
    for one in held:
        desk.claims.put(one)
    return answer


async def release_one(desk: Service, asked: ActionRequest) -> Answer:
    """Let go of an open exception or incident before its time; errors as of `claim_one`."""
    told, now_ms, seen = checked(CLAIM, parsed(asked.body)), desk.now_ms(), asked.seen

    def work(connection: Connection) -> Answer:
        revision = revision_of_open(connection, asked.subject_id, seen)
        release(connection, asked.subject_id, told.by, now_ms=now_ms)
        return _answer(Claim(asked.subject_id, told.by, now_ms, now_ms), revision)

    request = fingerprint(f"{asked.subject_id}/release", asked.body)
    answer = await once(desk, asked.key, request, work)
    if not answer.replayed:
        desk.claims.end(asked.subject_id)
    return answer


def _answer(claim: Claim, revision: int) -> Answer:
    holds = claim.until_ms > claim.claimed_at_ms
    shape: dict[str, Any] = {
        "id": claim.subject_id,
        "revision": revision,
        "claimed_by": claim.by if holds else None,
        "claimed_until": rfc3339(claim.until_ms) if holds else None,
    }
    return Answer(200, orjson.dumps(shape), revision)
