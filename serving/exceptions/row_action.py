"""Requests that act on one exception or one incident: an id, a body, and what the headers say."""

from typing import Annotated

from fastapi import Depends, Path, Request

from serving.http.requests import (
    EXCEPTION_ID,
    INCIDENT_ID,
    ActionRequest,
    IfMatch,
    Key,
    body_of,
    caller_of,
)
from serving.service import service_of

ACTION_PROBLEMS = (400, 403, 404, 409, 412, 413, 422, 503)
"""Statuses of the problems that such a request can meet."""

ExceptionId = Annotated[
    str, Path(pattern=EXCEPTION_ID, examples=["exc_06f8w2m1c4t0q9z5b7k3d1n8hg"])
]
IncidentId = Annotated[str, Path(pattern=INCIDENT_ID, examples=["inc_06f8w2m1c4t0q9z5b7k3d1n8hg"])]


async def _on_exception(
    request: Request, exception_id: ExceptionId, key: Key = None, if_match: IfMatch = None
) -> ActionRequest:
    body = await body_of(request, service_of(request).settings)
    return ActionRequest(exception_id, body, key, if_match, caller_of(request))


async def _on_incident(
    request: Request, incident_id: IncidentId, key: Key = None, if_match: IfMatch = None
) -> ActionRequest:
    body = await body_of(request, service_of(request).settings)
    return ActionRequest(incident_id, body, key, if_match, caller_of(request))


ExceptionAction = Annotated[ActionRequest, Depends(_on_exception)]
IncidentAction = Annotated[ActionRequest, Depends(_on_incident)]
