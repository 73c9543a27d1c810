"""Bulk resolution of the members of an incident, each with an outcome of its own.

It is one transaction: all that can be resolved is, or nothing. What can't be (claimed by somebody
else, changed since the caller read it, ended already) is listed member by member and stays as it
is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import Connection
from typing_extensions import TypedDict

from data.ledger.claims import Claim, claims_on, revision_of_open
from data.ledger.incidents import Incident, incident_of, members_of, record_change
from data.ledger.ledger import ExceptionRecord, OutcomeRecord, records_by_id
from data.ledger.outcomes import close_all
from data.ledger.tables import next_revision
from data.ledger.writer import LedgerWriter
from data.policy.automation import PromiseTerms
from serving.exceptions.claim import check_claim
from serving.exceptions.resolve import outcome_of
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.problems import FlawOut, flaws_out
from serving.http.requests import ActionRequest, canonical, parsed, signed
from serving.incident_watch.evidence import stored_facts
from serving.incident_watch.watch import IncidentWatch
from serving.incidents.payload import INCIDENT_RESOLUTION, IncidentResolutionIn
from serving.scoring.assessment import stored_assessment
from serving.scoring.audits import Resolution, end
from serving.scoring.guarantees import Guarantees
from serving.scoring.scorer import Scorer
from serving.wire.answers import StampOut, closed
from serving.wire.check import checked
from serving.wire.errors import Flaw
from serving.wire.future_times import count_future_times, future_times
from serving.wire.stored_exception import UnreadableRowError

Obstacle = Literal["claimed", "changed", "ended", "no_member"]
"""Reason that a member is left as it is."""


@closed
class ResolvedMemberOut(TypedDict):
    """Result for one member."""

    id: str
    result: Literal["resolved", "claimed", "changed", "ended", "no_member"]
    claimed_by: str | None


@closed
class ResolvedMembersOut(StampOut):
    """Results for the members of an incident, member by member."""

    id: str
    status: Literal["open", "closed"]
    revision: int
    resolved: int
    left: int
    results: list[ResolvedMemberOut]
    warnings: list[FlawOut]


@dataclass
class MemberSelection:
    """The members of a bulk action: which can be resolved, and what becomes of each.

    Attributes:
        records: Those that can.
        results: By id, in the order of the request.
    """

    records: list[ExceptionRecord] = field(default_factory=list)
    results: dict[str, ResolvedMemberOut] = field(default_factory=dict)


class MemberOutcome(NamedTuple):
    """End of one member."""

    record: ExceptionRecord
    outcome: OutcomeRecord


class BulkResolution(NamedTuple):
    """Incident after a bulk action, its members, and the resolutions hidden from people before."""

    incident: Incident
    selection: MemberSelection
    audited: list[Resolution]


async def resolve_incident(
    request: ActionRequest,
    *,
    writer: LedgerWriter,
    scorer: Scorer,
    guarantees: Guarantees,
    incidents: IncidentWatch,
    now_ms: int,
) -> Answer:
    """Resolve the members of an incident.

    Raises:
        NotFoundError, ConflictError, PreconditionError: By `data.ledger.claims.revision_of_open`.
        ClaimedError: Somebody else has the incident.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    value = signed(parsed(request.body), request.caller)
    expected_revision = request.expected_revision
    payload, incident_id = checked(INCIDENT_RESOLUTION, value), request.subject_id
    warnings = future_times({"resolved_at": payload.resolved_at}, now_ms)

    def transaction(connection: Connection) -> Answered[BulkResolution]:
        revision_of_open(connection, incident_id, expected_revision)
        check_claim(connection, request, payload.by, now_ms=now_ms)
        selection = _selected(connection, incident_id, payload, now_ms)
        outcomes = _outcomes(payload, selection.records, now_ms)
        audited = _resolve(connection, outcomes, guarantees.terms, canonical(value))
        incident = _after(connection, incident_id, selection, now_ms)
        resolved = BulkResolution(incident, selection, audited)
        return Answered(_answer(scorer, resolved, warnings, now_ms), resolved)

    async with incidents.lock:
        action = action_of(request, "resolve", payload.by, now_ms=now_ms)
        path = f"{incident_id}/resolve"
        once = AnswerOnce.of(request, path, now_ms=now_ms, action=action)
        answer, resolved = await run_once(writer, once, transaction)
        if resolved is not None:
            count_future_times(warnings)
            revisions = {
                record.id: next_revision(record.revision) for record in resolved.selection.records
            }
            incidents.resolved_by_hand(resolved.incident, revisions)
            for resolution in resolved.audited:
                guarantees.record_audits(resolution)
    return answer


def _selected(
    connection: Connection, incident_id: str, payload: IncidentResolutionIn, now_ms: int
) -> MemberSelection:
    members = members_of(connection, [incident_id])
    inside = [member.exception_id for member in members if member.left_at_ms is None]
    expected = {member.id: member.revision for member in payload.members or ()}
    chosen, members_only = list(expected or inside), set(inside)
    records = records_by_id(connection, [key for key in chosen if key in members_only])
    claims = claims_on(connection, list(records), now_ms=now_ms)
    selection = MemberSelection()
    for exception_id in chosen:
        record, claim = records.get(exception_id), claims.get(exception_id)
        if not expected and record is not None and not record.is_open:
            continue
        obstacle = _obstacle(record, expected.get(exception_id), claim, payload.by)
        selection.results[exception_id] = {
            "id": exception_id,
            "result": obstacle or "resolved",
            "claimed_by": claim.by if claim is not None and obstacle == "claimed" else None,
        }
        if record is not None and not obstacle:
            selection.records.append(record)
    return selection


def _obstacle(
    record: ExceptionRecord | None,
    expected_revision: int | None,
    claim: Claim | None,
    by: str | None,
) -> Obstacle | None:
    if record is None:
        return "no_member"
    if not record.is_open:
        return "ended"
    if expected_revision is not None and expected_revision != record.revision:
        return "changed"
    return "claimed" if claim is not None and claim.by != by else None


def _outcomes(
    payload: IncidentResolutionIn, records: Sequence[ExceptionRecord], now_ms: int
) -> list[MemberOutcome]:
    """Return the outcome of each member, with an equal share of the time and the loss."""
    if not records:
        return []
    shares = _shares(payload, len(records))
    return [
        MemberOutcome(record, replace(outcome_of(record.id, payload, now_ms), **shares))
        for record in records
    ]


def _resolve(
    connection: Connection, outcomes: Sequence[MemberOutcome], terms: PromiseTerms, body: str
) -> list[Resolution]:
    """Write the outcomes; return those of members whose suggestion was hidden from people."""
    audited, plain = [], []
    for record, outcome in outcomes:
        if _is_plain(record):
            plain.append((record, replace(outcome, suggestion_hidden=False)))
        else:
            audited.append(end(connection, outcome, terms, body=body, expected_revision=None))
    if plain:
        close_all(connection, plain, body=body)
    return audited


def _is_plain(record: ExceptionRecord) -> bool:
    """Return whether nothing was hidden from people; of what can't be read, nothing is audited."""
    try:
        return stored_assessment(record.id, record.opinion).withheld is None
    except UnreadableRowError:
        return True


def _shares(payload: IncidentResolutionIn, count: int) -> Mapping[str, Any]:
    """Return the share of each of so many members of the time and the loss of all together."""
    touch = None if payload.touch_minutes is None else round(payload.touch_minutes / count, 3)
    loss = None
    if payload.loss is not None:
        loss = f"{(Decimal(payload.loss.amount) / count).quantize(Decimal('0.000001')):f}"
    return {"touch_minutes": touch, "loss_amount": loss}


def _after(
    connection: Connection, incident_id: str, selection: MemberSelection, now_ms: int
) -> Incident:
    """Close the incident if no member is open any more: its cause is dealt with."""
    members = members_of(connection, [incident_id])
    resolved = {record.id for record in selection.records}
    others = [
        member.exception_id
        for member in members
        if member.left_at_ms is None and member.exception_id not in resolved
    ]
    is_closed = not any(record.is_open for record in records_by_id(connection, others).values())
    incident = incident_of(connection, incident_id)
    if is_closed:
        over = stored_facts(incident).over()
        incident = replace(incident, body=over.to_json())
    return record_change(connection, incident, now_ms=now_ms, is_closed=is_closed)


def _answer(scorer: Scorer, resolved: BulkResolution, warnings: list[Flaw], now_ms: int) -> Answer:
    incident, selection = resolved.incident, resolved.selection
    shape: ResolvedMembersOut = {
        "id": incident.id,
        "status": "open" if incident.closed_at_ms is None else "closed",
        "revision": incident.revision,
        "resolved": len(selection.records),
        "left": len(selection.results) - len(selection.records),
        "results": list(selection.results.values()),
        "warnings": flaws_out(warnings),
        **scorer.stamp(now_ms),
    }
    return Answer(200, orjson.dumps(shape), incident.revision)
