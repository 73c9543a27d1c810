"""Incidents and their members in the ledger.

An exception belongs to at most one open incident. One that was split off an incident never joins
one of that cause again. What is written is written inside the caller's one transaction.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, func, insert, select, update

from data.domain import NotFoundError
from data.ledger.claims import end_claims
from data.ledger.tables import (
    EVENTS,
    EXCEPTIONS,
    INCIDENT_MEMBERS,
    INCIDENT_STATES,
    INCIDENTS,
    READERS,
    next_revision,
)

IDS_AT_ONCE = 500


@dataclass(frozen=True)
class Incident:
    """One burst with one cause; the fields are those of `data.ledger.tables.INCIDENTS`."""

    id: str
    attribute: str
    value: str
    revision: int
    began_at_ms: int
    known_at_ms: int
    closed_at_ms: int | None
    body: str


class IncidentAt(NamedTuple):
    """One incident as it was at a moment, and the ids of its members then."""

    incident: Incident
    members: list[str]


@dataclass(frozen=True)
class Member:
    """Membership of an exception in an incident, with its begin and end."""

    incident_id: str
    exception_id: str
    joined_at_ms: int
    left_at_ms: int | None


def save_incident(connection: Connection, incident: Incident, *, now_ms: int) -> None:
    """Write a new incident, or another state of one."""
    same = INCIDENTS.c.id == incident.id
    if not connection.execute(update(INCIDENTS).where(same).values(**asdict(incident))).rowcount:
        connection.execute(insert(INCIDENTS), [asdict(incident)])
    state = {"incident_id": incident.id, "revision": incident.revision, "body": incident.body}
    connection.execute(insert(INCIDENT_STATES), [state | {"known_at_ms": now_ms}])


def incident_of(connection: Connection, incident_id: str) -> Incident:
    """Return one incident.

    Raises:
        NotFoundError: There is none of this id.
    """
    query = select(INCIDENTS).where(INCIDENTS.c.id == incident_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("incident", incident_id)
    return Incident(**row)


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
    members = []
    for batch in _batches(incident_ids):
        rows = connection.execute(query.where(columns.incident_id.in_(batch))).mappings()
        members += [Member(**row) for row in rows]
    return members


def join(
    connection: Connection, incident: Incident, exception_ids: Sequence[str], *, now_ms: int
) -> list[str]:
    """Add the exceptions that are free to join; return them. A closed incident gains none."""
    ineligible = _ineligible(connection, incident, exception_ids)
    left_at_ms = None if incident.closed_at_ms is None else now_ms
    joining = [id_ for id_ in exception_ids if id_ not in ineligible]
    rows = [asdict(Member(incident.id, id_, now_ms, left_at_ms)) for id_ in joining]
    if rows:
        connection.execute(insert(INCIDENT_MEMBERS), rows)
    return joining if left_at_ms is None else []


def _ineligible(
    connection: Connection, incident: Incident, exception_ids: Sequence[str]
) -> set[str]:
    """Select members of an open incident, former members of this one, and leavers of this cause."""
    columns = INCIDENT_MEMBERS.c
    belongs = columns.left_at_ms.is_(None) & INCIDENTS.c.closed_at_ms.is_(None)
    same = (INCIDENTS.c.attribute == incident.attribute) & (INCIDENTS.c.value == incident.value)
    query = select(columns.exception_id).join(INCIDENTS, INCIDENTS.c.id == columns.incident_id)
    query = query.where(
        belongs | (columns.incident_id == incident.id) | (same & columns.left_at_ms.is_not(None))
    )
    ineligible: set[str] = set()
    for some in _batches(exception_ids):
        ineligible.update(connection.execute(query.where(columns.exception_id.in_(some))).scalars())
    return ineligible


def split_off(
    connection: Connection, incident_id: str, exception_ids: Collection[str] | None, *, now_ms: int
) -> list[str]:
    """Remove all or some members; return them."""
    members = [m for m in members_of(connection, [incident_id]) if m.left_at_ms is None]
    leaving = [
        m.exception_id for m in members if exception_ids is None or m.exception_id in exception_ids
    ]
    columns = INCIDENT_MEMBERS.c
    for some in _batches(leaving):
        these = (columns.incident_id == incident_id, columns.exception_id.in_(some))
        connection.execute(update(INCIDENT_MEMBERS).where(*these).values(left_at_ms=now_ms))
    return leaving


def record_change(
    connection: Connection, incident: Incident, *, now_ms: int, is_closed: bool
) -> Incident:
    """Count a change of an incident's members, or its end; return it as it is now."""
    closed_at_ms = now_ms if is_closed else None
    revision = next_revision(incident.revision)
    after = replace(incident, revision=revision, closed_at_ms=closed_at_ms)
    save_incident(connection, after, now_ms=now_ms)
    if is_closed:
        end_claims(connection, [incident.id], now_ms=now_ms)
    return after


def detected_of_members(connection: Connection, incident_id: str) -> list[int]:
    """Return when the members of an incident were detected, those split off left out."""
    columns = INCIDENT_MEMBERS.c
    query = select(EXCEPTIONS.c.detected_at_ms).join(
        INCIDENT_MEMBERS, columns.exception_id == EXCEPTIONS.c.id
    )
    conditions = (columns.incident_id == incident_id, columns.left_at_ms.is_(None))
    return list(connection.execute(query.where(*conditions)).scalars())


def incidents_at(connection: Connection, at_ms: int) -> list[IncidentAt]:
    """Return the incidents that were open at a moment, as they were, each with its members."""
    then = (INCIDENTS.c.known_at_ms <= at_ms, _not_over(INCIDENTS.c.closed_at_ms, at_ms))
    query = select(INCIDENTS).where(*then).order_by(INCIDENTS.c.known_at_ms, INCIDENTS.c.id)
    incidents = [Incident(**row) for row in connection.execute(query).mappings()]
    ids = [incident.id for incident in incidents]
    members: dict[str, list[str]] = {incident_id: [] for incident_id in ids}
    for m in members_of(connection, ids):
        if m.joined_at_ms <= at_ms and (m.left_at_ms is None or m.left_at_ms > at_ms):
            members[m.incident_id].append(m.exception_id)
    states = _states_at(connection, ids, at_ms)
    return [
        IncidentAt(
            replace(incident, **states[incident.id], closed_at_ms=None), members[incident.id]
        )
        for incident in incidents
    ]


def _states_at(
    connection: Connection, incident_ids: Sequence[str], at_ms: int
) -> dict[str, dict[str, Any]]:
    columns, states = INCIDENT_STATES.c, {}
    query = select(columns.incident_id, columns.revision, columns.body).order_by(columns.seq)
    for some in _batches(incident_ids):
        these = (columns.incident_id.in_(some), columns.known_at_ms <= at_ms)
        for row in connection.execute(query.where(*these)):
            states[row.incident_id] = {"revision": row.revision, "body": row.body}
    return states


def _not_over(ended_at_ms: Column[Any], at_ms: int) -> ColumnElement[bool]:
    return ended_at_ms.is_(None) | (ended_at_ms > at_ms)


def first_event_since(connection: Connection, known_at_ms: int) -> int:
    """Return the first event known at a moment or later; if there is none, one after the last."""
    query = select(func.min(EVENTS.c.seq)).where(EVENTS.c.known_at_ms >= known_at_ms)
    first = connection.execute(query).scalar_one()
    last = connection.execute(select(func.max(EVENTS.c.seq))).scalar_one()
    return (last or 0) + 1 if first is None else first


def reader_position(connection: Connection, reader: str) -> int:
    """Return the last event that a reader processed; a new reader begins after the last event."""
    query = select(READERS.c.seq).where(READERS.c.name == reader)
    seq = connection.execute(query).scalar_one_or_none()
    if seq is None:
        seq = connection.execute(select(func.max(EVENTS.c.seq))).scalar_one() or 0
        connection.execute(insert(READERS), [{"name": reader, "seq": seq}])
    return seq


def save_reader_position(connection: Connection, reader: str, seq: int) -> None:
    """Save the position of a reader, together with the results of its work."""
    connection.execute(update(READERS).where(READERS.c.name == reader).values(seq=seq))


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[begin : begin + IDS_AT_ONCE] for begin in range(0, len(ids), IDS_AT_ONCE))
