"""Claims from the operator's page: of an exception or an incident that is open beside the list."""

from typing import Annotated
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException

from data.domain import NotFoundError
from serving.exceptions.claim_routes import claimed, handed_out, released
from serving.http.html import ByScript, html
from serving.http.idempotency import Answer
from serving.http.requests import INCIDENT_ID, ActionRequest, body_of, caller_of
from serving.operator_page.routes import Id
from serving.service import service_of

router = APIRouter(include_in_schema=False)

IncidentId = Annotated[str, Path(pattern=INCIDENT_ID)]
CHANGED = {"HX-Trigger": "changed"}


async def form_of(request: Request, *, by_script: bool) -> dict[str, list[str]]:
    """Return a form of the page; a form of another site is refused."""
    if not by_script:
        raise HTTPException(403, "This form is sent by the page. Use the API below /v1.")
    body = await body_of(request, service_of(request).settings)
    form = parse_qs(body.decode(errors="replace"))
    return {name: [value.strip() for value in values] for name, values in form.items()}


@router.post("/next")
async def hand_out(request: Request, by_script: ByScript = False) -> Response:
    """Claim the best row that is free, and open it beside the list."""
    form = await form_of(request, by_script=by_script)
    fields = {name: form.get(name, [""])[0] for name in ("by", "team")}
    body = orjson.dumps({name: value for name, value in fields.items() if value})
    row = (await handed_out(request, body))["row"]
    if row is None:
        raise NotFoundError("row", "that is free and can still be saved")
    kind = "incidents" if row["kind"] == "incident" else "exceptions"
    place = orjson.dumps({"path": f"/{kind}/{row['id']}", "target": "#panel"}).decode()
    return Response(headers={"HX-Location": place, **CHANGED})


@router.post("/exceptions/{subject_id}/claim")
async def claim_exception(
    request: Request, subject_id: Id, by_script: ByScript = False
) -> Response:
    """Claim an exception, or claim it for longer."""
    return await _claimed(request, f"/exceptions/{subject_id}", by_script=by_script)


@router.post("/exceptions/{subject_id}/release")
async def release_exception(
    request: Request, subject_id: Id, by_script: ByScript = False
) -> Response:
    """Release an exception."""
    return await _released(request, f"/exceptions/{subject_id}", by_script=by_script)


@router.post("/incidents/{subject_id}/claim")
async def claim_incident(
    request: Request, subject_id: IncidentId, by_script: ByScript = False
) -> Response:
    """Claim an incident, or claim it for longer."""
    return await _claimed(request, f"/incidents/{subject_id}", by_script=by_script)


@router.post("/incidents/{subject_id}/release")
async def release_incident(
    request: Request, subject_id: IncidentId, by_script: ByScript = False
) -> Response:
    """Release an incident."""
    return await _released(request, f"/incidents/{subject_id}", by_script=by_script)


async def _claimed(request: Request, base: str, *, by_script: bool) -> Response:
    return _drawn(await claimed(request, await _action(request, base, by_script=by_script)), base)


async def _released(request: Request, base: str, *, by_script: bool) -> Response:
    return _drawn(await released(request, await _action(request, base, by_script=by_script)), base)


async def _action(request: Request, base: str, *, by_script: bool) -> ActionRequest:
    form = await form_of(request, by_script=by_script)
    body = orjson.dumps({"by": form.get("by", [""])[0]})
    return ActionRequest(base.rsplit("/", 1)[1], body, caller=caller_of(request))


def _drawn(answer: Answer, base: str) -> Response:
    return html("worklist/claim_alone.html", CHANGED, subject=orjson.loads(answer.body), base=base)
