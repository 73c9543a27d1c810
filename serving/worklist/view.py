"""The work list as answers show it: of now, and of any moment that the ledger remembers."""

from typing import NamedTuple

from serving.live_list.capacity import CapacityLineOut
from serving.live_list.incident_groups import IncidentRow
from serving.live_list.paging import Bookmark, Page, cut, read_cursor
from serving.live_list.snapshot import ListView, Snapshot, SnapshotFilters
from serving.live_list.visible_list import VisibleList
from serving.live_list.waiting_cost import CostOfWaitingOut, costs_of_waiting
from serving.scoring.answer import scoring_answer
from serving.wire.answers import Moment, StampOut, closed
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.formats import rfc3339
from serving.worklist.incident_row import incident_view
from serving.worklist.row import WorklistRowOut, facts


@closed
class WorklistPageOut(CapacityLineOut, StampOut):
    """A page of the work list."""

    rows: list[WorklistRowOut]
    total: int
    next_cursor: str | None
    ranked_at: Moment
    currency: str


class WorklistQuery(NamedTuple):
    """Query of the work list: filters, page and moment.

    Attributes:
        filters: Narrow it down.
        limit: So many rows.
        cursor: Goes on where an earlier page ended.
        at_ms: As of this moment; None for now.
    """

    filters: SnapshotFilters
    limit: int
    cursor: str | None = None
    at_ms: int | None = None


async def worklist_view(worklist: VisibleList, query: WorklistQuery) -> WorklistPageOut:
    """Return a page of the work list.

    Raises:
        BadPayloadError: The cursor is none of this list; there is no list as of that moment.
    """
    list_view = await worklist.view(query.at_ms)
    if query.at_ms is None:
        page = worklist.page(query.filters, query.limit, query.cursor, list_view.snapshot)
        list_view = list_view._replace(snapshot=page.snapshot)
    else:
        page = _page_of(list_view.snapshot, query)
    return page_view(page, list_view, query.filters.team)


def _page_of(snapshot: Snapshot, query: WorklistQuery) -> Page:
    read = Bookmark(snapshot.number, 0) if query.cursor is None else read_cursor(query.cursor)
    if read.number != snapshot.number:
        raise BadPayloadError([Flaw("query/cursor", "is of a list as of another moment")])
    return cut(snapshot, query.filters, read.begin, query.limit)


def page_view(page: Page, list_view: ListView, team: str | None) -> WorklistPageOut:
    """Return some rows, and what they were ranked by."""
    snapshot = list_view.snapshot
    return {
        "rows": rows_view(list_view, page.places),
        "total": page.total,
        "next_cursor": page.next_cursor,
        "ranked_at": rfc3339(snapshot.now_ms),
        "currency": snapshot.policy.currency,
        **snapshot.lines.shown(team),
        **snapshot.stamp(),
        "scored_at": rfc3339(list_view.now_ms),
    }


def rows_view(list_view: ListView, rows: list[int]) -> list[WorklistRowOut]:
    """Return some rows of the work list, each with what waiting costs."""
    costs = costs_of_waiting(list_view.snapshot, rows)
    return [row_view(list_view, row, cost) for row, cost in zip(rows, costs, strict=True)]


def row_view(
    list_view: ListView, row: int, cost_of_waiting: CostOfWaitingOut | None
) -> WorklistRowOut:
    """Return one row of the work list."""
    snapshot = list_view.snapshot
    open_row, incident = snapshot.rows.at(row), snapshot.rows.incident_of(row)
    if isinstance(open_row, IncidentRow):
        return incident_view(list_view, open_row, cost_of_waiting)
    scoring = scoring_answer(
        open_row.assessment, snapshot.ranked_row(row), snapshot.policy, now_ms=snapshot.now_ms
    )
    return {
        "kind": "exception",
        "rank": int(snapshot.rank_of[row]),
        **facts(open_row.id, open_row.revision, open_row.exception, snapshot.now_ms),
        **list_view.claims.shown(open_row.id, list_view.now_ms),
        **scoring,
        "incident_id": incident.id if incident else None,
        "members": None,
        "incident": None,
        "cost_of_waiting": cost_of_waiting,
        "team_back_at": snapshot.team_back_at(row),
    }
