"""Fields of request bodies: names, amounts, moments. Moments become ticks, amounts stay texts."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from data.domain import MAX_QUANTITY
from data.ticks import tick_of
from serving.wire.spelling import TIME_FLAW

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
MOMENT_PATTERN = (
    r"^\d{4}-\d\d-\d\d([Tt ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?\s*([Zz]|[+-]\d\d(:?\d\d)?)?)?$"
)
_YEARS = range(1990, 2101)


def _tick(value: object) -> int:
    """Read an RFC 3339 time with any offset; finer than a millisecond is cut off.

    Other spellings of ISO 8601 are turned into it before (`serving.wire.spelling`).
    """
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        text = "a time is a text like 2026-03-01T09:13:02Z (ISO 8601; without an offset it is UTC)"
        raise PydanticCustomError(TIME_FLAW, text)
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise PydanticCustomError("no_time", "there is no such time") from error
    if moment.year not in _YEARS:
        raise PydanticCustomError("year", "a time lies between the years 1990 and 2100")
    return tick_of(moment)


Tick = Annotated[
    int,
    PlainValidator(_tick),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "pattern": MOMENT_PATTERN},
            ],
            "description": "ISO 8601; UTC without an offset, the first second of a day alone",
        }
    ),
]
_AMOUNT_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,6})?$"
Amount = Annotated[
    str,
    StringConstraints(pattern=_AMOUNT_PATTERN),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": _AMOUNT_PATTERN},
                {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**15},
            ],
            "description": "a decimal text; a JSON number of up to 15 digits is read exactly too",
        }
    ),
]
_NAME_PATTERN = r"^[^\x00-\x1f]*[^\s\x00-\x1f][^\x00-\x1f]*$"
Name = Annotated[
    str,
    StringConstraints(max_length=255, pattern=_NAME_PATTERN),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": 255, "pattern": _NAME_PATTERN},
                {"type": "integer"},
            ]
        }
    ),
]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Country = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{2}$")]
Currency = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{3}$")]
Units = Annotated[float, Field(ge=0, le=MAX_QUANTITY)]


class RequestPart(BaseModel):
    """Part of a request body; unknown fields are ignored.

    Blank text and null in a field that has a default are that default.
    """

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Document that a field with a default may be blank or null."""
        schema = handler(core_schema)
        model = handler.resolve_ref_schema(schema)
        for name, field in model.get("properties", {}).items():
            if name not in model.get("required", ()):
                model["properties"][name] = _or_blank(field)
        return schema


def _or_blank(field: JsonSchemaValue) -> JsonSchemaValue:
    notes = {name: field.pop(name) for name in ("default", "description", "title") if name in field}
    kinds = field["anyOf"] if field.keys() == {"anyOf"} else [field]
    kinds = [kind for kind in kinds if kind != {"type": "null"}]
    return {"anyOf": [*kinds, {"type": "string", "pattern": r"^\s*$"}, {"type": "null"}], **notes}


class Money(RequestPart):
    """An amount as a decimal text, and its currency (ISO 4217)."""

    amount: Amount
    currency: Currency
