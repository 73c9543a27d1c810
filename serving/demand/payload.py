"""Payloads of queries for forecasts. They are checked here, once; inside they may be trusted."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from models.demand.level_sets import PROBABILITIES
from serving.http.openapi import register
from serving.wire.fields import Name, RequestPart

MIN_PROBABILITY, MAX_PROBABILITY = float(PROBABILITIES[0]), float(PROBABILITIES[-1])
MAX_QUANTILES = 50

Aggregate = Literal["site", "product_group", "total"]
Count = Annotated[int, Field(ge=1, le=10_000)]
Probability = Annotated[float, Field(ge=MIN_PROBABILITY, le=MAX_PROBABILITY)]
Quantiles = Annotated[list[Probability], Field(min_length=1, max_length=MAX_QUANTILES)]


class SeriesIn(RequestPart):
    """A SKU at a site; without a site at all of its sites."""

    sku: Name
    site: Name | None = None


class QueryIn(RequestPart):
    """Query for forecasts; without `series` for all."""

    series: list[Any] | None = Field(
        default=None, json_schema_extra={"items": {"$ref": "#/components/schemas/SeriesIn"}}
    )
    horizon: Count | None = None
    quantiles: Quantiles | None = None


SERIES = TypeAdapter(SeriesIn)
register(SeriesIn)  # a query names it by reference
QUERY = TypeAdapter(QueryIn)

QUERY_EXAMPLE: dict[str, Any] = {
    "series": [{"sku": "A-00001", "site": "north"}, {"sku": "B-7"}],
    "horizon": 2,
    "quantiles": [0.1, 0.5, 0.9],
}
QUERY_EXAMPLES: dict[str, Any] = {
    "some": {"summary": "Some series", "value": QUERY_EXAMPLE},
    "all": {"summary": "All series, with the usual quantiles", "value": {}},
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
