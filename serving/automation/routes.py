"""`/v1/promises`: guarantees of automation, their audits and their suspension."""

from fastapi import APIRouter, Request, Response

from serving.automation.payload import PROMISE, promise_body
from serving.automation.suspend import GuaranteeStateOut, withdraw
from serving.automation.view import GuaranteesOut, promises_view
from serving.http.openapi import answers
from serving.http.requests import body_of, caller_of, json_answer, parsed, signed
from serving.service import service_of
from serving.wire.check import checked

router = APIRouter(prefix="/v1/promises", tags=["promises"])
PROBLEMS = (400, 404, 409, 413, 422, 503)


@router.get("", responses=answers(GuaranteesOut, (503,)))
async def promises(request: Request) -> Response:
    """Promises for each category and team, their audits, and those that were withdrawn."""
    service = service_of(request)
    return json_answer(await promises_view(service.ledger, service.scorer, service.clock()))


@router.post(
    "/suspend", openapi_extra=promise_body(), responses=answers(GuaranteeStateOut, PROBLEMS)
)
async def suspend(request: Request) -> Response:
    """Withdraw a promise by hand: nothing of it is automatic any more. Decisions made stand."""
    return await _withdrawn(request, is_lifted=False)


@router.post("/lift", openapi_extra=promise_body(), responses=answers(GuaranteeStateOut, PROBLEMS))
async def lift(request: Request) -> Response:
    """Give a withdrawn promise again; its alarm begins anew."""
    return await _withdrawn(request, is_lifted=True)


async def _withdrawn(request: Request, *, is_lifted: bool) -> Response:
    service = service_of(request)
    value = parsed(await body_of(request, service.settings))
    state = await withdraw(
        checked(PROMISE, signed(value, caller_of(request))),
        scorer=service.scorer,
        writer=service.writer,
        now_ms=service.clock(),
        is_lifted=is_lifted,
        caller=caller_of(request),
    )
    return json_answer(state)
