"""`POST /v1/allocations`: a pool of units shared among sites."""

import asyncio

from fastapi import APIRouter, Request, Response

from serving.http.openapi import answers, body_with
from serving.http.requests import body_of, json_answer, parsed
from serving.inventory.allocate import AllocationOut, allocated
from serving.inventory.payload import ALLOCATION, ALLOCATION_EXAMPLES, AllocationIn
from serving.service import service_of
from serving.wire.check import checked

router = APIRouter(prefix="/v1", tags=["stock"])


@router.post(
    "/allocations",
    openapi_extra=body_with(AllocationIn, ALLOCATION_EXAMPLES),
    responses=answers(AllocationOut, (400, 404, 413, 422, 503)),
)
async def allocations(request: Request) -> Response:
    """Share a pool of units where each is worth most, and say why. Nothing is stored or moved."""
    service = service_of(request)
    used = service.forecast_book.in_use()
    payload = checked(ALLOCATION, parsed(await body_of(request, service.settings)))
    pool = await asyncio.to_thread(allocated, used.book, payload, service.policy)
    answer: AllocationOut = {**pool, **used.stamp(service.clock())}
    return json_answer(answer)
