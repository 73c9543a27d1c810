"""What `/v1/incidents` shows: the open incidents, and one of them with its members."""

import asyncio
from typing import Any

from data.ledger.incidents import Incident, Member, incident_of, members_of
from serving.incident_watch.evidence import IncidentFacts
from serving.live_list.incident_groups import IncidentRow
from serving.live_list.snapshot import ListView, Snapshot, SnapshotFilters
from serving.scoring.answer import rfc3339, rfc3339_or_none
from serving.service import Service
from serving.worklist.view import rows_view


async def incidents_view(desk: Service) -> dict[str, Any]:
    """Return the open incidents that have open members, in the order of the work list."""
    snapshot = await desk.ranked()
    sight = ListView(snapshot, desk.claims, desk.now_ms())
    return {"incidents": rows_view(sight, _places(snapshot)), **snapshot.stamp()}


def _places(snapshot: Snapshot) -> list[int]:
    if not snapshot.rows.incidents:
        return []
    return [
        place
        for place in snapshot.order.tolist()
        if isinstance(snapshot.rows.at(place), IncidentRow)
    ]


async def one_incident_view(
    desk: Service, incident_id: str, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return an incident, open or closed, with some of its open members.

    Raises:
        NotFoundError: There is none of this id.
        BadPayloadError: The cursor is none of ours.
    """
    incident, members = await asyncio.to_thread(_read, desk, incident_id)
    latest = await desk.ranked()
    page = desk.worklist.page(SnapshotFilters(incident_id=incident_id), limit, cursor, latest)
    sight = ListView(page.snapshot, desk.claims, desk.now_ms())
    place = page.snapshot.row_of(incident_id)
    belong = sum(member.left_at_ms is None for member in members)
    evidence = IncidentFacts.from_json(incident.body)
    return {
        "id": incident.id,
        "revision": incident.revision,
        "status": "open" if incident.closed_at_ms is None else "closed",
        "message": evidence.words,
        "began_at": rfc3339(incident.began_at_ms),
        "closed_at": rfc3339_or_none(incident.closed_at_ms),
        "row": None if place is None else rows_view(sight, [place])[0],
        "members": rows_view(sight, page.places),
        "total": page.total,
        "ended": belong - page.total,
        "split_off": len(members) - belong,
        "next_cursor": page.next_cursor,
        **page.snapshot.stamp(),
    }


def _read(desk: Service, incident_id: str) -> tuple[Incident, list[Member]]:
    with desk.ledger.reading() as connection:
        return incident_of(connection, incident_id), members_of(connection, [incident_id])
