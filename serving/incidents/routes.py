"""`/v1/incidents`: look at, resolve as a whole, split."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from serving.exceptions.row_action import ACTION_PROBLEMS, IncidentAction, IncidentId
from serving.http.idempotency import sent
from serving.http.openapi import answers
from serving.http.requests import etag, json_answer
from serving.incidents.payload import incident_resolution_body, split_body
from serving.incidents.resolve import ResolvedMembersOut, resolve_incident
from serving.incidents.split import SplitMembersOut, split_incident
from serving.incidents.view import (
    IncidentDetailsOut,
    OpenIncidentsOut,
    incident_details,
    incidents_view,
)
from serving.service import service_of, visible_list

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])


@router.get("", responses=answers(OpenIncidentsOut))
async def look_at_incidents(request: Request) -> Response:
    """The open incidents, highest score first."""
    return json_answer(await incidents_view(visible_list(request)))


@router.get("/{incident_id}", responses=answers(IncidentDetailsOut, (404, 422, 503)))
async def look_at_incident(
    request: Request,
    incident_id: IncidentId,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """One incident, and page by page its open members in the order of the ranking rule."""
    service = service_of(request)
    view = await incident_details(
        incident_id, limit, cursor, ledger=service.ledger, worklist=visible_list(request)
    )
    return json_answer(view, headers={"ETag": etag(view["revision"])})


@router.post(
    "/{incident_id}/resolve",
    openapi_extra=incident_resolution_body(),
    responses=answers(ResolvedMembersOut, ACTION_PROBLEMS),
)
async def resolve_members(request: Request, action: IncidentAction) -> Response:
    """Say once how the members ended: each gets the outcome, and an equal share of time and loss.

    Members that somebody else has, that changed since they were seen or that ended already are
    told one by one, and left as they are.
    """
    service = service_of(request)
    answer = await resolve_incident(
        action,
        writer=service.writer,
        scorer=service.scorer,
        guarantees=service.guarantees,
        incidents=service.incidents,
        now_ms=service.clock(),
    )
    return sent(answer)


@router.post(
    "/{incident_id}/split",
    openapi_extra=split_body(),
    responses=answers(SplitMembersOut, ACTION_PROBLEMS),
)
async def split_off_members(request: Request, action: IncidentAction) -> Response:
    """Let members be rows of their own again, some or all; they are not merged into it again."""
    service = service_of(request)
    answer = await split_incident(
        action,
        writer=service.writer,
        scorer=service.scorer,
        incidents=service.incidents,
        now_ms=service.clock(),
    )
    return sent(answer)
