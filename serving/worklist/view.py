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
    """Which rows of which list are wanted.

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


async def worklist_view(worklist: Worklist, asked: WorklistQuery) -> dict[str, Any]:
    """Return a page of the work list.

    Raises:
        BadPayloadError: The cursor is none of this list; there is no list as of that moment.
    """
    sight = await worklist.view(asked.at_ms)
    if asked.at_ms is None:
        page = worklist.page(asked.filters, asked.limit, asked.cursor, sight.snapshot)
        sight = sight._replace(snapshot=page.snapshot)
    else:
        page = _page_of(sight.snapshot, asked)
    return page_view(page, sight, asked.filters.team)


def _page_of(snapshot: Snapshot, asked: WorklistQuery) -> Page:
    read = Bookmark(snapshot.number, 0) if asked.cursor is None else read_cursor(asked.cursor)
    if read.number != snapshot.number:
        raise BadPayloadError([Flaw("query/cursor", "is of a list as of another moment")])
    return cut(snapshot, asked.filters, read.begin, asked.limit)


def page_view(page: Page, sight: ListView, team: str | None) -> dict[str, Any]:
    """Return some rows, and what they were ranked by."""
    snapshot = sight.snapshot
    return {
        "rows": rows_view(sight, page.places),
        "total": page.total,
        "next_cursor": page.next_cursor,
        "ranked_at": rfc3339(snapshot.now_ms),
        "currency": snapshot.policy.currency,
        **snapshot.lines.shown(team),
        **snapshot.stamp(),
        "scored_at": rfc3339(sight.now_ms),
    }


def rows_view(sight: ListView, places: list[int]) -> list[dict[str, Any]]:
    """Return some rows of the work list, each with what waiting costs."""
    costs = costs_of_waiting(sight.snapshot, places)
    return [
        row_view(sight, place) | {"cost_of_waiting": cost}
        for place, cost in zip(places, costs, strict=True)
    ]


def row_view(sight: ListView, place: int) -> dict[str, Any]:
    """Return one row of the work list."""
    snapshot = sight.snapshot
    row, incident = snapshot.rows.at(place), snapshot.rows.incident_of(place)
    if isinstance(row, IncidentRow):
        return incident_view(sight, row)
    scoring = scoring_answer(
        row.opinion, snapshot.place(place), snapshot.policy, now_ms=snapshot.now_ms
    )
    return {
        "kind": "exception",
        "rank": int(snapshot.rank_of[place]),
        **facts(row.id, row.revision, row.exception, snapshot.now_ms),
        **sight.claims.shown(row.id, sight.now_ms),
        **scoring,
        "incident_id": incident.id if incident else None,
        "members": None,
        "incident": None,
    }


def facts(exception_id: str, revision: int, told: ExceptionIn, now_ms: int) -> dict[str, Any]:
    """Return what names an exception and says what it is about."""
    order = told.order
    total = order.total if order else None
    due_at = MISSING_TICK if told.due_at is None else told.due_at
    left = None if due_at == MISSING_TICK else iso_hours((due_at - now_ms) / MS_PER_HOUR)
    return {
        "id": exception_id,
        "revision": revision,
        "source": told.source,
        "external_id": told.external_id,
        "type": told.known_type,
        "source_value": told.type_word if told.known_type == "other" else None,
        "message": told.message,
        "severity": told.severity,
        "order_number": order.order_number if order else None,
        "order_total": total.model_dump() if total else None,
        "channel": order.channel if order else None,
        "customer_segment": order.customer.segment if order and order.customer else None,
        "detected_at": rfc3339(told.detected_at),
        "due_at": rfc3339_or_none(told.due_at),
        "time_left": left,
    }
