"""Split of an incident: members that are no part of it are rows of their own again."""

from typing import Literal, NamedTuple

import orjson
from sqlalchemy import Connection

from data.ledger.claims import revision_of_open
from data.ledger.incidents import Incident, incident_of, members_of, record_change, split_off
from data.ledger.writer import LedgerWriter
from serving.exceptions.claim import check_claim
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.requests import ActionRequest, parsed, signed
from serving.incident_watch.watch import IncidentWatch
from serving.incidents.payload import SPLIT
from serving.scoring.scorer import Scorer
from serving.wire.answers import StampOut, closed
from serving.wire.check import checked


@closed
class SplitMembersOut(StampOut):
    """Members that left an incident."""

    id: str
    status: Literal["open", "closed"]
    revision: int
    split_off: list[str]


class IncidentSplit(NamedTuple):
    """An incident after a split, and the exceptions that left it."""

    incident: Incident
    left: list[str]


async def split_incident(
    request: ActionRequest,
    *,
    writer: LedgerWriter,
    scorer: Scorer,
    incidents: IncidentWatch,
    now_ms: int,
) -> Answer:
    """Let members leave an incident for good, some or all; without members it is closed.

    Raises:
        NotFoundError, ConflictError, PreconditionError: By `data.ledger.claims.revision_of_open`.
        ClaimedError: Somebody else has the incident.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    payload = checked(SPLIT, signed(parsed(request.body), request.caller))
    expected_revision = request.expected_revision

    def transaction(connection: Connection) -> Answered[IncidentSplit]:
        revision_of_open(connection, request.subject_id, expected_revision)
        check_claim(connection, request, payload.by, now_ms=now_ms)
        members = None if payload.members is None else set(payload.members)
        left = split_off(connection, request.subject_id, members, now_ms=now_ms)
        split = IncidentSplit(_after(connection, request.subject_id, now_ms), left)
        return Answered(_answer(scorer, split, now_ms), split)

    async with incidents.lock:
        action = action_of(request, "split", payload.by, now_ms=now_ms)
        path = f"{request.subject_id}/split"
        once = AnswerOnce.of(request, path, now_ms=now_ms, action=action)
        answer, split = await run_once(writer, once, transaction)
        if split is not None:
            incidents.changed_by_hand(split.incident, split.left)
    return answer


def _after(connection: Connection, incident_id: str, now_ms: int) -> Incident:
    """Close the incident if no member stayed."""
    members = members_of(connection, [incident_id])
    is_closed = all(member.left_at_ms is not None for member in members)
    incident = incident_of(connection, incident_id)
    return record_change(connection, incident, now_ms=now_ms, is_closed=is_closed)


def _answer(scorer: Scorer, split: IncidentSplit, now_ms: int) -> Answer:
    incident = split.incident
    shape: SplitMembersOut = {
        "id": incident.id,
        "status": "open" if incident.closed_at_ms is None else "closed",
        "revision": incident.revision,
        "split_off": split.left,
        **scorer.stamp(now_ms),
    }
    return Answer(200, orjson.dumps(shape), incident.revision)
