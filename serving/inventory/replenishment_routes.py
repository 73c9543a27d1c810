"""`POST /v1/replenishments`: orders that a forecast asks for."""

import asyncio
from functools import partial

from fastapi import APIRouter, Request, Response

from data.policy.policy import Policy
from serving.forecast_book import PreparedBook
from serving.http.openapi import body_with
from serving.http.requests import body_of, parsed
from serving.http.streaming import in_parts, streamed, streamed_answers
from serving.inventory.order_views import (
    SERIES_AT_ONCE,
    ReplenishmentHeadOut,
    ReplenishmentsOut,
    order_views,
)
from serving.inventory.payload import REPLENISHMENT, REPLENISHMENT_EXAMPLES, ReplenishmentIn
from serving.inventory.replenish import OrderableSeries, orders
from serving.service import service_of
from serving.wire.check import checked

router = APIRouter(prefix="/v1", tags=["stock"])


@router.post(
    "/replenishments",
    openapi_extra=body_with(ReplenishmentIn, REPLENISHMENT_EXAMPLES),
    responses=streamed_answers(ReplenishmentsOut, (400, 413, 422, 503)),
)
async def replenishments(request: Request) -> Response:
    """Orders to place now, with the run-out date and the risk at each date of each series.

    Demand that is not met is taken to be lost. Without `series` all are answered whose stock is
    known; `stock_unknown` counts the others. Accept `application/x-ndjson` to get them line by
    line. Nothing is stored or ordered.
    """
    service = service_of(request)
    used = service.forecast_book.in_use()
    body = await body_of(request, service.settings)
    orderable = await asyncio.to_thread(_understood, used, body, service.policy)
    head: ReplenishmentHeadOut = {
        "grain": str(used.book.forecast.grain),
        "periods": used.dates,
        "period_ends": used.last_days,
        **used.stamp(service.clock()),
        "refused": orderable.refused,
        "stock_unknown": orderable.stock_unknown,
    }
    parts = in_parts(len(orderable.rows), SERIES_AT_ONCE)
    return await streamed(
        request, head, name="replenishments", parts=parts, make=partial(order_views, orderable)
    )


def _understood(used: PreparedBook, body: bytes, policy: Policy) -> OrderableSeries:
    return orders(used, checked(REPLENISHMENT, parsed(body)), policy)
