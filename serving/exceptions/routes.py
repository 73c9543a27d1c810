"""`/v1/exceptions`: take in, look at, resolve."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from serving.exceptions.intake import AcceptedBatchOut, AcceptedExceptionOut, take_in
from serving.exceptions.payload import claim_body, exceptions_body, resolution_body
from serving.exceptions.reopen import ReopenedOut, reopen_one
from serving.exceptions.resolve import ResolvedExceptionOut, resolve_one
from serving.exceptions.row_action import ACTION_PROBLEMS, ExceptionAction, ExceptionId
from serving.exceptions.view import ExceptionOut, exception_view
from serving.http.idempotency import sent
from serving.http.openapi import answers
from serving.http.requests import (
    ROW_ID,
    ActionRequest,
    At,
    Key,
    body_of,
    caller_of,
    etag,
    json_answer,
    past_tick,
)
from serving.service import service_of, visible_list
from serving.worklist.comparison import ComparisonOut, comparison_view

router = APIRouter(prefix="/v1/exceptions", tags=["exceptions"])

RowId = Annotated[str, Path(pattern=ROW_ID, description="an exception or an incident")]


@router.post(
    "",
    openapi_extra=exceptions_body(),
    responses=answers(AcceptedExceptionOut | AcceptedBatchOut, (400, 413, 422, 503))
    | {201: {"model": AcceptedExceptionOut, "description": "It is new"}},
)
async def take_in_exceptions(request: Request, idempotency_key: Key = None) -> Response:
    """Take in one exception, or {"exceptions": [...]} item by item: scored, stored, ranked.

    `source` and `external_id` name it: the same again changes nothing, a newer one replaces it, an
    older one is noted and overwrites nothing. `version` says which is newer. Where it is equal or
    missing, `updated_at` says it, else the arrival; of equals the later arrival counts. So it is
    for updates, closings and reopenings. A time from the future counts as the arrival, and an
    optional value that can't be read counts as empty; `warnings` name both.
    """
    service = service_of(request)
    body = await body_of(request, service.settings)
    answer = await take_in(
        ActionRequest("", body, idempotency_key, caller=caller_of(request)),
        scorer=service.scorer,
        worklist=service.worklist,
        writer=service.writer,
        settings=service.settings,
        clock=service.clock,
    )
    return sent(answer)


@router.get("/{exception_id}", responses=answers(ExceptionOut, (404, 409, 422, 503)))
async def look_at_exception(request: Request, exception_id: ExceptionId) -> Response:
    """One exception as posted, as scored now with reasons, and what happened to it."""
    service = service_of(request)
    view = await exception_view(
        exception_id,
        ledger=service.ledger,
        scorer=service.scorer,
        worklist=visible_list(request),
        clock=service.clock,
    )
    return json_answer(view, headers={"ETag": etag(view["revision"])})


@router.get("/{exception_id}/versus/{other_id}", responses=answers(ComparisonOut, (404, 422)))
async def versus(request: Request, exception_id: RowId, other_id: RowId, at: At = None) -> Response:
    """Compare two rows of the list: in money, hazard and hours, term by term."""
    view = await visible_list(request).view(past_tick(at))
    return json_answer(comparison_view(view.snapshot, exception_id, other_id))


@router.post(
    "/{exception_id}/resolve",
    openapi_extra=resolution_body(),
    responses=answers(ResolvedExceptionOut, ACTION_PROBLEMS),
)
async def resolve_exception(request: Request, action: ExceptionAction) -> Response:
    """Say how an exception ended; it leaves the work list. The same again changes nothing."""
    service = service_of(request)
    answer = await resolve_one(
        action,
        writer=service.writer,
        scorer=service.scorer,
        worklist=service.worklist,
        guarantees=service.guarantees,
        now_ms=service.clock(),
    )
    return sent(answer)


@router.post(
    "/{exception_id}/reopen",
    openapi_extra=claim_body(),
    responses=answers(ReopenedOut, ACTION_PROBLEMS),
)
async def reopen_exception(request: Request, action: ExceptionAction) -> Response:
    """Undo the end of an exception: its outcome goes, it is on the work list again."""
    service = service_of(request)
    answer = await reopen_one(
        action, writer=service.writer, worklist=service.worklist, now_ms=service.clock()
    )
    return sent(answer)
