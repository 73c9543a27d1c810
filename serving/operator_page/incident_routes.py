"""Incidents on the operator's page."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from serving.http.html import ByScript, html
from serving.http.requests import ActionRequest, caller_of
from serving.incidents.page import incident_panel
from serving.incidents.resolve import resolve_incident
from serving.incidents.split import split_incident
from serving.operator_page.claim_routes import CHANGED, IncidentId, form_of
from serving.operator_page.routes import Below, list_values, resolution_of
from serving.service import service_of, visible_list
from serving.worklist.overview import WorklistFilters

router = APIRouter(include_in_schema=False)

MAX_ROWS_SHOWN = 20


@router.get("/incidents/{incident_id}")
async def incident(
    request: Request, incident_id: IncidentId, below: Below = None, by_script: ByScript = False
) -> Response:
    """One incident: beside the list, or alone when the page's script asks."""
    view = await _panel(request, incident_id)
    if by_script:
        return html("incidents/incident.html", incident=view, below=below)
    values = await list_values(request, WorklistFilters(), 0)
    return html(
        "worklist/page.html", **values, whole=True, exception=None, incident=view, below=below
    )


@router.get("/incidents/{incident_id}/members")
async def members(
    request: Request, incident_id: IncidentId, cursor: Annotated[str, Query(max_length=200)]
) -> Response:
    """More of its members."""
    view = await _panel(request, incident_id, cursor)
    return html("incidents/incident_members.html", incident=view)


@router.post("/incidents/{incident_id}/resolve")
async def resolve(
    request: Request, incident_id: IncidentId, by_script: ByScript = False
) -> Response:
    """Say how its members ended, from the page's form."""
    form = await form_of(request, by_script=by_script)
    payload = resolution_of({name: values[0] for name, values in form.items()})
    service = service_of(request)
    answer = await resolve_incident(
        ActionRequest(incident_id, orjson.dumps(payload), caller=caller_of(request)),
        writer=service.writer,
        scorer=service.scorer,
        guarantees=service.guarantees,
        incidents=service.incidents,
        now_ms=service.clock(),
    )
    shown = orjson.loads(answer.body)
    left = [item for item in shown["results"] if item["result"] != "resolved"]
    summary = f"{shown['resolved']:,} are off the list, each with an outcome of its own"
    return html(
        "incidents/incident_done.html",
        CHANGED,
        title="Resolved",
        summary=summary,
        left=left[:MAX_ROWS_SHOWN],
    )


@router.post("/incidents/{incident_id}/split")
async def split(request: Request, incident_id: IncidentId, by_script: ByScript = False) -> Response:
    """Split members off, those that were chosen or all; show what is left."""
    form = await form_of(request, by_script=by_script)
    payload: dict[str, Any] = {"by": form.get("by", [""])[0]}
    if form.get("which") != ["all"]:
        payload["members"] = form.get("members", [])
    service = service_of(request)
    await split_incident(
        ActionRequest(incident_id, orjson.dumps(payload), caller=caller_of(request)),
        writer=service.writer,
        scorer=service.scorer,
        incidents=service.incidents,
        now_ms=service.clock(),
    )
    view = await _panel(request, incident_id)
    return html("incidents/incident.html", CHANGED, incident=view, below=None)


async def _panel(request: Request, incident_id: str, cursor: str | None = None) -> dict[str, Any]:
    service = service_of(request)
    return await incident_panel(
        incident_id,
        cursor,
        ledger=service.ledger,
        scorer=service.scorer,
        worklist=visible_list(request),
    )
