"""Columns of exceptions, from the tables of a history."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.contract.tables import Exceptions, OrderLines, Orders
from features.engine.attributes import (
    OF_LINE,
    OF_ORDER,
    attribute_columns,
    attribute_rows,
    with_attributes,
)
from features.engine.columns import Column
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
) -> dict[str, np.ndarray]:
    """Join exceptions with what was known of their orders *before* they were detected.

    Args:
        exceptions: Rows of `Exceptions`.
        orders: Rows of `Orders`.
        lines: Rows of `OrderLines`.
        kinds: The attributes to give, as `attribute_kinds` found them in training.

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
    return columns | attribute_columns(joined_attributes(exceptions, orders, lines), kinds)


def joined_attributes(
    exceptions: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the attributes of each exception, with those of its order and of its first line.

    Of the order and its lines, only what was known before the detection is read. An order's
    attribute `mode` is named `order.mode`, a line's `vendor` is named `line.vendor`.
    """
    own = attribute_rows(exceptions[Exceptions.attributes])
    for prefix, attributes in (
        (OF_ORDER, _attributes_of_orders(exceptions, orders)),
        (OF_LINE, _attributes_of_lines(exceptions, lines)),
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


def _attributes_of_lines(exceptions: pd.DataFrame, lines: pd.DataFrame) -> pd.Series:
    if OrderLines.attributes not in lines:
        return pd.Series(None, exceptions.index, object)
    own = _lines_known(exceptions, lines.rename(columns={OrderLines.attributes: _OF_A_LINE}))
    # `head` and not `first`: that one would skip the lines without attributes.
    first = own.groupby(Exceptions.exception_id, sort=False).head(1)
    named = first.set_index(Exceptions.exception_id)[_OF_A_LINE]
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
