"""`POST /v1/allocations`: what of a pool goes where."""

import asyncio

from fastapi import APIRouter, Request, Response

from serving.demand.openapi import allocation_body
from serving.demand.payload import ALLOCATION
from serving.demand.schemas import AllocationAnswer
from serving.http.openapi import answers
from serving.http.requests import body_of, json_answer, parsed
from serving.inventory.allocate import allocated
from serving.service import desk_of
from serving.wire.exception_in import checked

router = APIRouter(prefix="/v1", tags=["stock"])


@router.post(
    "/allocations",
    openapi_extra=allocation_body(),
    responses=answers(AllocationAnswer, 400, 404, 413, 422, 503),
)
async def allocations(request: Request) -> Response:
    """Share a pool of units where each is worth most, and say why. Nothing is stored or moved."""
    desk = desk_of(request)
    used = desk.forecasts.in_use()
    told = checked(ALLOCATION, parsed(await body_of(request, desk.settings)))
    found = await asyncio.to_thread(allocated, used.book, told, desk.policy)
    return json_answer(found | used.stamp(desk.now_ms()))
