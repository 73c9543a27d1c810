"""`/stock`: what runs out, what to order, how to share, for people. It decides nothing itself."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from data.domain import NotFoundError
from data.policy.policy import Policy
from serving.demand.list import book_summary, horizon_words
from serving.forecast_book import PreparedBook
from serving.http.html import CHARTED, ByScript, html
from serving.inventory.chart import stock_chart
from serving.inventory.stock_detail import ahead, sharing, sliders
from serving.inventory.stock_lists import KINDS, StockFilters, stock_list, stock_listed
from serving.service import service_of

router = APIRouter(include_in_schema=False)
# Its functions are no coroutines: what takes longer than a score must not keep one waiting.

ROWS = 50
REFRESH_SECONDS = 60
Word = Annotated[str, Query(max_length=255)]
Begin = Annotated[int, Query(alias="from", ge=0, le=10_000_000)]
Units = Annotated[float, Query(ge=0, le=1e9)]
Money = Annotated[float, Query(ge=0, le=1e9)]


def _filters(kind: Word = "", text: Word = "", site: Word = "") -> StockFilters:
    usual = StockFilters()
    return StockFilters(kind if kind in KINDS else usual.kind, text, site)


Filters = Annotated[StockFilters, Depends(_filters)]


def _address(filters: StockFilters, begin: int = 0, **changes: str) -> str:
    """The address of the list, filtered so."""
    parameters = filters._asdict() | {"from": str(begin) if begin else ""} | changes
    return f"/stock?{urlencode({name: value for name, value in parameters.items() if value})}"


@router.get("/stock")
def page(
    request: Request, filters: Filters, begin: Begin = 0, by_script: ByScript = False
) -> Response:
    """The list beside its first row; the list alone when the page's script asks."""
    service = service_of(request)
    if service.forecast_book.current is None:
        return html("inventory/stock.html", list=None, problem=service.forecast_book.problem)
    in_use, policy = service.forecast_book.in_use(), service.policy
    values = _list(in_use, policy, filters, begin, now_ms=service.clock())
    if by_script:
        return html("inventory/stock_list.html", **values, opened=None)
    rows = values["list"]["rows"]
    return html(
        "inventory/stock.html",
        CHARTED,
        **values,
        **_series_values(in_use, policy, rows[0].query if rows else None),
    )


@router.get("/stock/one")
def series(request: Request, by_script: ByScript = False) -> Response:
    """One series (`sku`, `site`): beside the list, or alone."""
    service = service_of(request)
    if service.forecast_book.current is None:
        return html("inventory/stock.html", list=None, problem=service.forecast_book.problem)
    in_use, policy = service.forecast_book.in_use(), service.policy
    values = _series_values(in_use, policy, request.url.query)
    if by_script:
        return html("inventory/stock_one.html", **values)
    return html(
        "inventory/stock.html",
        CHARTED,
        **_list(in_use, policy, StockFilters(), 0, now_ms=service.clock()),
        **values,
    )


@router.get("/stock/share")
def share(request: Request, sku: Word, pool: Units, margin: Money) -> Response:
    """A pool shared anew, as the sliders stand."""
    service = service_of(request)
    book = service.forecast_book.in_use().book
    if not book.rows(sku):
        raise NotFoundError("forecast of", sku)
    shared = sharing(book, sku, service.policy, pool=pool, margin=margin)
    return html("inventory/stock_share.html", share=shared, margin=margin, alone=True)


def _list(
    in_use: PreparedBook, policy: Policy, filters: StockFilters, begin: int, *, now_ms: int
) -> dict[str, Any]:
    return {
        "list": stock_listed(in_use, policy, filters, begin, limit=ROWS),
        "filters": filters,
        "address": lambda begin=0, **changes: _address(filters, begin, **changes),
        "plain_address": _address(StockFilters(kind=filters.kind)),
        "rows_a_page": ROWS,
        "refresh_seconds": REFRESH_SECONDS,
        "book": book_summary(in_use, now_ms),
    }


def _series_values(in_use: PreparedBook, policy: Policy, query: str | None) -> dict[str, Any]:
    if query is None:
        return {"series": None, "opened": None}
    book, parameters = in_use.book, dict(parse_qsl(query))
    sku, site = parameters.get("sku", ""), parameters.get("site", "")
    if book.row(sku, site) is None:
        raise NotFoundError("forecast of", f"{sku} at {site}")
    at = sliders(book, sku, policy)
    stock_ahead = ahead(in_use, sku, site, policy)
    messages = [exception.message for exception in stock_list(book).of_series(sku, site)]
    return {
        "series": {"sku": sku, "site": site, "ahead": stock_ahead, "messages": messages},
        "chart": orjson.dumps(stock_chart(stock_ahead)).decode() if stock_ahead else "",
        "sliders": at,
        "share": sharing(book, sku, policy, at["pool"]),
        "margin": at["margin"],
        "currency": policy.currency,
        "opened": query,
        "horizon": horizon_words(book),
        "alone": False,
    }
