"""The data contract: one pandera schema for each table of the order history.

Every row carries `known_at`: when the company could have known it. Nothing is ever computed from a
row at a time before its `known_at`. Times are UTC with microseconds. Text is text, never a category
or a number in disguise. Only the columns that are neither `nullable` nor defaulted must be given;
the features without data for lack of the others are listed after an import.

Column names are written here and nowhere else: `Orders.placed_at` *is* the string "placed_at".
"""

# Time, Text and YesNo are dtype objects, which pandera reads from the annotations at run time.
# pyright: reportInvalidTypeForm=false

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

from data.contract.column_types import BaseTable, Field, Text, Time, YesNo, ZonedTable, optional
from data.domain import MAX_AMOUNT, MAX_MINUTES, MAX_QUANTITY, HandlingEvent, LabelOrigin

AS_WRITTEN = {"as_written": True}
"""Marks a time that is a date of the calendar: it stays as it is written, no zone shifts it."""

FIRST_DAY = "first day of the period, as written: no time zone shifts it"


def _currency(description: str) -> Any:
    """Return an optional column of codes in capitals."""
    return optional(description=description, str_matches=r"^[A-Z]{3}$")


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _are_json_objects(attributes: pd.Series) -> pd.Series:
    """Return a mask of the cells that hold a JSON object or nothing."""
    return attributes.map(_is_json_object, na_action="ignore").fillna(value=True).astype(bool)


class Orders(ZonedTable):
    """One order as it was placed. What happened to it later stands in `order_events`."""

    order_id: Series[Text] = Field()
    placed_at: Series[Time] = Field()
    source: Series[Text] = optional(description="the system it came from")
    channel: Series[Text] = optional(description="web, shop, marketplace, ...")
    customer_id: Series[Text] = optional()
    customer_segment: Series[Text] = optional()
    promised_at: Series[Time] = optional(description="delivery promised to the customer")
    ship_by_at: Series[Time] = optional(description="latest moment to hand it to the carrier")
    currency: Series[Text] = _currency("of the total, ISO 4217")
    total: Series[float] = optional(description="in `currency`", ge=0, le=MAX_AMOUNT)
    country: Series[Text] = optional(description="ISO 3166-1 alpha-2", str_matches=r"^[A-Z]{2}$")
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

    @pa.check("attributes")
    @classmethod
    def json_object(cls, attributes: pd.Series) -> pd.Series:
        return _are_json_objects(attributes)


class OrderLines(BaseTable):
    """One line of one order."""

    order_id: Series[Text] = Field()
    line_id: Series[Text] = Field()
    sku: Series[Text] = Field()
    units: Series[float] = Field(ge=0, description="ordered units", le=MAX_QUANTITY)
    site: Series[Text] = optional(description="where it ships from: warehouse, shop, seller")
    unit_price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = optional(
        description="of the price, ISO 4217; the order's if empty", str_matches=r"^[A-Z]{3}$"
    )
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")

    @pa.check("attributes")
    @classmethod
    def json_object(cls, attributes: pd.Series) -> pd.Series:
        return _are_json_objects(attributes)


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


class Exceptions(BaseTable):
    """One exception as it was first raised."""

    exception_id: Series[Text] = Field()
    detected_at: Series[Time] = Field()
    order_id: Series[Text] = optional()
    source: Series[Text] = optional(description="the system that raised it")
    type: Series[Text] = optional(description="an ExceptionType, or the source's own word")
    reason_code: Series[Text] = optional()
    message: Series[Text] = optional(description="free text in any language")
    severity: Series[Text] = optional(description="as the source sets it")
    due_at: Series[Time] = optional(description="the deadline, if there is one")
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")

    @pa.check("attributes")
    @classmethod
    def json_object(cls, attributes: pd.Series) -> pd.Series:
        return _are_json_objects(attributes)


class ExceptionEvents(BaseTable):
    """One step in the handling of one exception."""

    exception_id: Series[Text] = Field()
    occurred_at: Series[Time] = Field()
    step: Series[int] = Field(
        default=0, ge=0, description="order among steps of one time; the file's order if left out"
    )
    event: Series[Text] = Field(isin=[str(e) for e in HandlingEvent])
    team: Series[Text] = optional(description="the team that has it after this step")
    by: Series[Text] = optional(description="who did it")
    category: Series[Text] = optional(description="the category after this step")
    priority: Series[Text] = optional(description="the priority after this step")
    copy_number: Series[int] = Field(
        default=0, ge=0, description="number among equal steps of one file; counted if left out"
    )


class Outcomes(BaseTable):
    """One exception as it ended. An empty field was not recorded; it is never a guess."""

    exception_id: Series[Text] = Field()
    category: Series[Text] = optional(description="what it turned out to be")
    label_origin: Series[Text] = optional(
        isin=[str(o) for o in LabelOrigin], description="how the category came about"
    )
    suggestion_hidden: Series[YesNo] = optional(description="it was named without a suggestion")
    team: Series[Text] = optional(description="the team that solved it")
    team_origin: Series[Text] = optional(
        isin=[str(o) for o in LabelOrigin], description="how the team came about"
    )
    priority: Series[Text] = optional(description="the band that people gave it in the end")
    resolved_at: Series[Time] = optional()
    touch_minutes: Series[float] = optional(
        ge=0, description="minutes of work, not elapsed time", le=MAX_MINUTES
    )
    breached: Series[YesNo] = optional(description="the deadline, SLA or promise was missed")
    breached_at: Series[Time] = optional(description="when it was missed, where that is recorded")
    loss: Series[float] = optional(ge=0, description="money lost by it", le=MAX_AMOUNT)
    currency: Series[Text] = optional(
        description="of the loss, ISO 4217; the order's if empty", str_matches=r"^[A-Z]{3}$"
    )
    healed_itself: Series[YesNo] = optional(description="it resolved itself, without work")


class StockTable(ZonedTable):
    """One SKU at one site at one moment."""

    sku: Series[Text] = Field()
    site: Series[Text] = Field()
    counted_at: Series[Time] = Field()
    on_hand: Series[float] = Field(
        description="units; below 0 is oversold", ge=-MAX_QUANTITY, le=MAX_QUANTITY
    )
    inbound: Series[float] = optional(ge=0, description="units on the way", le=MAX_QUANTITY)
    inbound_at: Series[Time] = optional()
    in_stock: Series[YesNo] = optional()


class DemandTable(BaseTable):
    """One SKU, site and period. Built from `order_lines` where a source does not give it."""

    sku: Series[Text] = Field()
    site: Series[Text] = Field()
    period_start: Series[Time] = Field(metadata=AS_WRITTEN, description=FIRST_DAY)
    units: Series[float] = Field(ge=0, le=MAX_QUANTITY)
    in_stock_share: Series[float] = optional(ge=0, le=1)
    price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = optional(
        description="of the price, ISO 4217; the company's if empty", str_matches=r"^[A-Z]{3}$"
    )
    promotion: Series[float] = optional(ge=-MAX_AMOUNT, le=MAX_AMOUNT)


class Plans(BaseTable):
    """Plan for one SKU, site and period: the latest plan that was recorded counts."""

    sku: Series[Text] = Field()
    site: Series[Text] = Field()
    period_start: Series[Time] = Field(metadata=AS_WRITTEN, description=FIRST_DAY)
    price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = optional(
        description="of the price, ISO 4217; the company's if empty", str_matches=r"^[A-Z]{3}$"
    )
    promotion: Series[float] = optional(ge=-MAX_AMOUNT, le=MAX_AMOUNT)


class Products(BaseTable):
    """One SKU."""

    sku: Series[Text] = Field()
    department_group: Series[Text] = optional(description="the widest level of the hierarchy")
    department: Series[Text] = optional()
    category: Series[Text] = optional()
    product_group: Series[Text] = optional(description="the narrowest level of the hierarchy")
    cost: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    unit_price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = optional(
        description="of cost and price, ISO 4217; the company's if empty", str_matches=r"^[A-Z]{3}$"
    )
    weight_g: Series[float] = optional(ge=0, le=MAX_QUANTITY)
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")

    @pa.check("attributes")
    @classmethod
    def json_object(cls, attributes: pd.Series) -> pd.Series:
        return _are_json_objects(attributes)


class Sites(ZonedTable):
    """One site: a warehouse, a shop, a seller."""

    site: Series[Text] = Field()
    country: Series[Text] = optional()
    region: Series[Text] = optional()
    format: Series[Text] = optional(description="the kind of shop")
    lead_time_days: Series[float] = optional(ge=0, le=36_500)
    capacity_units: Series[float] = optional(ge=0, le=MAX_QUANTITY)


class RatesTable(BaseTable):
    """Exchange rate of one currency into another, from one day on."""

    day: Series[Time] = Field(description="the day from which it counts")
    currency: Series[Text] = Field(
        description="ISO 4217; one unit of it is worth `rate` units", str_matches=r"^[A-Z]{3}$"
    )
    to_currency: Series[Text] = Field(
        default="", description="of this one, ISO 4217; the company's if empty"
    )
    rate: Series[float] = Field(gt=0, lt=1e12)


@dataclass(frozen=True)
class TableRule:
    """Rules of a table that its schema can't express.

    Attributes:
        name: The table's name, and its file's.
        schema: Its columns.
        key: The columns that name a row.
        happened_at: The column that `known_at` may not precede.
        parent: The table whose key this table's `order_id` or `exception_id` must refer to.
        known_at_from: What a missing `known_at` is filled from: `happened_at`, the `known_at` of
            the parent, or nothing (None): then a source must give it.
        copy_number: The column of the key that numbers rows of equal content in one file; None
            where a source's own key names a row.
        tie_order: The column that orders rows of one parent and moment; no part of the key.
    """

    name: str
    schema: type[BaseTable]
    key: tuple[str, ...]
    happened_at: str | None = None
    parent: str | None = None
    known_at_from: Literal["happened_at", "parent"] | None = None
    copy_number: str | None = None
    tie_order: str | None = None


ORDER, EXCEPTION = ("order_id",), ("exception_id",)
ORDER_STEP = (*ORDER, "stage", "occurred_at", "event", "line_id", "units", "actor", "copy_number")
STEP = (*EXCEPTION, "occurred_at", "event", "team", "by", "category", "priority", "copy_number")
HAPPENED: Literal["happened_at"] = "happened_at"

# Parents stand before their children. A period's demand is known when the period ends, not when it
# starts, so that `demand` must say; so must `plans`, which are known before their period, and
# products and sites, which have no time of their own.
TABLES: dict[str, TableRule] = {
    rule.name: rule
    for rule in (
        TableRule("orders", Orders, ORDER, "placed_at", known_at_from=HAPPENED),
        TableRule(
            "order_lines", OrderLines, (*ORDER, "line_id"), parent="orders", known_at_from="parent"
        ),
        TableRule(
            "order_events",
            OrderEvents,
            ORDER_STEP,
            "occurred_at",
            parent="orders",
            known_at_from=HAPPENED,
            copy_number="copy_number",
        ),
        TableRule("exceptions", Exceptions, EXCEPTION, "detected_at", known_at_from=HAPPENED),
        TableRule(
            "exception_events",
            ExceptionEvents,
            STEP,
            "occurred_at",
            parent="exceptions",
            known_at_from=HAPPENED,
            copy_number="copy_number",
            tie_order="step",
        ),
        TableRule("outcomes", Outcomes, EXCEPTION, parent="exceptions"),
        TableRule(
            "stock", StockTable, ("sku", "site", "counted_at"), "counted_at", known_at_from=HAPPENED
        ),
        TableRule("demand", DemandTable, ("sku", "site", "period_start"), "period_start"),
        TableRule("plans", Plans, ("sku", "site", "period_start")),
        TableRule("products", Products, ("sku",)),
        TableRule("sites", Sites, ("site",)),
        TableRule(
            "rates", RatesTable, ("day", "currency", "to_currency"), "day", known_at_from=HAPPENED
        ),
    )
}


def columns_of(table: str) -> Iterator[tuple[str, Any]]:
    """Yield name and pandera column of a table, the key first, `known_at` last."""
    rule = TABLES[table]
    columns = rule.schema.to_schema().columns
    names = [*rule.key, *(n for n in columns if n not in rule.key and n != "known_at"), "known_at"]
    return ((name, columns[name]) for name in names)
