"""One bulk action resolves the members of an incident, each with an outcome of its own.

It is one transaction: all that can be resolved is, or nothing. What can't be (claimed by somebody
else, changed since it was seen, ended already) is told member by member and stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection

from data.domain import ClaimedError
from data.ledger.claims import Claim, claims_on, revision_of_open
from data.ledger.incidents import Incident, incident_of, members_of, record_change
from data.ledger.ledger import ExceptionRecord, records_by_id
from data.ledger.outcomes import close_all
from serving.exceptions.claim import ActionRequest
from serving.exceptions.intake import Answer, fingerprint
from serving.exceptions.resolve import outcome_of
from serving.http.requests import canonical, parsed
from serving.http.run_once import once
from serving.incident_watch.evidence import IncidentFacts
from serving.incidents.payload import INCIDENT_RESOLUTION, IncidentResolutionIn
from serving.scoring.assessment import Assessment
from serving.scoring.audits import Resolution, end
from serving.service import Service
from serving.wire.exception_in import checked


@dataclass
class MemberSelection:
    """The members that were asked for: which can be resolved, and what becomes of each.

    Attributes:
        records: Those that can.
        results: By id, in the order asked for.
    """

    records: list[ExceptionRecord] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)


async def resolve_incident(desk: Service, asked: ActionRequest) -> Answer:
    """Resolve the members of an incident.

    Raises:
        NotFoundError, ConflictError, PreconditionError: As `ledger_claims.revision_of_open` says.
        ClaimedError: Somebody else has the incident.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    value = parsed(asked.body)
    told, seen, now_ms = checked(INCIDENT_RESOLUTION, value), asked.seen, desk.now_ms()
    done: list[tuple[Incident, list[str], list[Resolution]]] = []

    def work(connection: Connection) -> Answer:
        revision_of_open(connection, asked.subject_id, seen)
        check_claim(connection, asked.subject_id, told.by, now_ms=now_ms)
        found = _sorted(connection, asked.subject_id, told, now_ms)
        audited = _resolve(connection, desk, told, found.records, canonical(value), now_ms)
        incident = _after(connection, asked.subject_id, found, now_ms)
        done.append((incident, [record.id for record in found.records], audited))
        return _answer(desk, incident, found, now_ms)

    async with desk.incidents.lock:
        request = fingerprint(f"{asked.subject_id}/resolve", asked.body)
        answer = await once(desk, asked.key, request, work)
        for incident, ids, audited in done:
            desk.take_off_all(ids)
            for one in audited:
                desk.heed(one)
            desk.incidents.changed_by_hand(incident, [])
    return answer


def check_claim(connection: Connection, subject_id: str, by: str | None, *, now_ms: int) -> None:
    """Check that nobody else has a subject.

    Raises:
        ClaimedError: Somebody has.
    """
    for one in claims_on(connection, [subject_id], now_ms=now_ms).values():
        if one.by != by:
            raise ClaimedError(subject_id, one.by, one.until_ms)


def _sorted(
    connection: Connection, incident_id: str, told: IncidentResolutionIn, now_ms: int
) -> MemberSelection:
    members = members_of(connection, [incident_id])
    belong = [member.exception_id for member in members if member.left_at_ms is None]
    seen = {one.id: one.revision for one in told.members or ()}
    inside = set(belong)
    records = records_by_id(connection, [one for one in seen or belong if one in inside])
    wanted = list(seen) or [one for one in belong if records[one].is_open]
    claims = claims_on(connection, list(records), now_ms=now_ms)
    found = MemberSelection()
    for one in wanted:
        record = records.get(one)
        why = _why_not(record, seen.get(one), claims.get(one), told.by)
        found.results[one] = {"id": one, "result": why or "resolved", "claimed_by": None}
        if why == "claimed":
            found.results[one]["claimed_by"] = claims[one].by
        if record is not None and not why:
            found.records.append(record)
    return found


def _why_not(
    record: ExceptionRecord | None, seen: int | None, claim: Claim | None, by: str | None
) -> str | None:
    if record is None:
        return "no_member"
    if not record.is_open:
        return "ended"
    if seen is not None and seen != record.revision:
        return "changed"
    return "claimed" if claim is not None and claim.by != by else None


def _resolve(
    connection: Connection,
    desk: Service,
    told: IncidentResolutionIn,
    records: Sequence[ExceptionRecord],
    body: str,
    now_ms: int,
) -> list[Resolution]:
    """Write the outcomes; return those that people gave without having been told a suggestion."""
    if not records:
        return []
    shared = _shares(told, len(records))
    audited, plain = [], []
    for record in records:
        outcome = replace(outcome_of(record.id, told, now_ms), **shared)
        if Assessment.from_json(record.opinion).withheld is None:
            plain.append((record, replace(outcome, suggestion_hidden=False)))
        else:
            terms = desk.policy.promises
            audited.append(end(connection, outcome, terms, body=body, if_revision=None))
    if plain:
        close_all(connection, plain, body=body)
    return audited


def _shares(told: IncidentResolutionIn, count: int) -> Mapping[str, Any]:
    """What each of so many members gets of what was told of all together."""
    touch = None if told.touch_minutes is None else round(told.touch_minutes / count, 3)
    loss = None
    if told.loss is not None:
        loss = f"{(Decimal(told.loss.amount) / count).quantize(Decimal('0.000001')):f}"
    return {"touch_minutes": touch, "loss_amount": loss}


def _after(
    connection: Connection, incident_id: str, found: MemberSelection, now_ms: int
) -> Incident:
    """Close the incident if no member is open any more: its cause is dealt with."""
    members = members_of(connection, [incident_id])
    ids = [member.exception_id for member in members if member.left_at_ms is None]
    resolved = {record.id for record in found.records}
    others = [one for one in ids if one not in resolved]
    is_closed = not any(one.is_open for one in records_by_id(connection, others).values())
    incident = incident_of(connection, incident_id)
    if is_closed:
        over = IncidentFacts.from_json(incident.body).over()
        incident = replace(incident, body=over.to_json())
    return record_change(connection, incident, now_ms=now_ms, is_closed=is_closed)


def _answer(desk: Service, incident: Incident, found: MemberSelection, now_ms: int) -> Answer:
    shape = {
        "id": incident.id,
        "status": "open" if incident.closed_at_ms is None else "closed",
        "revision": incident.revision,
        "resolved": len(found.records),
        "left": len(found.results) - len(found.records),
        "results": list(found.results.values()),
        **desk.stamp(now_ms),
    }
    return Answer(200, orjson.dumps(shape), incident.revision)
