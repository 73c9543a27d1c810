"""Columns of orders, their lines and their steps."""

# Time and Text are dtype objects, which pandera reads from the annotations at run time.
# pyright: reportInvalidTypeForm=false

from pandera.typing.pandas import Series

from data.contract.column_types import (
    CODE,
    AttributesTable,
    BaseTable,
    Field,
    Text,
    Time,
    ZonedTable,
    currency,
    optional,
)
from data.domain import MAX_AMOUNT, MAX_QUANTITY


class Orders(ZonedTable, AttributesTable):
    """One order as it was placed. What happened to it later stands in `order_events`."""

    order_id: Series[Text] = Field()
    placed_at: Series[Time] = Field()
    source: Series[Text] = optional(description="the system it came from")
    channel: Series[Text] = optional(description="web, shop, marketplace, ...")
    customer_id: Series[Text] = optional()
    customer_segment: Series[Text] = optional()
    promised_at: Series[Time] = optional(description="delivery promised to the customer")
    ship_by_at: Series[Time] = optional(description="latest moment to hand it to the carrier")
    currency: Series[Text] = currency("of the total, ISO 4217")
    total: Series[float] = optional(description="in `currency`", ge=0, le=MAX_AMOUNT)
    country: Series[Text] = optional(
        description="ISO 3166-1 alpha-2", str_matches=r"^[A-Z]{2}$", metadata=CODE
    )
    postcode: Series[Text] = optional()
    city: Series[Text] = optional()
    region: Series[Text] = optional(description="state, province or county")
    payment_method: Series[Text] = optional()
    payment_status: Series[Text] = optional(description="as of known_at")
    fulfillment_status: Series[Text] = optional(description="as of known_at")
    status: Series[Text] = optional(description="as of known_at")
    weight: Series[float] = optional(
        description="rows that this one stands for; 1 if empty", gt=0, le=MAX_QUANTITY
    )
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")


class OrderLines(AttributesTable):
    """One line of one order."""

    order_id: Series[Text] = Field()
    line_id: Series[Text] = Field()
    sku: Series[Text] = Field()
    units: Series[float] = Field(ge=0, description="ordered units", le=MAX_QUANTITY)
    site: Series[Text] = optional(description="where it ships from: warehouse, shop, seller")
    unit_price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = currency("of the price, ISO 4217; the order's if empty")
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")


class OrderEvents(BaseTable):
    """One step of one order."""

    order_id: Series[Text] = Field()
    stage: Series[Text] = Field(description="a word of data.domain.Stage")
    occurred_at: Series[Time] = Field()
    event: Series[Text] = Field(default="reached", description="reached, canceled, returned, ...")
    line_id: Series[Text] = Field(default="", description="its line; empty: the whole order")
    units: Series[float] = optional(
        ge=0, description="how many units of the line it concerns", le=MAX_QUANTITY
    )
    actor: Series[Text] = optional(description="who or what did it")
    copy_number: Series[int] = Field(
        default=0, ge=0, description="number among equal events of one file; counted if left out"
    )
