"""Roles that a table of an export can have, with the fields of each."""

from dataclasses import dataclass, field
from enum import StrEnum

from data.source_proposal.contents import Content


class Role(StrEnum):
    """Part that a table plays. Customers and payments serve the orders."""

    ORDER = "order"
    LINE = "line"
    PRODUCT = "product"
    SITE = "site"
    CUSTOMER = "customer"
    PAYMENT = "payment"
    CASE = "case"
    STOCK = "stock"
    DEMAND = "demand"


@dataclass(frozen=True)
class RoleFields:
    """Fields of a role.

    Attributes:
        kinds: The kind of values of each field.
        needed: The fields without which a table can't have the role.
        key: The fields that name a row.
    """

    kinds: dict[str, Content]
    needed: tuple[str, ...]
    key: tuple[str, ...] = field(default=())


PLACE = {
    "country": Content.COUNTRY,
    "region": Content.REGION,
    "city": Content.CITY,
    "postcode": Content.POSTCODE,
}

ROLES: dict[Role, RoleFields] = {
    Role.ORDER: RoleFields(
        {
            "order_id": Content.KEY,
            "placed_at": Content.MOMENT,
            "customer_id": Content.KEY,
            "customer_segment": Content.WORD,
            "channel": Content.WORD,
            **dict.fromkeys(
                (
                    "promised_at",
                    "ship_by_at",
                    "paid_at",
                    "shipped_at",
                    "delivered_at",
                    "canceled_at",
                ),
                Content.MOMENT,
            ),
            "currency": Content.CURRENCY,
            "total": Content.MONEY,
            **PLACE,
            **dict.fromkeys(
                ("payment_method", "payment_status", "fulfillment_status", "status"), Content.WORD
            ),
        },
        needed=("order_id", "placed_at"),
        key=("order_id",),
    ),
    Role.LINE: RoleFields(
        {
            "order_id": Content.KEY,
            "line_id": Content.KEY,
            "sku": Content.KEY,
            "units": Content.QUANTITY,
            "site": Content.KEY,
            "unit_price": Content.MONEY,
        },
        needed=("order_id", "sku"),
    ),
    Role.PRODUCT: RoleFields(
        {
            "sku": Content.KEY,
            **dict.fromkeys(
                ("department_group", "department", "category", "product_group"), Content.WORD
            ),
            "cost": Content.MONEY,
            "unit_price": Content.MONEY,
            "weight_g": Content.NUMBER,
        },
        needed=("sku",),
        key=("sku",),
    ),
    Role.SITE: RoleFields(
        {
            "site": Content.KEY,
            **PLACE,
            "format": Content.WORD,
            "lead_time_days": Content.NUMBER,
            "capacity_units": Content.NUMBER,
        },
        needed=("site",),
        key=("site",),
    ),
    Role.CUSTOMER: RoleFields(
        {
            "customer_id": Content.KEY,
            "person": Content.KEY,
            "customer_segment": Content.WORD,
            **PLACE,
        },
        needed=("customer_id",),
        key=("customer_id",),
    ),
    Role.PAYMENT: RoleFields(
        {
            "order_id": Content.KEY,
            "payment_method": Content.WORD,
            "total": Content.MONEY,
            "paid_at": Content.MOMENT,
        },
        needed=("order_id", "total"),
    ),
    Role.CASE: RoleFields(
        {
            "exception_id": Content.KEY,
            "detected_at": Content.MOMENT,
            "step_at": Content.MOMENT,
            "order_id": Content.KEY,
            **dict.fromkeys(
                ("type", "reason_code", "severity", "event", "category", "team", "priority"),
                Content.WORD,
            ),
            "message": Content.TEXT,
            "by": Content.WORD,
            "due_at": Content.MOMENT,
            "resolved_at": Content.MOMENT,
            "touch_minutes": Content.NUMBER,
            "breached": Content.YES_NO,
            "sla_met": Content.YES_NO,
            "loss": Content.MONEY,
        },
        needed=("exception_id", "detected_at"),
        key=("exception_id",),
    ),
    Role.STOCK: RoleFields(
        {
            "sku": Content.KEY,
            "site": Content.KEY,
            "counted_at": Content.MOMENT,
            "on_hand": Content.QUANTITY,
            "inbound": Content.QUANTITY,
            "inbound_at": Content.MOMENT,
        },
        needed=("sku", "counted_at", "on_hand"),
    ),
    Role.DEMAND: RoleFields(
        {
            "sku": Content.KEY,
            "site": Content.KEY,
            "period_start": Content.MOMENT,
            "units": Content.QUANTITY,
            "price": Content.MONEY,
            "promotion": Content.SHARE,
            "in_stock_share": Content.SHARE,
        },
        needed=("sku", "period_start", "units"),
    ),
}
