"""`/v1/erasures` and the form of `/access`: an admin erases a customer."""

import asyncio

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter
from starlette.responses import RedirectResponse

from data.domain import BadInputError
from data.ledger.erasure.payloads import ErasureCounts, erase_customer
from serving.access.access import access_of
from serving.http.requests import body_of, caller_of, form_fields, json_answer, parsed
from serving.service import service_of
from serving.wire.check import checked
from serving.wire.fields import Name, RequestPart

router = APIRouter(include_in_schema=False)


class ErasureIn(RequestPart):
    """Id of the customer to erase, as sources send it in `order.customer.external_id`."""

    customer: Name


ERASURE = TypeAdapter(ErasureIn)


@router.post("/v1/erasures")
async def erase(request: Request) -> Response:
    """Erase a customer; return how many rows were reduced."""
    body = await body_of(request, service_of(request).settings)
    counts = await _erased(request, checked(ERASURE, parsed(body)).customer)
    return json_answer({"exceptions": counts.exceptions, "answers": counts.answers})


@router.post("/access/erasures")
async def erase_by_form(request: Request) -> Response:
    """Erase a customer, and show the log, which says how many rows were reduced."""
    fields = await form_fields(request, service_of(request).settings)
    customer = fields.get("customer", "").strip()
    if not customer:
        raise BadInputError("the customer", "has no id", "Enter the id that sources send.")
    await _erased(request, customer)
    return RedirectResponse("/actions", 303)


async def _erased(request: Request, customer: str) -> ErasureCounts:
    ledger, now_ms = service_of(request).ledger, access_of(request).clock()
    action = caller_of(request).action("erase customer", None, now_ms=now_ms)
    return await asyncio.to_thread(erase_customer, ledger, customer, action=action, now_ms=now_ms)
