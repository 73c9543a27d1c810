"""Claims from the operator's page: of an exception or an incident that is open beside the list."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException

from serving.exceptions.claim import ActionRequest, claim_one, release_one
from serving.exceptions.intake import Answer
from serving.http.html import ByScript, html
from serving.http.requests import body_of
from serving.incidents.payload import INCIDENT_ID
from serving.operator_page.routes import Id
from serving.service import Service, desk_of

router = APIRouter(include_in_schema=False)

IncidentId = Annotated[str, Path(pattern=INCIDENT_ID)]
CHANGED = {"HX-Trigger": "changed"}


async def form_of(request: Request, *, by_script: bool) -> dict[str, list[str]]:
    """Return a form of the page; a form of another site is refused."""
    if not by_script:
        raise HTTPException(403, "This form is sent by the page. Use the API below /v1.")
    body = await body_of(request, desk_of(request).settings)
    told = parse_qs(body.decode(errors="replace"))
    return {name: [value.strip() for value in values] for name, values in told.items()}


@router.post("/exceptions/{subject_id}/claim")
async def claim_exception(
    request: Request, subject_id: Id, by_script: ByScript = False
) -> Response:
    """Claim an exception, or claim it for longer."""
    return await _done(request, claim_one, f"/exceptions/{subject_id}", by_script=by_script)


@router.post("/exceptions/{subject_id}/release")
async def release_exception(
    request: Request, subject_id: Id, by_script: ByScript = False
) -> Response:
    """Let go of an exception."""
    return await _done(request, release_one, f"/exceptions/{subject_id}", by_script=by_script)


@router.post("/incidents/{subject_id}/claim")
async def claim_incident(
    request: Request, subject_id: IncidentId, by_script: ByScript = False
) -> Response:
    """Claim an incident, or claim it for longer."""
    return await _done(request, claim_one, f"/incidents/{subject_id}", by_script=by_script)


@router.post("/incidents/{subject_id}/release")
async def release_incident(
    request: Request, subject_id: IncidentId, by_script: ByScript = False
) -> Response:
    """Let go of an incident."""
    return await _done(request, release_one, f"/incidents/{subject_id}", by_script=by_script)


async def _done(
    request: Request,
    do: Callable[[Service, ActionRequest], Awaitable[Answer]],
    base: str,
    *,
    by_script: bool,
) -> Response:
    form = await form_of(request, by_script=by_script)
    body = orjson.dumps({"by": form.get("by", [""])[0]})
    answer = await do(desk_of(request), ActionRequest(base.rsplit("/", 1)[1], body))
    return html("worklist/claim_alone.html", CHANGED, subject=orjson.loads(answer.body), base=base)
