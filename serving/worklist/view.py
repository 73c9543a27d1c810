"""The work list as answers show it: of now, and of any moment that the ledger remembers."""

from typing import Any, NamedTuple

from data.ticks import MISSING_TICK, MS_PER_HOUR
from serving.live_list.incident_groups import IncidentRow
from serving.live_list.paging import Bookmark, Page, cut, read_cursor
from serving.live_list.snapshot import ListView, Snapshot, SnapshotFilters
from serving.live_list.waiting_cost import costs_of_waiting
from serving.live_list.worklist import Worklist
from serving.scoring.answer import scoring_answer
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.exception_in import ExceptionIn
from serving.wire.formats import iso_hours, rfc3339, rfc3339_or_none
from serving.worklist.incident_row import incident_view


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


async def worklist_view(worklist: Worklist, query: WorklistQuery) -> dict[str, Any]:
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


def page_view(page: Page, list_view: ListView, team: str | None) -> dict[str, Any]:
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


def rows_view(list_view: ListView, rows: list[int]) -> list[dict[str, Any]]:
    """Return some rows of the work list, each with what waiting costs."""
    costs = costs_of_waiting(list_view.snapshot, rows)
    return [
        row_view(list_view, row) | {"cost_of_waiting": cost}
        for row, cost in zip(rows, costs, strict=True)
    ]


def row_view(list_view: ListView, row: int) -> dict[str, Any]:
    """Return one row of the work list."""
    snapshot = list_view.snapshot
    open_row, incident = snapshot.rows.at(row), snapshot.rows.incident_of(row)
    if isinstance(open_row, IncidentRow):
        return incident_view(list_view, open_row)
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
    }


def facts(exception_id: str, revision: int, exception: ExceptionIn, now_ms: int) -> dict[str, Any]:
    """Return what names an exception and says what it is about."""
    order = exception.order
    total = order.total if order else None
    due_at = MISSING_TICK if exception.due_at is None else exception.due_at
    left = None if due_at == MISSING_TICK else iso_hours((due_at - now_ms) / MS_PER_HOUR)
    return {
        "id": exception_id,
        "revision": revision,
        "source": exception.source,
        "external_id": exception.external_id,
        "type": exception.known_type,
        "source_value": exception.type_word if exception.known_type == "other" else None,
        "message": exception.message,
        "severity": exception.severity,
        "order_number": order.order_number if order else None,
        "order_total": total.model_dump() if total else None,
        "channel": order.channel if order else None,
        "customer_segment": order.customer.segment if order and order.customer else None,
        "detected_at": rfc3339(exception.detected_at),
        "due_at": rfc3339_or_none(exception.due_at),
        "time_left": left,
    }
