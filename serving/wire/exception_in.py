"""Bodies that callers may send. Checked here, once; the rest of the code may trust them.

Moments become ticks (milliseconds since 1970), amounts stay texts. Unknown fields are let through:
the ledger keeps the exception as it was posted.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from data.domain import ExceptionType, LabelOrigin, is_open_status, type_word
from data.ticks import tick_of
from serving.wire.errors import BadPayloadError, Flaw, pointer_to
from serving.wire.nesting import MAX_DEPTH, too_deep

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_YEARS = range(1990, 2101)
_TYPES = {str(kind): str(kind) for kind in ExceptionType}
MAX_ATTRIBUTES = 200
OURS = "expedite"
"""Source of the exceptions that the service raises itself."""
AMOUNT_CURE = 'an amount is a decimal text like "184.90", 0 or more; a JSON number may be rounded'


def _tick(value: object) -> int:
    """Read an RFC 3339 time with any offset; finer than a millisecond is cut off."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        text = "a time is a text like 2026-03-01T09:13:02Z, with seconds and an offset (RFC 3339)"
        raise PydanticCustomError("time", text)
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError as error:
        raise PydanticCustomError("time", "there is no such time") from error
    if moment.year not in _YEARS:
        raise PydanticCustomError("time", "a time lies between the years 1990 and 2100")
    return tick_of(moment)


Tick = Annotated[
    int, PlainValidator(_tick), WithJsonSchema({"type": "string", "format": "date-time"})
]
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,6})?$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Country = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{2}$")]
Currency = Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{3}$")]
Units = Annotated[float, Field(ge=0, le=1e12)]


class RequestPart(BaseModel):
    """Part of a request body; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class Money(RequestPart):
    """An amount as a decimal text, and its currency (ISO 4217)."""

    amount: Amount
    currency: Currency


class Address(RequestPart):
    """Address of delivery; country, postcode and city suffice."""

    country_code: Country | None = None
    postal_code: Name | None = None
    city: Name | None = None
    region: Name | None = None


class ProductIn(RequestPart):
    """Product of a line: attributes of a SKU that is new, or has changed since the training."""

    attributes: Annotated[dict[str, Any], Field(max_length=MAX_ATTRIBUTES)] = {}


class LineItem(RequestPart):
    """One line of an order. `site` is where it ships from."""

    external_id: Name | None = None
    sku: Name | None = None
    quantity: Units | None = None
    unit_price: Money | None = None
    site: Name | None = None
    product: ProductIn | None = None
    attributes: Annotated[dict[str, Any], Field(max_length=MAX_ATTRIBUTES)] = {}


class Customer(RequestPart):
    """Customer who ordered, without a name."""

    external_id: Name | None = None
    segment: Name | None = None


class OrderIn(RequestPart):
    """The order that an exception is about."""

    external_id: Name | None = None
    order_number: Name | None = None
    channel: Name | None = None
    placed_at: Tick | None = None
    status: Name | None = None
    payment_status: Name | None = None
    payment_method: Name | None = None
    fulfillment_status: Name | None = None
    total: Money | None = None
    promised_delivery_at: Tick | None = None
    ship_by_at: Tick | None = None
    shipping_address: Address | None = None
    line_items: Annotated[list[LineItem], Field(max_length=1_000)] = []
    customer: Customer | None = None
    attributes: Annotated[dict[str, Any], Field(max_length=MAX_ATTRIBUTES)] = {}


class ExceptionIn(RequestPart):
    """One exception, in full. `source` and `external_id` name it.

    `type` is one of the known types in any case, or the source's own word. `version`
    orders the messages of a source, else `updated_at`, else their arrival.
    """

    external_id: Name
    source: Name
    detected_at: Tick
    type: Name | None = None
    source_value: Name | None = None
    reason_code: Name | None = None
    message: Text | None = None
    severity: Name | None = None
    status: Name = "open"
    due_at: Tick | None = None
    updated_at: Tick | None = None
    version: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    order: OrderIn | None = None
    attributes: Annotated[dict[str, Any], Field(max_length=MAX_ATTRIBUTES)] = {}

    @property
    def known_type(self) -> str | None:
        """The type as one of our words; `other` for the source's own."""
        return None if self.type is None else _TYPES.get(self.type.lower(), "other")

    @property
    def type_word(self) -> str | None:
        """The type as the features read it: our word, else the source's own."""
        return type_word(self.type, self.source_value)

    @property
    def is_open(self) -> bool:
        """Return true if the source says it is still open; an unknown status counts as open."""
        return is_open_status(self.status)


class ResolutionIn(RequestPart):
    """Resolution of an exception; fields that were not recorded are left out."""

    category: Name | None = None
    team: Name | None = None
    touch_minutes: Annotated[float, Field(ge=0, le=1e6)] | None = None
    breached: bool | None = None
    loss: Money | None = None
    label_origin: LabelOrigin = LabelOrigin.TYPED
    team_origin: LabelOrigin = LabelOrigin.TYPED
    by: Name | None = None
    resolved_at: Tick | None = None


Checked = TypeVar("Checked")
EXCEPTION = TypeAdapter(ExceptionIn)
RESOLUTION = TypeAdapter(ResolutionIn)


def exception(value: object) -> ExceptionIn:
    """Check one exception; errors as of `checked`. None may speak in the service's own name."""
    if (pointer := too_deep(value)) is not None:
        cure = f"is nested more than {MAX_DEPTH} levels deep: send it flatter, or as a text"
        raise BadPayloadError([Flaw(pointer, cure)])
    payload = checked(EXCEPTION, value)
    if payload.source == OURS:
        raise BadPayloadError([Flaw("/source", f"'{OURS}' is the service itself: name yours")])
    return payload


def resolution(value: object) -> ResolutionIn:
    """Check a resolution; errors as of `checked`."""
    return checked(RESOLUTION, value)


def checked(adapter: TypeAdapter[Checked], value: object) -> Checked:
    """Check a value.

    Raises:
        BadPayloadError: With a pointer to every field that is wrong.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise BadPayloadError(_flaws(error)) from None


def _flaws(error: ValidationError) -> list[Flaw]:
    flaws = []
    for item in error.errors(include_url=False, include_context=False):
        detail = AMOUNT_CURE if item["loc"][-1:] == ("amount",) else item["msg"]
        flaws.append(Flaw(pointer_to(item["loc"]), detail))
    return flaws


Kind = Literal["one", "many"]


class RequestParts(NamedTuple):
    """Raw values of the exceptions of a request: one, or many in a list."""

    kind: Kind
    values: list[Any]


def parts(body: object) -> RequestParts:
    """Return whether one or many exceptions were sent, and their raw values.

    Raises:
        BadPayloadError: It is neither an object nor {"exceptions": [...]}.
    """
    if not isinstance(body, Mapping):
        raise BadPayloadError([Flaw("", "an exception is a JSON object")])
    if "exceptions" not in body:
        return RequestParts("one", [body])
    many = body["exceptions"]
    if not isinstance(many, list):
        raise BadPayloadError([Flaw("/exceptions", "must be a list of exceptions")])
    return RequestParts("many", many)
