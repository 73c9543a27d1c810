"""Claims of `/v1/exceptions` and `/v1/incidents`: take a row of the list, let go of it."""

from fastapi import APIRouter, Request, Response

from serving.exceptions.claim import ClaimedOut, claim_row, release_row
from serving.exceptions.next_row import NextRowOut, next_row
from serving.exceptions.payload import claim_body, next_body
from serving.exceptions.row_action import ACTION_PROBLEMS, ExceptionAction, IncidentAction
from serving.http.idempotency import Answer, sent
from serving.http.openapi import answers
from serving.http.requests import ActionRequest, body_of, caller_of, json_answer
from serving.service import service_of, visible_list

router = APIRouter(prefix="/v1")
EXCEPTION, INCIDENT = "/exceptions/{exception_id}", "/incidents/{incident_id}"
CLAIMED = answers(ClaimedOut, ACTION_PROBLEMS)


@router.post(
    f"{EXCEPTION}/claim", openapi_extra=claim_body(), responses=CLAIMED, tags=["exceptions"]
)
async def claim_exception(request: Request, action: ExceptionAction) -> Response:
    """Take an exception for a while: nobody else can until then. Claiming again renews it."""
    return sent(await claimed(request, action))


@router.post(
    f"{EXCEPTION}/release", openapi_extra=claim_body(), responses=CLAIMED, tags=["exceptions"]
)
async def release_exception(request: Request, action: ExceptionAction) -> Response:
    """Let go of an exception that one has claimed; one that is free stays so."""
    return sent(await released(request, action))


@router.post(f"{INCIDENT}/claim", openapi_extra=claim_body(), responses=CLAIMED, tags=["incidents"])
async def claim_incident(request: Request, action: IncidentAction) -> Response:
    """Take an incident for a while, with all its members; claiming again renews it."""
    return sent(await claimed(request, action))


@router.post(
    f"{INCIDENT}/release", openapi_extra=claim_body(), responses=CLAIMED, tags=["incidents"]
)
async def release_incident(request: Request, action: IncidentAction) -> Response:
    """Let go of an incident that one has claimed; one that is free stays so."""
    return sent(await released(request, action))


@router.post(
    "/worklist/next",
    openapi_extra=next_body(),
    responses=answers(NextRowOut, (400, 403, 413, 422, 503)),
    tags=["work list"],
)
async def hand_out(request: Request) -> Response:
    """Take the best row that is free, for a while. Asking again takes another one."""
    body = await body_of(request, service_of(request).settings)
    return json_answer(await handed_out(request, body))


async def handed_out(request: Request, body: bytes) -> NextRowOut:
    """Hand out the next row by the parts of the service."""
    service = service_of(request)
    return await next_row(
        ActionRequest("", body, caller=caller_of(request)),
        worklist=visible_list(request),
        writer=service.writer,
        claims=service.claims,
        policy=service.policy,
        now_ms=service.clock(),
    )


async def claimed(request: Request, action: ActionRequest) -> Answer:
    """Claim a row by the parts of the service."""
    service = service_of(request)
    return await claim_row(
        action,
        writer=service.writer,
        claims=service.claims,
        policy=service.policy,
        now_ms=service.clock(),
    )


async def released(request: Request, action: ActionRequest) -> Answer:
    """Release a row by the parts of the service."""
    service = service_of(request)
    return await release_row(
        action, writer=service.writer, claims=service.claims, now_ms=service.clock()
    )
