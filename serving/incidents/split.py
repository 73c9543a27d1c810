"""Members that are no part of an incident are split off it: rows of their own again."""

import orjson
from sqlalchemy import Connection

from data.ledger.claims import revision_of_open
from data.ledger.incidents import Incident, incident_of, members_of, record_change, split_off
from serving.exceptions.claim import ActionRequest
from serving.exceptions.intake import Answer, fingerprint
from serving.http.requests import parsed
from serving.http.run_once import once
from serving.incidents.payload import SPLIT
from serving.incidents.resolve import check_claim
from serving.service import Service
from serving.wire.exception_in import checked


async def split_incident(desk: Service, asked: ActionRequest) -> Answer:
    """Let members leave an incident for good, some or all; without members it is closed.

    Raises:
        NotFoundError, ConflictError, PreconditionError: As `ledger_claims.revision_of_open` says.
        ClaimedError: Somebody else has the incident.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    told, seen, now_ms = checked(SPLIT, parsed(asked.body)), asked.seen, desk.now_ms()
    done: list[tuple[Incident, list[str]]] = []

    def work(connection: Connection) -> Answer:
        revision_of_open(connection, asked.subject_id, seen)
        check_claim(connection, asked.subject_id, told.by, now_ms=now_ms)
        wanted = None if told.members is None else set(told.members)
        left = split_off(connection, asked.subject_id, wanted, now_ms=now_ms)
        members = members_of(connection, [asked.subject_id])
        stayed = sum(member.left_at_ms is None for member in members)
        incident = incident_of(connection, asked.subject_id)
        after = record_change(connection, incident, now_ms=now_ms, is_closed=not stayed)
        done.append((after, left))
        return _answer(desk, after, left, now_ms)

    async with desk.incidents.lock:
        request = fingerprint(f"{asked.subject_id}/split", asked.body)
        answer = await once(desk, asked.key, request, work)
        for incident, left in done:
            desk.incidents.changed_by_hand(incident, left)
    return answer


def _answer(desk: Service, incident: Incident, left: list[str], now_ms: int) -> Answer:
    shape = {
        "id": incident.id,
        "status": "open" if incident.closed_at_ms is None else "closed",
        "revision": incident.revision,
        "split_off": left,
        **desk.stamp(now_ms),
    }
    return Answer(200, orjson.dumps(shape), incident.revision)
