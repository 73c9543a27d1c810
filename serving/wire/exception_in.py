"""Bodies that callers may send. Checked here, once; the rest of the code may trust them.

Moments become ticks (milliseconds since 1970), amounts stay texts. Unknown fields are let through:
the ledger keeps the exception as it was posted.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, PrivateAttr, TypeAdapter

from data.domain import MAX_MINUTES, ExceptionType, LabelOrigin, is_open_status, type_word
from serving.wire.check import checked
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.fields import Country, Money, Name, RequestPart, Text, Tick, Units
from serving.wire.nesting import MAX_DEPTH, too_deep
from serving.wire.optional_values import read_leniently

_TYPES = {str(kind): str(kind) for kind in ExceptionType}
MAX_ATTRIBUTES = 200
Attributes = Annotated[dict[str, Any], Field(max_length=MAX_ATTRIBUTES)]
OURS = "expedite"
"""Source of the exceptions that the service raises itself."""
NEEDED = frozenset({"/status", "/version", "/updated_at"})
"""Fields that may be left out, but not be wrong: they order messages, and open and close."""


class Address(RequestPart):
    """Address of delivery; country, postcode and city suffice."""

    country_code: Country | None = None
    postal_code: Name | None = None
    city: Name | None = None
    region: Name | None = None


class ProductIn(RequestPart):
    """Product of a line: attributes of a SKU that is new, or has changed since the training."""

    attributes: Attributes = Field(default_factory=dict)


class LineItem(RequestPart):
    """One line of an order. `site` is where it ships from."""

    external_id: Name | None = None
    sku: Name | None = None
    quantity: Units | None = None
    unit_price: Money | None = None
    site: Name | None = None
    product: ProductIn | None = None
    attributes: Attributes = Field(default_factory=dict)


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
    line_items: Annotated[list[LineItem], Field(max_length=1_000)] = Field(default_factory=list)
    customer: Customer | None = None
    attributes: Attributes = Field(default_factory=dict)


class ExceptionIn(RequestPart):
    """One exception, in full. `source` and `external_id` name it.

    `type` is one of the known types in any case, or the source's own word. `version`
    orders the messages of a source; of equal or missing ones `updated_at`, else their arrival.
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
    attributes: Attributes = Field(default_factory=dict)
    _unread: list[Flaw] = PrivateAttr(default_factory=list)

    @property
    def unread(self) -> list[Flaw]:
        """Optional values that were sent and can't be read; they count as empty."""
        return self._unread

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
    """Resolution of an exception; fields that were not recorded are left out.

    `note` says in words how it was solved.
    """

    category: Name | None = None
    team: Name | None = None
    touch_minutes: Annotated[float, Field(ge=0, le=MAX_MINUTES)] | None = None
    breached: bool | None = None
    loss: Money | None = None
    label_origin: LabelOrigin = LabelOrigin.TYPED
    team_origin: LabelOrigin = LabelOrigin.TYPED
    note: Text | None = None
    by: Name | None = None
    resolved_at: Tick | None = None


EXCEPTION = TypeAdapter(ExceptionIn)
RESOLUTION = TypeAdapter(ResolutionIn)


def exception(value: object) -> ExceptionIn:
    """Check one exception; none may speak in the service's own name.

    Optional values that can't be read are taken out of `value`, and are in `ExceptionIn.unread`.

    Raises:
        BadPayloadError: With a pointer to every field that is wrong.
    """
    if (pointer := too_deep(value)) is not None:
        cure = f"is nested more than {MAX_DEPTH} levels deep: send it flatter, or as a text"
        raise BadPayloadError([Flaw(pointer, cure)])
    payload, unread = read_leniently(EXCEPTION, value, needed=NEEDED)
    payload.unread.extend(unread)
    if payload.source == OURS:
        raise BadPayloadError([Flaw("/source", f"'{OURS}' is the service itself: name yours")])
    return payload


def resolution(value: object) -> ResolutionIn:
    """Check a resolution; errors as of `checked`."""
    return checked(RESOLUTION, value)


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
