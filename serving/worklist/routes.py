"""`GET /v1/worklist`: what to work on now."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from serving.http.openapi import answers
from serving.http.requests import INCIDENT_ID, At, json_answer, past_tick
from serving.live_list.snapshot import SnapshotFilters
from serving.service import visible_list
from serving.worklist.view import WorklistPageOut, WorklistQuery, worklist_view

router = APIRouter(prefix="/v1", tags=["work list"])


def _filters(
    team: Annotated[str | None, Query(max_length=255)] = None,
    category: Annotated[str | None, Query(max_length=255)] = None,
    incident_id: Annotated[str | None, Query(pattern=INCIDENT_ID)] = None,
) -> SnapshotFilters:
    return SnapshotFilters(team, category, incident_id)


@router.get("/worklist", responses=answers(WorklistPageOut, (422,)))
async def worklist(
    request: Request,
    filters: Annotated[SnapshotFilters, Depends(_filters)],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    at: At = None,
) -> Response:
    """Open exceptions, highest score first, as of now or of any moment before.

    An incident is one row; `incident_id` shows its members.
    """
    query = WorklistQuery(filters, limit, cursor, past_tick(at))
    return json_answer(await worklist_view(visible_list(request), query))
