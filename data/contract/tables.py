"""The data contract: the tables of the order history, each with its schema and its rules.

Every row carries `known_at`: when the company could have known it. Nothing is ever computed from a
row at a time before its `known_at`. Times are UTC with microseconds. Text is text, never a category
or a number in disguise. Only the columns that are neither `nullable` nor defaulted must be given;
the features without data for lack of the others are listed after an import.

Column names are written here and nowhere else: `Orders.placed_at` *is* the string "placed_at".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from data.contract.column_types import BaseTable
from data.contract.demand_tables import DemandTable, Plans, StockTable
from data.contract.exception_tables import ExceptionEvents, Exceptions, Outcomes
from data.contract.order_tables import OrderEvents, OrderLines, Orders
from data.contract.reference_tables import Products, RatesTable, Sites


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
        refers_to: A table whose key this table may name; rows that name an absent one stay.
    """

    name: str
    schema: type[BaseTable]
    key: tuple[str, ...]
    happened_at: str | None = None
    parent: str | None = None
    known_at_from: Literal["happened_at", "parent"] | None = None
    copy_number: str | None = None
    tie_order: str | None = None
    refers_to: str | None = None


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
        TableRule(
            "exceptions",
            Exceptions,
            EXCEPTION,
            "detected_at",
            known_at_from=HAPPENED,
            refers_to="orders",
        ),
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


def columns_marked(table: str, mark: dict[str, bool]) -> frozenset[str]:
    """The columns of a table with a mark of `data.contract.column_types`."""
    return frozenset(
        name
        for name, column in columns_of(table)
        if mark.items() <= (column.metadata or {}).items()
    )
