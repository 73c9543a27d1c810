"""Changes of the ledger since a position: the present state of what changed, by any process.

Events, states of incidents and suspensions are numbered in the order of their commits. What a
number names is read as it is now, so a change that is read twice does no harm. Claims have no
numbers of their own: all active ones are read, there are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Column, Connection, func, select

from data.ledger.audits import Suspension, suspensions_after
from data.ledger.claims import Claim, active_claims
from data.ledger.incidents import Incident, incident_of, members_of
from data.ledger.ledger import ExceptionRecord
from data.ledger.tables import EVENTS, EXCEPTIONS, INCIDENT_STATES, SUSPENSIONS

IDS_AT_ONCE = 500
MAX_EVENTS_AT_ONCE = 2_000


class LedgerPosition(NamedTuple):
    """Last numbers that were read."""

    event: int
    incident_state: int
    suspension: int


class IncidentMembers(NamedTuple):
    """An incident as it is now, ids of its members, and ids of those who left it."""

    incident: Incident
    members: list[str]
    left: list[str]


@dataclass(frozen=True)
class LedgerChanges:
    """State of what changed.

    Attributes:
        position: Where to read on.
        records: Exceptions with an event.
        rescored: Ids of those that were scored again: their revision stays.
        incidents: Incidents with another state.
        suspensions: Promises suspended, or given again, in their order.
        claims: All active claims.
        is_complete: Whether nothing is left to read.
    """

    position: LedgerPosition
    records: list[ExceptionRecord]
    rescored: frozenset[str]
    incidents: list[IncidentMembers]
    suspensions: list[Suspension]
    claims: list[Claim]
    is_complete: bool


def latest_position(connection: Connection) -> LedgerPosition:
    """Return the position after all that is committed."""
    columns = (EVENTS.c.seq, INCIDENT_STATES.c.seq, SUSPENSIONS.c.seq)
    return LedgerPosition(*(_last(connection, column) for column in columns))


def changes_after(
    connection: Connection, position: LedgerPosition, *, now_ms: int
) -> LedgerChanges:
    """Return what changed after a position, up to `MAX_EVENTS_AT_ONCE` events of it.

    Args:
        connection: A transaction that sees one state of all tables.
        position: Where the last reading ended.
        now_ms: The present, by which claims are active.
    """
    query = select(EVENTS.c.seq, EVENTS.c.exception_id, EVENTS.c.kind)
    query = query.where(EVENTS.c.seq > position.event).order_by(EVENTS.c.seq)
    events = connection.execute(query.limit(MAX_EVENTS_AT_ONCE)).all()
    ids = list(dict.fromkeys(event.exception_id for event in events))
    return LedgerChanges(
        position=LedgerPosition(
            events[-1].seq if events else position.event,
            _last(connection, INCIDENT_STATES.c.seq),
            _last(connection, SUSPENSIONS.c.seq),
        ),
        records=_records(connection, ids),
        rescored=frozenset(event.exception_id for event in events if event.kind == "rescored"),
        incidents=_incidents(connection, position.incident_state),
        suspensions=suspensions_after(connection, position.suspension),
        claims=active_claims(connection, now_ms=now_ms),
        is_complete=len(events) < MAX_EVENTS_AT_ONCE,
    )


def _last(connection: Connection, seq: Column[int]) -> int:
    return connection.execute(select(func.max(seq))).scalar_one() or 0


def _records(connection: Connection, ids: Sequence[str]) -> list[ExceptionRecord]:
    records = []
    for begin in range(0, len(ids), IDS_AT_ONCE):
        query = select(EXCEPTIONS).where(EXCEPTIONS.c.id.in_(ids[begin : begin + IDS_AT_ONCE]))
        records += [ExceptionRecord.of(row) for row in connection.execute(query).mappings()]
    return records


def _incidents(connection: Connection, after: int) -> list[IncidentMembers]:
    query = select(INCIDENT_STATES.c.incident_id).where(INCIDENT_STATES.c.seq > after).distinct()
    ids = list(connection.execute(query).scalars())
    members = members_of(connection, ids)
    return [
        IncidentMembers(
            incident_of(connection, id_),
            [m.exception_id for m in members if m.incident_id == id_ and m.left_at_ms is None],
            [m.exception_id for m in members if m.incident_id == id_ and m.left_at_ms is not None],
        )
        for id_ in ids
    ]
