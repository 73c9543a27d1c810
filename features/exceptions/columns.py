"""Input columns of an exception with its order: add one by one entry of `COLUMNS`.

The join of a history reads the table's column, a scoring call reads the path in its payload. The
path names fields of `serving.wire.exception_in.ExceptionIn`: a path that is new needs its field
there too.
"""

from features.engine.attributes import ATTRIBUTE
from features.engine.columns import Column

TEAM = ATTRIBUTE + "team"
"""The team that an exception was assigned to as it was raised, where a source names one."""

COLUMNS = (
    Column("source", "text", table="exceptions.source", payload="source",
           meaning="The system that raised it", has_past=True),
    Column("type", "text", table="exceptions.type", payload="type_word",
           meaning="Type as raised", has_past=True),
    Column("reason_code", "text", table="exceptions.reason_code", payload="reason_code",
           meaning="Reason code as raised", has_past=True),
    Column("message", "text", table="exceptions.message", payload="message"),
    Column("severity", "text", table="exceptions.severity", payload="severity",
           meaning="Severity as raised", has_past=True),
    Column("channel", "text", table="orders.channel", payload="order.channel",
           meaning="Sales channel of the order", has_past=True),
    Column("customer_id", "text", table="orders.customer_id",
           payload="order.customer.external_id", has_past=True),
    Column("customer_segment", "text", table="orders.customer_segment",
           payload="order.customer.segment", meaning="Segment of the customer", has_past=True),
    Column("currency", "text", table="orders.currency", payload="order.total.currency",
           meaning="Currency of the order"),
    Column("country", "text", table="orders.country",
           payload="order.shipping_address.country_code", meaning="Country of delivery",
           has_past=True),
    Column("region", "text", table="orders.region", payload="order.shipping_address.region",
           meaning="Region of delivery", has_past=True),
    Column("postcode", "text", table="orders.postcode",
           payload="order.shipping_address.postal_code"),
    Column("payment_method", "text", table="orders.payment_method",
           payload="order.payment_method", meaning="Way of payment", has_past=True),
    Column("site", "text", table="order_lines.site", payload="order.line_items.site",
           lines="first", meaning="Site that is to ship the first line", has_past=True),
    Column("sku", "text", table="order_lines.sku", payload="order.line_items.sku",
           lines="first", has_past=True),
    Column("total", "number", table="orders.total", payload="order.total.amount"),
    Column("units", "number", table="order_lines.units", payload="order.line_items.quantity",
           lines="sum"),
    Column("line_count", "number", table="order_lines.line_id",
           payload="order.line_items.external_id", lines="count"),
    Column("highest_unit_price", "number", table="order_lines.unit_price",
           payload="order.line_items.unit_price.amount", lines="max"),
    Column("detected_at", "time", table="exceptions.detected_at", payload="detected_at"),
    Column("due_at", "time", table="exceptions.due_at", payload="due_at"),
    Column("placed_at", "time", table="orders.placed_at", payload="order.placed_at"),
    Column("promised_at", "time", table="orders.promised_at",
           payload="order.promised_delivery_at"),
    Column("ship_by_at", "time", table="orders.ship_by_at", payload="order.ship_by_at"),
)  # fmt: skip

TEXTS = tuple(column.name for column in COLUMNS if column.kind == "text")
TABLE_COLUMNS = {column.name: column.table for column in COLUMNS}
"""The column of the history behind each name, as "table.column"."""
