"""Incidents and their members, as the ledger keeps them.

An exception belongs to at most one open incident. One that was split off an incident never joins
that one again. What is written is written inside the caller's one transaction.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, insert, select, update

from data.ledger_claims import end_claims
from data.ledger_tables import EVENTS, INCIDENT_MEMBERS, INCIDENTS, READERS

IDS_AT_ONCE = 500


@dataclass(frozen=True)
class Incident:
    """One burst with one cause; the fields are those of `ledger_tables.INCIDENTS`."""

    id: str
    attribute: str
    value: str
    revision: int
    began_at_ms: int
    known_at_ms: int
    closed_at_ms: int | None
    body: str


@dataclass(frozen=True)
class Member:
    """From when to when an exception belonged to an incident."""

    incident_id: str
    exception_id: str
    joined_at_ms: int
    left_at_ms: int | None


def keep_incident(connection: Connection, incident: Incident) -> None:
    """Write a new incident, or another state of one."""
    same = INCIDENTS.c.id == incident.id
    if not connection.execute(update(INCIDENTS).where(same).values(**asdict(incident))).rowcount:
        connection.execute(insert(INCIDENTS), [asdict(incident)])


def incidents_of(connection: Connection, *, is_open: bool = True) -> list[Incident]:
    """Return the incidents that are open, or all, the first known first."""
    query = select(INCIDENTS).order_by(INCIDENTS.c.known_at_ms, INCIDENTS.c.id)
    if is_open:
        query = query.where(INCIDENTS.c.closed_at_ms.is_(None))
    return [Incident(**row) for row in connection.execute(query).mappings()]


def members_of(connection: Connection, incident_ids: Sequence[str]) -> list[Member]:
    """Return who belongs to some incidents, or did, in the order of joining."""
    columns = INCIDENT_MEMBERS.c
    query = select(
        columns.incident_id, columns.exception_id, columns.joined_at_ms, columns.left_at_ms
    ).order_by(columns.seq)
    found = []
    for some in _in_parts(incident_ids):
        rows = connection.execute(query.where(columns.incident_id.in_(some))).mappings()
        found += [Member(**row) for row in rows]
    return found


def join(
    connection: Connection, incident: Incident, exception_ids: Sequence[str], *, now_ms: int
) -> list[str]:
    """Let exceptions join that are free to; return which did. Nobody joins what is closed."""
    taken = _taken(connection, incident.id, exception_ids)
    left_at_ms = None if incident.closed_at_ms is None else now_ms
    joining = [one for one in exception_ids if one not in taken]
    rows = [asdict(Member(incident.id, one, now_ms, left_at_ms)) for one in joining]
    if rows:
        connection.execute(insert(INCIDENT_MEMBERS), rows)
    return joining if left_at_ms is None else []


def _taken(connection: Connection, incident_id: str, exception_ids: Sequence[str]) -> set[str]:
    """Those that belong to an open incident, or ever belonged to this one."""
    columns = INCIDENT_MEMBERS.c
    belongs = columns.left_at_ms.is_(None) & INCIDENTS.c.closed_at_ms.is_(None)
    query = select(columns.exception_id).join(INCIDENTS, INCIDENTS.c.id == columns.incident_id)
    query = query.where(belongs | (columns.incident_id == incident_id))
    found: set[str] = set()
    for some in _in_parts(exception_ids):
        found.update(connection.execute(query.where(columns.exception_id.in_(some))).scalars())
    return found


def split_off(
    connection: Connection, incident_id: str, exception_ids: Collection[str] | None, *, now_ms: int
) -> list[str]:
    """Let members leave, all or some; return which did."""
    members = [m for m in members_of(connection, [incident_id]) if m.left_at_ms is None]
    leaving = [
        m.exception_id for m in members if exception_ids is None or m.exception_id in exception_ids
    ]
    columns = INCIDENT_MEMBERS.c
    for some in _in_parts(leaving):
        these = (columns.incident_id == incident_id, columns.exception_id.in_(some))
        connection.execute(update(INCIDENT_MEMBERS).where(*these).values(left_at_ms=now_ms))
    return leaving


def changed(
    connection: Connection, incident: Incident, *, closed_at_ms: int | None = None
) -> Incident:
    """Count a change of an incident's members, or its end; return it as it is now."""
    after = replace(incident, revision=incident.revision + 1, closed_at_ms=closed_at_ms)
    keep_incident(connection, after)
    if closed_at_ms is not None:
        end_claims(connection, [incident.id], now_ms=closed_at_ms)
    return after


def incidents_at(connection: Connection, at_ms: int) -> tuple[list[Incident], dict[str, str]]:
    """Return the incidents that were open at a moment, and of each member then its incident."""
    there = (INCIDENTS.c.known_at_ms <= at_ms, _not_over(INCIDENTS.c.closed_at_ms, at_ms))
    query = select(INCIDENTS).where(*there).order_by(INCIDENTS.c.known_at_ms, INCIDENTS.c.id)
    incidents = [Incident(**row) for row in connection.execute(query).mappings()]
    members = members_of(connection, [one.id for one in incidents])
    return incidents, {
        m.exception_id: m.incident_id
        for m in members
        if m.joined_at_ms <= at_ms and (m.left_at_ms is None or m.left_at_ms > at_ms)
    }


def _not_over(ended_at_ms: Column[Any], at_ms: int) -> ColumnElement[bool]:
    return ended_at_ms.is_(None) | (ended_at_ms > at_ms)


def read_up_to(connection: Connection, reader: str) -> int:
    """Return up to which event a reader has got; a new one begins after what is there."""
    query = select(READERS.c.seq).where(READERS.c.name == reader)
    seq = connection.execute(query).scalar_one_or_none()
    if seq is None:
        seq = connection.execute(select(func.max(EVENTS.c.seq))).scalar_one() or 0
        connection.execute(insert(READERS), [{"name": reader, "seq": seq}])
    return seq


def keep_read(connection: Connection, reader: str, seq: int) -> None:
    """Say up to which event a reader has got, with what it made of them."""
    connection.execute(update(READERS).where(READERS.c.name == reader).values(seq=seq))


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[begin : begin + IDS_AT_ONCE] for begin in range(0, len(ids), IDS_AT_ONCE))
