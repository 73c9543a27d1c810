"""`/`: the operator's page. It shows what the API's own functions answer and computes nothing."""

import re
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from data.domain import BadInputError
from serving.automation.view import promise_states
from serving.exceptions.explanation import explained, strongest
from serving.exceptions.reopen import reopen_one
from serving.exceptions.resolve import resolve_one
from serving.http.html import ByScript, html
from serving.http.requests import ROW_ID, ActionRequest, At, caller_of, etag, form_fields, past_tick
from serving.http.templates import assets, packed
from serving.service import service_of, visible_list
from serving.wire.formats import rfc3339
from serving.worklist.comparison import at_rank, comparison_view
from serving.worklist.overview import WorklistFilters, overview, status

router = APIRouter(include_in_schema=False)

ROWS = 50
WORDS = ("team", "category", "priority", "state", "text")
MINUTES = re.compile(r"\d+(?:[.,]\d{1,2})?")
"""With a decimal point or comma; three digits after a comma could be thousands: not read."""
REFRESH_SECONDS = 5
FOR_EVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}

ID = "^exc_[0-9a-z]{26}$"
Id = Annotated[str, Path(pattern=ID)]
RowId = Annotated[str, Path(pattern=ROW_ID)]
Rank = Annotated[int, Query(ge=1, le=10_000_000)]
Below = Annotated[int | None, Query(ge=1, le=10_000_000)]
Word = Annotated[str, Query(max_length=255)]
Begin = Annotated[int, Query(alias="from", ge=0, le=10_000_000)]


def _filters(
    team: Word = "",
    category: Word = "",
    priority: Word = "",
    state: Word = "",
    text: Word = "",
    at: At = None,
) -> WorklistFilters:
    return WorklistFilters(team, category, priority, state, text, past_tick(at))


Filters = Annotated[WorklistFilters, Depends(_filters)]


def _address(filters: WorklistFilters, begin: int = 0, **changes: str) -> str:
    """The address of the list, filtered so."""
    words = {name: getattr(filters, name) for name in WORDS}
    at = "" if filters.at_ms is None else rfc3339(filters.at_ms)
    parameters = words | {"at": at, "from": str(begin) if begin else ""} | changes
    filled = {name: value for name, value in parameters.items() if value}
    return f"/?{urlencode(filled)}" if filled else "/"


async def list_values(request: Request, filters: WorklistFilters, begin: int) -> dict[str, Any]:
    """Return what the list is drawn from."""
    service = service_of(request)
    shown = await overview(
        filters,
        begin,
        ROWS,
        worklist=visible_list(request),
        scorer=service.scorer,
        clock=service.clock,
    )
    return {
        "list": shown,
        "promises": promise_states(service.scorer),
        "filters": filters,
        "address": lambda begin=0, **changes: _address(filters, begin, **changes),
        "rows_a_page": ROWS,
        "refresh_seconds": REFRESH_SECONDS,
        "host": request.headers.get("host", "127.0.0.1:8000"),
    }


@router.get("/")
async def page(
    request: Request, filters: Filters, begin: Begin = 0, by_script: ByScript = False
) -> Response:
    """The ranked list; the list alone when the page's script asks."""
    values = await list_values(request, filters, begin)
    template = "worklist/list.html" if by_script else "worklist/page.html"
    return html(template, **values, whole=not by_script, exception=None, below=None)


async def _explained(request: Request, exception_id: str) -> dict[str, Any]:
    """Return one exception with what its place is made of."""
    service = service_of(request)
    return await explained(
        exception_id,
        ledger=service.ledger,
        scorer=service.scorer,
        worklist=visible_list(request),
        clock=service.clock,
    )


@router.get("/exceptions/{exception_id}")
async def exception(
    request: Request, exception_id: Id, below: Below = None, by_script: ByScript = False
) -> Response:
    """One exception: beside the list, or alone when the page's script asks."""
    view = await _explained(request, exception_id)
    if by_script:
        return html("worklist/exception.html", exception=view, below=below)
    values = await list_values(request, WorklistFilters(), 0)
    return html("worklist/page.html", **values, whole=True, exception=view, below=below)


@router.get("/exceptions/{exception_id}/strongest")
async def what_moved_it(request: Request, exception_id: Id) -> Response:
    """The features that moved the chance of harm most."""
    service = service_of(request)
    moved = await strongest(
        exception_id,
        ledger=service.ledger,
        scorer=service.scorer,
        worklist=visible_list(request),
        clock=service.clock,
    )
    return html("shared/strongest.html", moved=moved)


@router.get("/exceptions/{exception_id}/versus")
async def versus(request: Request, exception_id: RowId, rank: Rank) -> Response:
    """Compare one row with the row of another rank."""
    snapshot = await visible_list(request).ranked()
    view = comparison_view(snapshot, exception_id, at_rank(snapshot, rank))
    return html("worklist/versus.html", versus=view)


@router.post("/exceptions/{exception_id}/resolve")
async def resolve(request: Request, exception_id: Id, by_script: ByScript = False) -> Response:
    """Say how it ended, from the page's form."""
    if not by_script:
        raise HTTPException(
            403, "This form is sent by the page. Use POST /v1/exceptions/ID/resolve."
        )
    service = service_of(request)
    form = await form_fields(request, service.settings)
    payload = resolution_of(form)
    expected = etag(int(form["revision"])) if form.get("revision", "").isdigit() else None
    await resolve_one(
        ActionRequest(
            exception_id, orjson.dumps(payload), if_match=expected, caller=caller_of(request)
        ),
        writer=service.writer,
        scorer=service.scorer,
        worklist=service.worklist,
        guarantees=service.guarantees,
        now_ms=service.clock(),
    )
    headers = {"HX-Trigger": "resolved"}
    return html(
        "worklist/resolved.html",
        headers,
        exception_id=exception_id,
        outcome=payload,
        form=form,
        status=status(service.scorer, service.clock()),
    )


@router.post("/exceptions/{exception_id}/reopen")
async def reopen(request: Request, exception_id: Id, by_script: ByScript = False) -> Response:
    """Undo its end, from the page's button; the panel shows it open again."""
    if not by_script:
        raise HTTPException(
            403, "This form is sent by the page. Use POST /v1/exceptions/ID/reopen."
        )
    service = service_of(request)
    form = await form_fields(request, service.settings)
    body = orjson.dumps({"by": form["by"].strip()} if form.get("by", "").strip() else {})
    await reopen_one(
        ActionRequest(exception_id, body, caller=caller_of(request)),
        writer=service.writer,
        worklist=service.worklist,
        now_ms=service.clock(),
    )
    view = await _explained(request, exception_id)
    return html("worklist/exception.html", {"HX-Trigger": "changed"}, exception=view, below=None)


def resolution_of(form: dict[str, str]) -> dict[str, Any]:
    """Return the form as the API takes it, without the fields that were left empty."""
    names = ("category", "team", "touch_minutes", "note", "by")
    payload: dict[str, Any] = {n: form[n].strip() for n in names if form.get(n, "").strip()}
    if "touch_minutes" in payload:
        payload["touch_minutes"] = _minutes(payload["touch_minutes"])
    if form.get("breached") in ("yes", "no"):
        payload["breached"] = form["breached"] == "yes"
    for label, origin in (("category", "label_origin"), ("team", "team_origin")):
        suggested = form.get(f"suggested_{label}")
        accepted = suggested and payload.get(label) == suggested
        payload[origin] = "accepted" if accepted else "typed"
    return payload


def _minutes(typed: str) -> str:
    if not MINUTES.fullmatch(typed):
        raise BadInputError("Minutes of work", f"'{typed}' is no number", "Write 12 or 12.5.")
    return typed.replace(",", ".")


@router.get("/static/{tag}/{name}")
async def static(tag: str, name: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """A file that the page refers to, packed for those who can unpack it."""
    asset = assets().get(name)
    if asset is None or asset.tag != tag:
        raise HTTPException(404, f"There is no file '{name}' of that content.")
    if "gzip" in accept_encoding:
        headers = FOR_EVER | {"Content-Encoding": "gzip"}
        return Response(packed(name), media_type=asset.kind, headers=headers)
    return Response(asset.content, media_type=asset.kind, headers=FOR_EVER)
