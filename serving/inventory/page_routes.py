"""`/stock`: what runs out, what to order, how to share, for people. It decides nothing itself."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from data.domain import NotFoundError
from serving.demand.list import book_told, horizon_words
from serving.forecast_book import PreparedBook
from serving.http.html import CHARTED, ByScript, html
from serving.inventory.chart import stock_chart
from serving.inventory.stock_detail import ahead, sharing, sliders
from serving.inventory.stock_lists import KINDS, StockFilters, stock_list, stock_listed
from serving.service import Service, desk_of

router = APIRouter(include_in_schema=False)
# Its functions are no coroutines: what takes longer than a score must not keep one waiting.

ROWS = 50
REFRESH_SECONDS = 60
Word = Annotated[str, Query(max_length=255)]
Begin = Annotated[int, Query(alias="from", ge=0, le=10_000_000)]
Units = Annotated[float, Query(ge=0, le=1e9)]
Money = Annotated[float, Query(ge=0, le=1e9)]


def _wanted(kind: Word = "", text: Word = "", site: Word = "") -> StockFilters:
    usual = StockFilters()
    return StockFilters(kind if kind in KINDS else usual.kind, text, site)


Filters = Annotated[StockFilters, Depends(_wanted)]


def _address(wanted: StockFilters, begin: int = 0, **changes: str) -> str:
    """The address of the list, filtered so."""
    told = wanted._asdict() | {"from": str(begin) if begin else ""} | changes
    return f"/stock?{urlencode({name: value for name, value in told.items() if value})}"


@router.get("/stock")
def page(
    request: Request, wanted: Filters, begin: Begin = 0, by_script: ByScript = False
) -> Response:
    """The list beside its first row; the list alone when the page's script asks."""
    desk = desk_of(request)
    if desk.forecasts.current is None:
        return html("inventory/stock.html", list=None, problem=desk.forecasts.problem)
    in_use = desk.forecasts.in_use()
    values = _list(desk, in_use, wanted, begin)
    if by_script:
        return html("inventory/stock_list.html", **values, opened=None)
    rows = values["list"]["rows"]
    return html(
        "inventory/stock.html",
        CHARTED,
        **values,
        **_one(desk, in_use, rows[0].query if rows else None),
    )


@router.get("/stock/one")
def one(request: Request, by_script: ByScript = False) -> Response:
    """One series (`sku`, `site`): beside the list, or alone."""
    desk = desk_of(request)
    if desk.forecasts.current is None:
        return html("inventory/stock.html", list=None, problem=desk.forecasts.problem)
    in_use = desk.forecasts.in_use()
    values = _one(desk, in_use, request.url.query)
    if by_script:
        return html("inventory/stock_one.html", **values)
    return html("inventory/stock.html", CHARTED, **_list(desk, in_use, StockFilters(), 0), **values)


@router.get("/stock/share")
def share(request: Request, sku: Word, pool: Units, margin: Money) -> Response:
    """A pool shared anew, as the sliders stand."""
    desk = desk_of(request)
    book = desk.forecasts.in_use().book
    if not book.rows(sku):
        raise NotFoundError("forecast of", sku)
    shared = sharing(book, sku, desk.policy, pool, margin)
    return html("inventory/stock_share.html", share=shared, margin=margin, alone=True)


def _list(desk: Service, in_use: PreparedBook, wanted: StockFilters, begin: int) -> dict[str, Any]:
    return {
        "list": stock_listed(in_use, desk.policy, wanted, begin, ROWS),
        "wanted": wanted,
        "address": lambda begin=0, **changes: _address(wanted, begin, **changes),
        "plain_address": _address(StockFilters(kind=wanted.kind)),
        "rows_a_page": ROWS,
        "refresh_seconds": REFRESH_SECONDS,
        "book": book_told(in_use, desk.now_ms()),
    }


def _one(desk: Service, in_use: PreparedBook, query: str | None) -> dict[str, Any]:
    if query is None:
        return {"one": None, "opened": None}
    book, asked = in_use.book, dict(parse_qsl(query))
    sku, site = asked.get("sku", ""), asked.get("site", "")
    if book.row(sku, site) is None:
        raise NotFoundError("forecast of", f"{sku} at {site}")
    at = sliders(book, sku, desk.policy)
    stock_ahead = ahead(in_use, sku, site, desk.policy)
    messages = [told.message for told in stock_list(book).of_series(sku, site)]
    return {
        "one": {"sku": sku, "site": site, "ahead": stock_ahead, "messages": messages},
        "chart": orjson.dumps(stock_chart(stock_ahead)).decode() if stock_ahead else "",
        "sliders": at,
        "share": sharing(book, sku, desk.policy, at["pool"]),
        "margin": at["margin"],
        "currency": desk.policy.currency,
        "opened": query,
        "horizon": horizon_words(book),
        "alone": False,
    }
