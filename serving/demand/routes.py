"""`/v1/forecasts`: what will be demanded, read from the forecast book."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Self

from fastapi import APIRouter, Request, Response

from serving.demand.forecast_view import (
    ForecastQueryHeadOut,
    ForecastQueryOut,
    ForecastShape,
    ForecastsOut,
    SeriesForecastOut,
    forecasts_of,
    head,
    series_views,
    shape_of,
)
from serving.demand.payload import (
    FORECAST_PARAMETERS,
    QUERY,
    QUERY_EXAMPLES,
    SERIES,
    QueryIn,
    SeriesIn,
)
from serving.demand.selection import BookSelection, select_series
from serving.forecast_book import PreparedBook
from serving.http.openapi import answers, body_with
from serving.http.requests import JSON, body_of, parsed
from serving.http.streaming import in_parts, streamed, streamed_answers
from serving.service import service_of
from serving.wire.check import checked

router = APIRouter(prefix="/v1/forecasts", tags=["demand"])

SERIES_AT_ONCE = 500


class ForecastQuery(NamedTuple):
    """A query for forecasts: the periods and quantiles of each, and the series."""

    shape: ForecastShape
    selection: BookSelection[SeriesIn]

    @classmethod
    def read(cls, used: PreparedBook, body: bytes) -> Self:
        """Read a body; errors as of `serving.wire.check.checked`."""
        payload: QueryIn = checked(QUERY, parsed(body))
        quantiles = tuple(sorted(set(payload.quantiles or ())))
        shape = shape_of(used, payload.horizon, quantiles, "/horizon")
        return cls(shape, select_series(used.book, payload.series, SERIES))


@router.get(
    "",
    openapi_extra={"parameters": FORECAST_PARAMETERS},
    responses=answers(ForecastsOut, (404, 422, 503)),
)
async def read(request: Request) -> Response:
    """The forecast of a SKU at one site or at all, or of a sum: a site, a product group, the total.

    It is read from the newest forecast book; `stale` says that a newer one is due.
    """
    service = service_of(request)
    content = forecasts_of(
        service.forecast_book.in_use(), dict(request.query_params), service.clock()
    )
    return Response(content, media_type=JSON)


@router.post(
    "/query",
    openapi_extra=body_with(QueryIn, QUERY_EXAMPLES),
    responses=streamed_answers(ForecastQueryOut, (400, 413, 422, 503)),
)
async def query(request: Request) -> Response:
    """The forecasts of thousands of series; without `series` all. Unknown ones are named.

    Accept `application/x-ndjson` to get them line by line, after a first line with what holds for
    all.
    """
    service = service_of(request)
    used = service.forecast_book.in_use()
    body = await body_of(request, service.settings)
    shape, selection = await asyncio.to_thread(ForecastQuery.read, used, body)
    first: ForecastQueryHeadOut = {
        **head(used, shape, service.clock()),
        "refused": selection.refused,
    }

    def make(part: Sequence[int]) -> list[SeriesForecastOut]:
        return series_views(used, [selection.rows[position] for position in part], shape)

    parts = in_parts(len(selection.rows), SERIES_AT_ONCE)
    return await streamed(request, first, name="forecasts", parts=parts, make=make)
