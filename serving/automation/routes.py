"""`/v1/promises`: guarantees of automation, their audits and their suspension."""

from fastapi import APIRouter, Request, Response

from serving.automation.payload import PROMISE
from serving.automation.suspend import GuaranteeStateOut, withdraw
from serving.automation.view import GuaranteesOut, promises_view
from serving.http.openapi import answers, promise_body
from serving.http.requests import body_of, json_answer, parsed
from serving.service import desk_of
from serving.wire.exception_in import checked

router = APIRouter(prefix="/v1/promises", tags=["promises"])
PROBLEMS = (400, 404, 409, 413, 422, 503)


@router.get("", responses=answers(GuaranteesOut, 503))
async def promises(request: Request) -> Response:
    """What is promised of each category and team, how audits bear it out, what was withdrawn."""
    return json_answer(await promises_view(desk_of(request)))


@router.post(
    "/suspend", openapi_extra=promise_body(), responses=answers(GuaranteeStateOut, *PROBLEMS)
)
async def suspend(request: Request) -> Response:
    """Withdraw a promise by hand: nothing of it is automatic any more. Decisions made stand."""
    desk = desk_of(request)
    told = checked(PROMISE, parsed(await body_of(request, desk.settings)))
    return json_answer(await withdraw(desk, told, is_lifted=False))


@router.post("/lift", openapi_extra=promise_body(), responses=answers(GuaranteeStateOut, *PROBLEMS))
async def lift(request: Request) -> Response:
    """Give a withdrawn promise again; its alarm begins anew."""
    desk = desk_of(request)
    told = checked(PROMISE, parsed(await body_of(request, desk.settings)))
    return json_answer(await withdraw(desk, told, is_lifted=True))
