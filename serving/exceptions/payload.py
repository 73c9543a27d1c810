"""Bodies of requests about exceptions, with examples for the documentation."""

from typing import Any

from pydantic import TypeAdapter

from serving.http.openapi import body, body_with, ref
from serving.wire.exception_in import ExceptionIn, ResolutionIn
from serving.wire.fields import Name, RequestPart

EXCEPTION_EXAMPLE: dict[str, Any] = {
    "external_id": "PE-00012345",
    "source": "shopify:acme",
    "type": "incorrect_address",
    "reason_code": "INCORRECT_ADDRESS",
    "message": "Postcode does not match city",
    "severity": "high",
    "status": "open",
    "order": {
        "external_id": "gid://shopify/Order/1",
        "order_number": "#1001",
        "channel": "web",
        "placed_at": "2026-03-01T09:12:44Z",
        "total": {"amount": "184.90", "currency": "EUR"},
        "promised_delivery_at": "2026-03-04T18:00:00Z",
        "ship_by_at": "2026-03-02T15:00:00Z",
        "shipping_address": {"country_code": "DE", "postal_code": "10115", "city": "Berlin"},
        "line_items": [
            {
                "external_id": "li_1",
                "sku": "A-1",
                "quantity": 2,
                "unit_price": {"amount": "79.95", "currency": "EUR"},
            }
        ],
        "customer": {"external_id": "c_9", "segment": "returning"},
    },
    "detected_at": "2026-03-01T09:13:02Z",
    "due_at": "2026-03-02T12:00:00Z",
    "attributes": {"carrier": "dhl"},
}
RESOLUTION_EXAMPLE: dict[str, Any] = {
    "category": "incorrect_address",
    "team": "addresses",
    "touch_minutes": 7,
    "breached": False,
    "loss": {"amount": "0.00", "currency": "EUR"},
    "label_origin": "accepted",
    "note": "The customer gave the house number.",
    "by": "ana",
}
CLAIM_EXAMPLE = {"by": "ana"}
_SECOND = {"external_id": "PE-00012346", "source": "shopify:acme", "type": "fraud_risk",
           "detected_at": "2026-03-01T09:20:00+01:00"}  # fmt: skip


class ClaimIn(RequestPart):
    """Person who claims or releases."""

    by: Name


class NextIn(ClaimIn):
    """Person who asks for work, and of which team; of all teams without one."""

    team: Name | None = None


CLAIM, NEXT = TypeAdapter(ClaimIn), TypeAdapter(NextIn)


def exceptions_body() -> dict[str, Any]:
    """Return the documentation of a body of one exception or many."""
    single = ref(ExceptionIn)
    many = {
        "type": "object",
        "required": ["exceptions"],
        "properties": {"exceptions": {"type": "array", "items": single}},
    }
    examples = {
        "one": {"summary": "One exception", "value": EXCEPTION_EXAMPLE},
        "many": {
            "summary": "Many, answered item by item",
            "value": {"exceptions": [EXCEPTION_EXAMPLE, _SECOND]},
        },
    }
    return body({"anyOf": [single, many]}, examples)


def resolution_body() -> dict[str, Any]:
    """Return the documentation of a resolution."""
    examples = {"resolved": {"summary": "Resolved in time", "value": RESOLUTION_EXAMPLE}}
    return body_with(ResolutionIn, examples)


def next_body() -> dict[str, Any]:
    """Return the documentation of a body that asks for the next row."""
    value = CLAIM_EXAMPLE | {"team": "addresses"}
    return body_with(NextIn, {"asked": {"summary": "For a team", "value": value}})


def claim_body() -> dict[str, Any]:
    """Return the documentation of a claim, or of its end."""
    return body_with(ClaimIn, {"claimed": {"summary": "By its operator", "value": CLAIM_EXAMPLE}})
