"""Incidents on the operator's page."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from serving.exceptions.claim import ActionRequest
from serving.http.html import ByScript, html
from serving.incidents.page import incident_panel
from serving.incidents.resolve import resolve_incident
from serving.incidents.split import split_incident
from serving.operator_page.claim_routes import CHANGED, IncidentId, form_of
from serving.operator_page.routes import Below, list_values, resolution_of
from serving.service import desk_of
from serving.worklist.overview import WorklistFilters

router = APIRouter(include_in_schema=False)

MOST_TOLD = 20


@router.get("/incidents/{incident_id}")
async def one(
    request: Request, incident_id: IncidentId, below: Below = None, by_script: ByScript = False
) -> Response:
    """One incident: beside the list, or alone when the page's script asks."""
    view = await incident_panel(desk_of(request), incident_id)
    if by_script:
        return html("incidents/incident.html", incident=view, below=below)
    values = await list_values(request, WorklistFilters(), 0)
    return html("worklist/page.html", **values, whole=True, one=None, incident=view, below=below)


@router.get("/incidents/{incident_id}/members")
async def members(
    request: Request, incident_id: IncidentId, cursor: Annotated[str, Query(max_length=200)]
) -> Response:
    """More of its members."""
    view = await incident_panel(desk_of(request), incident_id, cursor)
    return html("incidents/incident_members.html", incident=view)


@router.post("/incidents/{incident_id}/resolve")
async def resolve(
    request: Request, incident_id: IncidentId, by_script: ByScript = False
) -> Response:
    """Say how its members ended, from the page's form."""
    form = await form_of(request, by_script=by_script)
    told = resolution_of({name: values[0] for name, values in form.items()})
    asked = ActionRequest(incident_id, orjson.dumps(told))
    answer = orjson.loads((await resolve_incident(desk_of(request), asked)).body)
    left = [one for one in answer["results"] if one["result"] != "resolved"]
    said = f"{answer['resolved']:,} are off the list, each with an outcome of its own"
    return html(
        "incidents/incident_done.html", CHANGED, title="Resolved", told=said, left=left[:MOST_TOLD]
    )


@router.post("/incidents/{incident_id}/split")
async def split(request: Request, incident_id: IncidentId, by_script: ByScript = False) -> Response:
    """Split members off, those that were chosen or all; show what is left."""
    form = await form_of(request, by_script=by_script)
    told: dict[str, Any] = {"by": form.get("by", [""])[0]}
    if form.get("which") != ["all"]:
        told["members"] = form.get("members", [])
    desk = desk_of(request)
    await split_incident(desk, ActionRequest(incident_id, orjson.dumps(told)))
    view = await incident_panel(desk, incident_id)
    return html("incidents/incident.html", CHANGED, incident=view, below=None)
