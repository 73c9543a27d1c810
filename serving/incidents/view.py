"""Incidents as `/v1/incidents` shows them: the open ones, and one with its members."""

import asyncio
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field

from data.ledger.incidents import Incident, Member, incident_of, members_of
from data.ledger.ledger import Ledger
from serving.incident_watch.evidence import stored_facts
from serving.live_list.incident_groups import IncidentRow
from serving.live_list.paging import Page
from serving.live_list.snapshot import Snapshot, SnapshotFilters
from serving.live_list.visible_list import VisibleList
from serving.wire.answers import Moment, StampOut, closed
from serving.wire.formats import rfc3339, rfc3339_or_none
from serving.worklist.row import WorklistRowOut
from serving.worklist.view import rows_view


@closed
class OpenIncidentsOut(StampOut):
    """The open incidents, as rows of the work list."""

    incidents: list[WorklistRowOut]


@closed
class IncidentDetailsOut(StampOut):
    """One incident with some of its open members."""

    id: str
    revision: int
    status: Literal["open", "closed"]
    message: Annotated[str, Field(description="the cause in words")]
    began_at: Moment
    closed_at: Moment | None
    row: Annotated[
        WorklistRowOut | None,
        Field(description="as on the work list; null without open members"),
    ]
    members: list[WorklistRowOut]
    total: Annotated[int, Field(description="members that are open")]
    ended: Annotated[int, Field(description="members that are not open any more")]
    split_off: Annotated[int, Field(description="members that people split off")]
    next_cursor: str | None


class StoredIncident(NamedTuple):
    """Rows of the ledger about one incident."""

    incident: Incident
    members: list[Member]

    @classmethod
    def read(cls, ledger: Ledger, incident_id: str) -> Self:
        """Read it.

        Raises:
            NotFoundError: There is none of this id.
        """
        with ledger.reading() as connection:
            return cls(incident_of(connection, incident_id), members_of(connection, [incident_id]))


async def incidents_view(worklist: VisibleList) -> OpenIncidentsOut:
    """Return the open incidents that have open members, in the order of the work list."""
    view = await worklist.view()
    return {"incidents": rows_view(view, _rows(view.snapshot)), **view.snapshot.stamp()}


def _rows(snapshot: Snapshot) -> list[int]:
    if not snapshot.rows.incidents:
        return []
    return [
        row for row in snapshot.order.tolist() if isinstance(snapshot.rows.at(row), IncidentRow)
    ]


def _open_members(page: Page, incident_id: str, worklist: VisibleList) -> int:
    """Return how many members are open; members of other teams are counted, and not shown."""
    return page.total if worklist.teams is None else worklist.count_members(incident_id)


async def incident_details(
    incident_id: str, limit: int, cursor: str | None, *, ledger: Ledger, worklist: VisibleList
) -> IncidentDetailsOut:
    """Return an incident, open or closed, with some of its open members.

    Raises:
        NotFoundError: There is none of this id.
        BadPayloadError: The cursor was not given by this service.
    """
    incident, members = await asyncio.to_thread(StoredIncident.read, ledger, incident_id)
    view = await worklist.view()
    filters = SnapshotFilters(incident_id=incident_id)
    page = worklist.page(filters, limit, cursor, view.snapshot)
    view = view._replace(snapshot=page.snapshot)
    row = page.snapshot.row_of(incident_id)
    belong = sum(member.left_at_ms is None for member in members)
    facts = stored_facts(incident)
    return {
        "id": incident.id,
        "revision": incident.revision,
        "status": "open" if incident.closed_at_ms is None else "closed",
        "message": facts.words,
        "began_at": rfc3339(incident.began_at_ms),
        "closed_at": rfc3339_or_none(incident.closed_at_ms),
        "row": None if row is None else rows_view(view, [row])[0],
        "members": rows_view(view, page.places),
        "total": page.total,
        "ended": belong - _open_members(page, incident_id, worklist),
        "split_off": len(members) - belong,
        "next_cursor": page.next_cursor,
        **page.snapshot.stamp(),
    }
