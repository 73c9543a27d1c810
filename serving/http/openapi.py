"""What `/openapi.json` says beyond what FastAPI finds out: bodies, problems, examples."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.automation import payload as automation_payload
from serving.demand import payload as demand_payload
from serving.http import schemas
from serving.http.problems import PROBLEM_JSON
from serving.incidents import payload as incidents_payload
from serving.inventory import payload as inventory_payload
from serving.wire import exception_in

_REF = "#/components/schemas/{model}"
_BODIES: tuple[type[BaseModel], ...] = (
    exception_in.ExceptionIn,
    exception_in.ResolutionIn,
    incidents_payload.ClaimIn,
    incidents_payload.IncidentResolutionIn,
    incidents_payload.SplitIn,
    automation_payload.PromiseIn,
    demand_payload.QueryIn,
    demand_payload.SeriesIn,
    inventory_payload.AllocationIn,
    inventory_payload.ReplenishmentIn,
    inventory_payload.ReplenishedIn,
    schemas.Problem,
)

DESCRIPTION = (
    "Which order exceptions to work on now, what will be demanded, what to order and where to put "
    "it, and why, in money."
)
EXCEPTION: dict[str, Any] = {
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
RESOLUTION: dict[str, Any] = {
    "category": "incorrect_address",
    "team": "addresses",
    "touch_minutes": 7,
    "breached": False,
    "loss": {"amount": "0.00", "currency": "EUR"},
    "label_origin": "accepted",
    "by": "ana",
}
CLAIM = {"by": "ana"}
PROMISE = {
    "label": "category",
    "name": "incorrect_address",
    "by": "ana",
    "reason": "The new address form is checked",
}
_SECOND = {"external_id": "PE-00012346", "source": "shopify:acme", "type": "fraud_risk",
           "detected_at": "2026-03-01T09:20:00+01:00"}  # fmt: skip


def exceptions_body() -> dict[str, Any]:
    """Return the documentation of a body of one exception or many."""
    one = {"$ref": _REF.format(model="ExceptionIn")}
    many = {
        "type": "object",
        "required": ["exceptions"],
        "properties": {"exceptions": {"type": "array", "items": one}},
    }
    examples = {
        "one": {"summary": "One exception", "value": EXCEPTION},
        "many": {
            "summary": "Many, answered item by item",
            "value": {"exceptions": [EXCEPTION, _SECOND]},
        },
    }
    return _body({"anyOf": [one, many]}, examples)


def resolution_body() -> dict[str, Any]:
    """Return the documentation of a resolution."""
    examples = {"resolved": {"summary": "Resolved in time", "value": RESOLUTION}}
    return body_with("ResolutionIn", examples)


def claim_body() -> dict[str, Any]:
    """Return the documentation of a claim, or of its end."""
    return body_with("ClaimIn", {"claimed": {"summary": "By its operator", "value": CLAIM}})


def promise_body() -> dict[str, Any]:
    """Return the documentation of a promise that a person withdraws or gives again."""
    return body_with("PromiseIn", {"said": {"summary": "By whom, and why", "value": PROMISE}})


def body_with(model: str, examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a body of one of the models."""
    return _body({"$ref": _REF.format(model=model)}, examples)


def _body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def answers(model: Any, *problems: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of answers: the good one, and problems by status."""
    content = {PROBLEM_JSON: {"schema": {"$ref": _REF.format(model="Problem")}}}
    found: dict[int | str, dict[str, Any]] = {
        code: {"description": "A problem (RFC 9457)", "content": content} for code in problems
    }
    return found | {status: {"model": model}}


def install(app: FastAPI) -> None:
    """Let an application document itself."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=DESCRIPTION,
                routes=app.routes,
            )
            modes = [(model, "validation") for model in _BODIES]
            own = models_json_schema(modes, ref_template=_REF)[1]["$defs"]  # pyright: ignore[reportArgumentType] - the mode is a literal
            schema["components"]["schemas"].update(own)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi
