"""Claims of an exception or an incident: taken, renewed, or released."""

import orjson
from sqlalchemy import Connection

from data.domain import ClaimedError
from data.ledger.action_log import record_action
from data.ledger.claims import Claim, claim, claims_on, release, revision_of_open
from data.ledger.writer import LedgerWriter
from data.policy.policy import Policy
from data.ticks import MS_PER_MINUTE
from serving.exceptions.payload import CLAIM
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.requests import ActionRequest, parsed, signed
from serving.live_list.claim_board import ClaimBoard, ClaimHolderOut
from serving.wire.answers import closed
from serving.wire.check import checked
from serving.wire.formats import rfc3339


@closed
class ClaimedOut(ClaimHolderOut):
    """Holder of an exception or an incident, and the end of the claim; null once it is free."""

    id: str
    revision: int


async def claim_row(
    request: ActionRequest,
    *,
    writer: LedgerWriter,
    claims: ClaimBoard,
    policy: Policy,
    now_ms: int,
) -> Answer:
    """Give an open exception or incident to the caller, for the policy's time; again renews it.

    Raises:
        NotFoundError, ConflictError, PreconditionError: By `data.ledger.claims.revision_of_open`.
        ClaimedError: Somebody else has it.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    payload = checked(CLAIM, signed(parsed(request.body or b"{}"), request.caller))
    expected_revision = request.expected_revision
    until_ms = now_ms + int(policy.guards.claim_minutes * MS_PER_MINUTE)

    def transaction(connection: Connection) -> Answered[Claim]:
        revision = revision_of_open(connection, request.subject_id, expected_revision)
        claimed = claim(connection, Claim(request.subject_id, payload.by, now_ms, until_ms))
        return Answered(_answer(claimed, revision), claimed)

    action = action_of(request, "claim", payload.by, now_ms=now_ms)
    path = f"{request.subject_id}/claim"
    once = AnswerOnce.of(request, path, now_ms=now_ms, action=action)
    answer, claimed = await run_once(writer, once, transaction)
    if claimed is not None:
        claims.put(claimed)
    return answer


async def release_row(
    request: ActionRequest, *, writer: LedgerWriter, claims: ClaimBoard, now_ms: int
) -> Answer:
    """Release an open exception or incident before its time; errors as of `claim_row`."""
    payload = checked(CLAIM, signed(parsed(request.body or b"{}"), request.caller))
    expected_revision = request.expected_revision

    def transaction(connection: Connection) -> Answered[Claim]:
        revision = revision_of_open(connection, request.subject_id, expected_revision)
        release(connection, request.subject_id, payload.by, now_ms=now_ms)
        released = Claim(request.subject_id, payload.by, now_ms, now_ms)
        return Answered(_answer(released, revision), released)

    action = action_of(request, "release", payload.by, now_ms=now_ms)
    path = f"{request.subject_id}/release"
    once = AnswerOnce.of(request, path, now_ms=now_ms, action=action)
    answer, released = await run_once(writer, once, transaction)
    if released is not None:
        claims.end(request.subject_id)
    return answer


def check_claim(
    connection: Connection, request: ActionRequest, by: str | None, *, now_ms: int
) -> None:
    """Check that nobody else has a subject, or that the caller may overrule who has it.

    What was overruled is written into the log of actions.

    Raises:
        ClaimedError: Somebody has.
    """
    for active in claims_on(connection, [request.subject_id], now_ms=now_ms).values():
        if active.by == by:
            continue
        if not request.caller.may_overrule:
            raise ClaimedError(request.subject_id, active.by, active.until_ms)
        action = request.caller.action(
            "overrule", request.subject_id, now_ms=now_ms, by=by, claimed_by=active.by
        )
        record_action(connection, action)


def _answer(claim: Claim, revision: int) -> Answer:
    holds = claim.until_ms > claim.claimed_at_ms
    shape: ClaimedOut = {
        "id": claim.subject_id,
        "revision": revision,
        "claimed_by": claim.by if holds else None,
        "claimed_until": rfc3339(claim.until_ms) if holds else None,
    }
    return Answer(200, orjson.dumps(shape), revision)
