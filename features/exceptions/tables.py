"""Columns of exceptions, from the tables of a history."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.contract.exception_tables import Exceptions
from data.contract.order_tables import OrderLines, Orders
from data.ticks import floor_ticks
from features.engine.attributes import (
    OF_LINE,
    OF_ORDER,
    attribute_columns,
    attribute_rows,
    with_attributes,
)
from features.engine.columns import Column, text_column
from features.engine.products import NO_PRODUCTS, ProductAttributes
from features.exceptions.columns import COLUMNS

_ORDER_KNOWN_AT, _OF_A_LINE = "order_known_at", "line_attributes"
_AGGREGATIONS = {"first": "first", "sum": "sum", "count": "size", "max": "max"}
_OF_EXCEPTIONS, _OF_ORDERS, _OF_LINES = (
    tuple(column for column in COLUMNS if column.table.startswith(table))
    for table in ("exceptions.", "orders.", "order_lines.")
)


def exception_columns(
    exceptions: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    kinds: Mapping[str, str],
    *,
    products: ProductAttributes = NO_PRODUCTS,
) -> dict[str, np.ndarray]:
    """Join exceptions with what was known of their orders *before* they were detected.

    Args:
        exceptions: Rows of `Exceptions`.
        orders: Rows of `Orders`.
        lines: Rows of `OrderLines`.
        kinds: The attributes to give, as `attribute_kinds` found them in training.
        products: Attributes of the SKUs.

    Returns:
        Columns by name, in the order of `COLUMNS` and then of the attributes; each of the length
        of `exceptions`.
    """
    sources = (
        (_OF_EXCEPTIONS, _named(exceptions, _OF_EXCEPTIONS)),
        (_OF_ORDERS, _of_orders(exceptions, orders)),
        (_OF_LINES, _of_lines(exceptions, lines)),
    )
    values = {c.name: c.values(table[c.name]) for columns, table in sources for c in columns}
    columns = {column.name: values[column.name] for column in COLUMNS}
    attributes = joined_attributes(exceptions, orders, lines, products=products)
    return columns | attribute_columns(attributes, kinds)


def joined_attributes(
    exceptions: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    products: ProductAttributes = NO_PRODUCTS,
) -> list[Mapping[str, Any]]:
    """Return the attributes of each exception, of its order, its first line and its product.

    Of the order, its lines and the product, only what was known before the detection is read. An
    order's attribute `mode` is named `order.mode`, a line's `vendor` is named `line.vendor`, a
    product's `brand` is named `product.brand`. The product is that of the
    exception's own attribute `sku`, else of the first line.
    """
    own: list[Mapping[str, Any]] = [*attribute_rows(exceptions[Exceptions.attributes])]
    first = _first_lines(exceptions, lines)
    if products:
        detected_at = floor_ticks(exceptions[Exceptions.detected_at]).tolist()
        skus = text_column(first[OrderLines.sku])
        subjects = zip(own, skus, detected_at, strict=True)
        own = [products.joined(row, sku, tick) for row, sku, tick in subjects]
    for prefix, attributes in (
        (OF_ORDER, _attributes_of_orders(exceptions, orders)),
        (OF_LINE, first[_OF_A_LINE]),
    ):
        if attributes.notna().any():
            own = [
                with_attributes(row, prefix, more)
                for row, more in zip(own, attribute_rows(attributes), strict=True)
            ]
    return own


def _attributes_of_orders(exceptions: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    if Orders.attributes not in orders:
        return pd.Series(None, exceptions.index, object)
    own = orders[[Orders.order_id, Orders.known_at, Orders.attributes]].rename(
        columns={Orders.known_at: _ORDER_KNOWN_AT}
    )
    subjects = exceptions[[Exceptions.order_id, Exceptions.detected_at]]
    joined = subjects.merge(own, on=Exceptions.order_id, how="left")
    known_before = joined[_ORDER_KNOWN_AT] < joined[Exceptions.detected_at]
    return joined[Orders.attributes].where(known_before)


def _first_lines(exceptions: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return SKU and attributes of the first line of each exception's order."""
    if OrderLines.attributes not in lines:
        lines = lines.assign(**{OrderLines.attributes: None})
    own = _lines_known(exceptions, lines.rename(columns={OrderLines.attributes: _OF_A_LINE}))
    # `head` and not `first`: that one would skip the lines without attributes.
    first = own.groupby(Exceptions.exception_id, sort=False).head(1)
    named = first.set_index(Exceptions.exception_id)[[OrderLines.sku, _OF_A_LINE]]
    return named.reindex(exceptions[Exceptions.exception_id])


def _named(table: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the columns of a table under their own names."""
    return pd.DataFrame({column.name: table[column.source] for column in columns})


def _of_orders(exceptions: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    own = _named(orders, _OF_ORDERS).assign(
        **{Orders.order_id: orders[Orders.order_id], _ORDER_KNOWN_AT: orders[Orders.known_at]}
    )
    subjects = exceptions[[Exceptions.order_id, Exceptions.detected_at]]
    joined = subjects.merge(own, on=Exceptions.order_id, how="left")
    unknown = ~(joined[_ORDER_KNOWN_AT] < joined[Exceptions.detected_at])
    joined.loc[unknown, [column.name for column in _OF_ORDERS]] = None
    return joined


def _of_lines(exceptions: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    summaries = (
        _lines_known(exceptions, lines)
        .groupby(Exceptions.exception_id, sort=False)
        .agg(
            **{
                column.name: pd.NamedAgg(column.source, _AGGREGATIONS[column.lines or "first"])
                for column in _OF_LINES
            }
        )
    )
    return summaries.reindex(exceptions[Exceptions.exception_id])


def _lines_known(exceptions: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that were known before each exception, the smallest line id first."""
    subjects = exceptions[[Exceptions.exception_id, Exceptions.order_id, Exceptions.detected_at]]
    own = lines.merge(subjects, on=OrderLines.order_id, how="inner")
    own = own[own[OrderLines.known_at] < own[Exceptions.detected_at]]
    return own.sort_values([Exceptions.exception_id, OrderLines.line_id], kind="stable")
