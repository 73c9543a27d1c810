"""Intake of exceptions and new assessments, written inside the caller's transaction.

Messages of one exception are ordered by `data.ledger.message_order`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from data.ledger.claims import end_claims
from data.ledger.ledger import ExceptionRecord
from data.ledger.message_order import Incoming, is_late, reopens, sent_at_ms, stamped
from data.ledger.tables import EVENTS, EXCEPTIONS, OUTCOMES, next_revision

KEYS_AT_ONCE = 500
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class IntakeEvent(StrEnum):
    """Effect of an accepted exception on the ledger."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LATE = "late"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True)
class AcceptedException:
    """Effect of one incoming exception, and its record afterwards."""

    arrival: IntakeEvent
    record: ExceptionRecord


def new_id(now_ms: int, kind: str = "exc") -> str:
    """Return an id that sorts by time: its kind, 48 bits of time and 80 of chance."""
    number = (now_ms << 80) | secrets.randbits(80)
    return f"{kind}_" + "".join(
        _ID_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)
    )


def accept(
    connection: Connection, arriving: Sequence[Incoming], *, now_ms: int
) -> list[AcceptedException]:
    """Take in exceptions in order; a message older than the stored state is only recorded."""
    stored = _stored(connection, arriving)
    before = dict(stored)
    accepted, events = [], []
    for incoming in arriving:
        key = (incoming.source, incoming.external_id)
        result = _accepted(stored.get(key), incoming, now_ms)
        stored[key] = result.record
        accepted.append(result)
        if result.arrival is IntakeEvent.LATE and _is_recorded(connection, result.record, incoming):
            continue
        if result.arrival is not IntakeEvent.UNCHANGED:
            events.append(_arrival_event(result, incoming, now_ms))
    _write(connection, before, stored, now_ms)
    if events:
        connection.execute(insert(EVENTS), events)
    return accepted


def _stored(
    connection: Connection, arriving: Sequence[Incoming]
) -> dict[tuple[str, str], ExceptionRecord]:
    keys = list({(incoming.source, incoming.external_id) for incoming in arriving})
    records: dict[tuple[str, str], ExceptionRecord] = {}
    for begin in range(0, len(keys), KEYS_AT_ONCE):
        pair = tuple_(EXCEPTIONS.c.source, EXCEPTIONS.c.external_id)
        query = select(EXCEPTIONS).where(pair.in_(keys[begin : begin + KEYS_AT_ONCE]))
        for row in connection.execute(query.with_for_update()).mappings():
            records[row["source"], row["external_id"]] = ExceptionRecord.of(row)
    return records


def _accepted(stored: ExceptionRecord | None, incoming: Incoming, now_ms: int) -> AcceptedException:
    if stored is None:
        closed_at_ms = None if incoming.is_open else sent_at_ms(incoming, now_ms)
        created = ExceptionRecord(new_id(now_ms), revision=1, received_at_ms=now_ms,
                         closed_at_ms=closed_at_ms, **stamped(None, incoming, now_ms))  # fmt: skip
        return AcceptedException(IntakeEvent.CREATED, created)
    if stored.payload == incoming.payload:
        return AcceptedException(IntakeEvent.UNCHANGED, stored)
    if is_late(stored, incoming, now_ms):
        return AcceptedException(IntakeEvent.LATE, stored)
    changes = stamped(stored, incoming, now_ms)
    return _changed(
        stored,
        replace(stored, revision=next_revision(stored.revision), **changes),
        incoming,
        now_ms,
    )


def _changed(
    stored: ExceptionRecord, updated: ExceptionRecord, incoming: Incoming, now_ms: int
) -> AcceptedException:
    # The assessment of an exception while it was open stands once it has ended.
    ended = replace(updated, is_open=False, opinion=stored.opinion)
    if stored.is_open:
        if updated.is_open:
            return AcceptedException(IntakeEvent.UPDATED, updated)
        closed_at_ms = sent_at_ms(incoming, now_ms)
        return AcceptedException(IntakeEvent.CLOSED, replace(ended, closed_at_ms=closed_at_ms))
    if reopens(stored, incoming, now_ms):
        return AcceptedException(IntakeEvent.REOPENED, replace(updated, closed_at_ms=None))
    return AcceptedException(IntakeEvent.UPDATED, ended)


def _is_recorded(connection: Connection, record: ExceptionRecord, incoming: Incoming) -> bool:
    """Return whether the same payload is among the events already."""
    same = (EVENTS.c.exception_id == record.id, EVENTS.c.body == incoming.payload)
    return connection.execute(select(EVENTS.c.seq).where(*same).limit(1)).first() is not None


def _arrival_event(result: AcceptedException, incoming: Incoming, now_ms: int) -> dict[str, object]:
    created = result.arrival is IntakeEvent.CREATED
    return {
        "exception_id": result.record.id,
        "kind": result.arrival.value,
        "occurred_at_ms": min(incoming.detected_at_ms, now_ms)
        if created
        else sent_at_ms(incoming, now_ms),
        "known_at_ms": now_ms,
        "by": incoming.source,
        "body": incoming.payload,
        "opinion": None if result.arrival is IntakeEvent.LATE else result.record.opinion,
    }


def _write(
    connection: Connection,
    before: dict[tuple[str, str], ExceptionRecord],
    after: dict[tuple[str, str], ExceptionRecord],
    now_ms: int,
) -> None:
    new = [asdict(record) for key, record in after.items() if key not in before]
    changed = [record for key, record in after.items() if before.get(key, record) != record]
    if new:
        connection.execute(insert(EXCEPTIONS), new)
    if changed:
        rows = [asdict(record) | {"which": record.id} for record in changed]
        connection.execute(update(EXCEPTIONS).where(EXCEPTIONS.c.id == bindparam("which")), rows)
    closed = [r.id for r in changed if not r.is_open]
    end_claims(connection, closed, now_ms=now_ms)
    reopened = [r.id for r in changed if r.is_open]
    for begin in range(0, len(reopened), KEYS_AT_ONCE):
        batch = reopened[begin : begin + KEYS_AT_ONCE]
        connection.execute(delete(OUTCOMES).where(OUTCOMES.c.exception_id.in_(batch)))


def rescore(
    connection: Connection, assessments: Sequence[tuple[str, int, str]], *, now_ms: int
) -> None:
    """Store new assessments: (id, revision, assessment); skip exceptions that changed meanwhile."""
    ids = [exception_id for exception_id, _, _ in assessments]
    query = select(EXCEPTIONS.c.id, EXCEPTIONS.c.revision).where(EXCEPTIONS.c.id.in_(ids))
    revisions = {row.id: row.revision for row in connection.execute(query.with_for_update())}
    current = [
        {"which": exception_id, "opinion": opinion}
        for exception_id, revision, opinion in assessments
        if revisions.get(exception_id) == revision
    ]
    if not current:
        return
    connection.execute(update(EXCEPTIONS).where(EXCEPTIONS.c.id == bindparam("which")), current)
    events = [
        {
            "exception_id": row["which"],
            "kind": "rescored",
            "occurred_at_ms": now_ms,
            "known_at_ms": now_ms,
            "opinion": row["opinion"],
        }
        for row in current
    ]
    connection.execute(insert(EVENTS), events)
