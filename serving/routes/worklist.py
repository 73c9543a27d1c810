"""`GET /v1/worklist`: what to work on now."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from serving.bodies import json_answer
from serving.desk import desk_of
from serving.documentation import answers
from serving.list_view import worklist_view
from serving.shapes import WorklistPage
from serving.snapshot import Filters

router = APIRouter(prefix="/v1", tags=["work list"])


@router.get("/worklist", responses=answers(WorklistPage, 422))
async def worklist(
    request: Request,
    team: Annotated[str | None, Query(max_length=255)] = None,
    category: Annotated[str | None, Query(max_length=255)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Open exceptions, the most worthwhile first, as of now."""
    filters = Filters(team, category)
    return json_answer(await worklist_view(desk_of(request), filters, limit, cursor))
