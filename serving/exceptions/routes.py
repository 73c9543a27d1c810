"""`/v1/exceptions`: take in, look at, resolve."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from serving.exceptions.claim import ActionRequest, claim_one, release_one
from serving.exceptions.intake import Answer, take_in
from serving.exceptions.resolve import etag, resolve_one
from serving.exceptions.view import exception_view
from serving.http.openapi import answers, claim_body, exceptions_body, resolution_body
from serving.http.parameters import At, past_tick
from serving.http.problems import PROBLEM_JSON
from serving.http.requests import JSON, body_of, json_answer
from serving.http.schemas import Accepted, AcceptedBatch, Claimed, ExceptionView, Resolved
from serving.incidents.payload import ROW_ID
from serving.service import desk_of
from serving.worklist.comparison import ComparisonOut, versus_view

router = APIRouter(prefix="/v1/exceptions", tags=["exceptions"])

Id = Annotated[str, Path(pattern="^exc_[0-9a-z]{26}$", examples=["exc_06f8w2m1c4t0q9z5b7k3d1n8hg"])]
RowId = Annotated[str, Path(pattern=ROW_ID, description="an exception or an incident")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]
IfMatch = Annotated[str | None, Header(alias="If-Match")]


def sent(answer: Answer) -> Response:
    """Return an answer with its ETag."""
    headers = {} if answer.revision is None else {"ETag": etag(answer.revision)}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    kind = JSON if answer.status < 400 else PROBLEM_JSON
    return Response(answer.body, answer.status, headers=headers, media_type=kind)


async def asked_of(
    request: Request, subject_id: str, key: str | None, match: str | None
) -> ActionRequest:
    """Return what is asked of one row of the list: its body, and what the headers said."""
    body = await body_of(request, desk_of(request).settings)
    return ActionRequest(subject_id, body, key, match)


@router.post(
    "",
    openapi_extra=exceptions_body(),
    responses=answers(Accepted | AcceptedBatch, 400, 413, 422, 503)
    | {201: {"model": Accepted, "description": "It is new"}},
)
async def take_in_exceptions(request: Request, idempotency_key: Key = None) -> Response:
    """Take in one exception, or {"exceptions": [...]} item by item: scored, stored, ranked.

    `source` and `external_id` name it: the same again changes nothing, a newer one replaces it, an
    older one is noted and overwrites nothing.
    """
    desk = desk_of(request)
    body = await body_of(request, desk.settings)
    return sent(await take_in(desk, body, idempotency_key))


@router.get("/{exception_id}", responses=answers(ExceptionView, 404, 422, 503))
async def look_at_exception(request: Request, exception_id: Id) -> Response:
    """One exception as posted, as scored now with reasons, and what happened to it."""
    view = await exception_view(desk_of(request), exception_id)
    return json_answer(view, headers={"ETag": etag(view["revision"])})


@router.get("/{exception_id}/versus/{other_id}", responses=answers(ComparisonOut, 404, 422))
async def versus(request: Request, exception_id: RowId, other_id: RowId, at: At = None) -> Response:
    """Why one row of the list stands above another: in money, hazard and hours, term by term."""
    sight = await desk_of(request).sight(past_tick(at))
    return json_answer(versus_view(sight.snapshot, exception_id, other_id))


@router.post(
    "/{exception_id}/resolve",
    openapi_extra=resolution_body(),
    responses=answers(Resolved, 400, 404, 409, 412, 413, 422, 503),
)
async def resolve_exception(
    request: Request,
    exception_id: Id,
    idempotency_key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Say how an exception ended; it leaves the work list. The same again changes nothing."""
    desk = desk_of(request)
    body = await body_of(request, desk.settings)
    answer = await resolve_one(desk, exception_id, body, key=idempotency_key, if_match=if_match)
    return sent(answer)


@router.post(
    "/{exception_id}/claim",
    openapi_extra=claim_body(),
    responses=answers(Claimed, 400, 404, 409, 412, 413, 422, 503),
)
async def claim_exception(
    request: Request, exception_id: Id, idempotency_key: Key = None, if_match: IfMatch = None
) -> Response:
    """Take an exception for a while: nobody else can until then. Claiming again renews it."""
    asked = await asked_of(request, exception_id, idempotency_key, if_match)
    return sent(await claim_one(desk_of(request), asked))


@router.post(
    "/{exception_id}/release",
    openapi_extra=claim_body(),
    responses=answers(Claimed, 400, 404, 409, 412, 413, 422, 503),
)
async def release_exception(
    request: Request, exception_id: Id, idempotency_key: Key = None, if_match: IfMatch = None
) -> Response:
    """Let go of an exception that one has claimed; one that is free stays so."""
    asked = await asked_of(request, exception_id, idempotency_key, if_match)
    return sent(await release_one(desk_of(request), asked))
