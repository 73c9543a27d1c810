"""`POST /v1/allocations`: what of a pool goes where."""

import asyncio

from fastapi import APIRouter, Request, Response

from serving.allocating import allocated
from serving.bodies import body_of, json_answer, parsed
from serving.demand_documentation import allocation_body
from serving.demand_payload import ALLOCATION
from serving.demand_shapes import AllocationAnswer
from serving.desk import desk_of
from serving.documentation import answers
from serving.payload import checked

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
