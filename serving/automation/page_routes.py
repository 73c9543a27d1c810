"""`/promises`: the page of automation and its audits."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from serving.automation.chart import sections
from serving.automation.payload import PROMISE
from serving.automation.suspend import withdraw
from serving.automation.view import promises_view
from serving.http.html import ByScript, html
from serving.http.requests import caller_of, form_fields, signed
from serving.service import Service, service_of
from serving.wire.check import checked

router = APIRouter(include_in_schema=False)


async def _shown(service: Service, template: str) -> Response:
    view = await promises_view(service.ledger, service.scorer, service.clock())
    return html(
        template, view=view, sections=sections(view), problem=service.scorer.champion.problem
    )


@router.get("/promises")
async def page(request: Request) -> Response:
    """Show the promises of each category and team, and their audits."""
    return await _shown(service_of(request), "automation/promises.html")


@router.post("/promises/suspend")
async def suspend(request: Request, by_script: ByScript = False) -> Response:
    """Withdraw a promise, from the page's form."""
    return await _withdrawn(request, by_script=by_script, is_lifted=False)


@router.post("/promises/lift")
async def lift(request: Request, by_script: ByScript = False) -> Response:
    """Give a promise again, from the page's form."""
    return await _withdrawn(request, by_script=by_script, is_lifted=True)


async def _withdrawn(request: Request, *, by_script: bool, is_lifted: bool) -> Response:
    if not by_script:
        raise HTTPException(403, "This form is sent by the page. Use POST /v1/promises/suspend.")
    service = service_of(request)
    form = await form_fields(request, service.settings)
    await withdraw(
        checked(PROMISE, signed(form, caller_of(request))),
        scorer=service.scorer,
        writer=service.writer,
        now_ms=service.clock(),
        is_lifted=is_lifted,
        caller=caller_of(request),
    )
    return await _shown(service, "automation/promises_list.html")
