"""What `/openapi.json` says of demand and stock: parameters, bodies, examples, streams."""

from typing import Any

from serving.http.openapi import answers, body_with
from serving.http.streaming import NDJSON

QUERY: dict[str, Any] = {
    "series": [{"sku": "A-00001", "site": "north"}, {"sku": "B-7"}],
    "horizon": 2,
    "quantiles": [0.1, 0.5, 0.9],
}
_EURO = {"currency": "EUR"}
ALLOCATION: dict[str, Any] = {
    "sku": "A-00001",
    "units": 120,
    "periods": 2,
    "locations": [
        {"site": "north", "reserve": 10, "sale_value": {"amount": "7.90", **_EURO}},
        {"site": "south", "stock": 4, "cap": 80, "pack_size": 6},
    ],
}
REPLENISHMENT: dict[str, Any] = {
    "series": [{"sku": "A-00001", "site": "north", "on_hand": 12, "pack_size": 6}, {"sku": "B-7"}],
    "lead_periods": 2,
    "service_level": 0.95,
}
_COSTS: dict[str, Any] = {
    "lead_periods": 2,
    "holding_cost": {"amount": "0.20", **_EURO},
    "shortage_cost": {"amount": "1.00", **_EURO},
}


def _parameter(name: str, description: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema,
        "example": example,
    }


_TEXT = {"type": "string", "minLength": 1, "maxLength": 255}
FORECAST_PARAMETERS = [
    _parameter("sku", "Which SKU; needed unless a sum is asked for", _TEXT, "A-00001"),
    _parameter("site", "At which site; all of the SKU if left out", _TEXT, "north"),
    _parameter(
        "horizon",
        "How many periods; all that are forecast if left out",
        {"type": "integer", "minimum": 1},
        4,
    ),
    _parameter("quantiles", "Probabilities, with commas between", _TEXT, "0.1,0.5,0.9"),
    _parameter(
        "aggregate",
        "A sum instead of a SKU",
        {"type": "string", "enum": ["site", "product_group", "total"]},
        "site",
    ),
    _parameter("key", "Which site or product group the sum is of", {"type": "string"}, "north"),
]


def query_body() -> dict[str, Any]:
    """Return the documentation of a query."""
    examples = {
        "some": {"summary": "Some series", "value": QUERY},
        "all": {"summary": "All series, with the usual quantiles", "value": {}},
    }
    return body_with("QueryIn", examples)


def allocation_body() -> dict[str, Any]:
    """Return the documentation of a pool to be shared."""
    everywhere = {"sku": "A-00001", "units": 40}
    examples = {
        "locations": {"summary": "Some sites, with their limits", "value": ALLOCATION},
        "everywhere": {"summary": "All sites, as the book has them", "value": everywhere},
    }
    return body_with("AllocationIn", examples)


def replenishment_body() -> dict[str, Any]:
    """Return the documentation of what is to be ordered."""
    examples = {
        "service_level": {"summary": "Some series, by service level", "value": REPLENISHMENT},
        "costs": {"summary": "All series, by costs", "value": _COSTS},
    }
    return body_with("ReplenishmentIn", examples)


def streamed_answers(model: Any, *problems: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that may also come line by line."""
    found = answers(model, *problems)
    lines = {"schema": {"type": "string", "description": "JSON objects, one a line"}}
    found[200] = {**found[200], "content": {NDJSON: lines}}
    return found
