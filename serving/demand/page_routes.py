"""`/demand`: what is forecast, for people. It shows what the book holds and computes nothing."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from data.domain import NotFoundError
from models.forecast_book.book import Book
from serving.demand.chart import demand_chart
from serving.demand.list import (
    ORDERS,
    SeriesFilters,
    book_summary,
    horizon_words,
    listed,
    series_list,
)
from serving.demand.view import SeriesView, aggregate_view, series_view
from serving.forecast_book import PreparedBook
from serving.http.html import CHARTED, ByScript, html
from serving.service import service_of

router = APIRouter(include_in_schema=False)
# Its functions are no coroutines: what takes longer than a score must not keep one waiting.

ROWS = 50
REFRESH_SECONDS = 60
Word = Annotated[str, Query(max_length=255)]
Begin = Annotated[int, Query(alias="from", ge=0, le=10_000_000)]


def _filters(
    text: Word = "",
    site: Word = "",
    group: Word = "",
    level: Word = "series",
    order: Word = "volume",
) -> SeriesFilters:
    return SeriesFilters(
        text=text,
        site=site,
        group=group,
        level=level,
        order=order if order in ORDERS else "volume",
    )


Filters = Annotated[SeriesFilters, Depends(_filters)]


def _address(filters: SeriesFilters, begin: int = 0, **changes: str) -> str:
    """The address of the list, filtered so."""
    parameters = filters._asdict() | {"from": str(begin) if begin else ""} | changes
    usual = SeriesFilters()._asdict()
    filled = {
        name: value for name, value in parameters.items() if value and value != usual.get(name)
    }
    return f"/demand?{urlencode(filled)}" if filled else "/demand"


@router.get("/demand")
def page(
    request: Request, filters: Filters, begin: Begin = 0, by_script: ByScript = False
) -> Response:
    """The list beside its first row; the list alone when the page's script asks."""
    service = service_of(request)
    if service.forecast_book.current is None:
        return html("demand/demand.html", list=None, problem=service.forecast_book.problem)
    in_use = service.forecast_book.in_use()
    values = _list(in_use, service.clock(), filters, begin)
    if by_script:
        return html("demand/demand_list.html", **values, opened=None)
    rows = values["list"]["rows"]
    return html(
        "demand/demand.html",
        CHARTED,
        **values,
        **_series_values(in_use.book, rows[0].query if rows else None),
    )


@router.get("/demand/one")
def series(request: Request, by_script: ByScript = False) -> Response:
    """One series (`sku`, `site`) or sum (`kind`, `key`): beside the list, or alone."""
    service = service_of(request)
    if service.forecast_book.current is None:
        return html("demand/demand.html", list=None, problem=service.forecast_book.problem)
    in_use = service.forecast_book.in_use()
    values = _series_values(in_use.book, request.url.query)
    if by_script:
        return html("demand/demand_one.html", **values)
    return html(
        "demand/demand.html",
        CHARTED,
        **_list(in_use, service.clock(), SeriesFilters(), 0),
        **values,
    )


def _list(in_use: PreparedBook, now_ms: int, filters: SeriesFilters, begin: int) -> dict[str, Any]:
    return {
        "list": listed(series_list(in_use.book), filters, begin, ROWS),
        "filters": filters,
        "address": lambda begin=0, **changes: _address(filters, begin, **changes),
        "rows_a_page": ROWS,
        "refresh_seconds": REFRESH_SECONDS,
        "book": book_summary(in_use, now_ms),
    }


def _series_values(book: Book, query: str | None) -> dict[str, Any]:
    if query is None:
        return {"shown": None, "opened": None}
    shown = _shown(book, dict(parse_qsl(query)))
    return {
        "shown": shown,
        "opened": query,
        "chart": orjson.dumps(demand_chart(shown)).decode(),
        "horizon": horizon_words(book),
    }


def _shown(book: Book, parameters: dict[str, str]) -> SeriesView:
    if "kind" in parameters:
        row = book.aggregates.rows.get((parameters["kind"], parameters.get("key", "")))
        view = aggregate_view
    else:
        row = book.row(parameters.get("sku", ""), parameters.get("site", ""))
        view = series_view
    if row is None:
        raise NotFoundError("forecast of", " ".join(parameters.values()))
    return view(book, row)
