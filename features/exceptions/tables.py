"""Columns of exceptions, from the tables of a history."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

from data.contract.tables import Exceptions, OrderLines, Orders
from features.engine.columns import Column
from features.exceptions.columns import ATTRIBUTE, COLUMNS

MAX_ATTRIBUTES = 24
MIN_ATTRIBUTE_SHARE = 0.01
"""An attribute is read where at least one exception in a hundred has it."""

_ORDER_KNOWN_AT = "order_known_at"
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
    return columns | attribute_columns(attribute_rows(exceptions[Exceptions.attributes]), kinds)


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
    subjects = exceptions[[Exceptions.exception_id, Exceptions.order_id, Exceptions.detected_at]]
    own = lines.merge(subjects, on=OrderLines.order_id, how="inner")
    own = own[own[OrderLines.known_at] < own[Exceptions.detected_at]]
    own = own.sort_values([Exceptions.exception_id, OrderLines.line_id], kind="stable")
    summaries = own.groupby(Exceptions.exception_id, sort=False).agg(
        **{
            column.name: pd.NamedAgg(column.source, _AGGREGATIONS[column.lines or "first"])
            for column in _OF_LINES
        }
    )
    return summaries.reindex(exceptions[Exceptions.exception_id])


def attribute_columns(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Spread attributes into columns: floats for a kind of `number`, texts for `word`.

    A missing word is the empty word, for it too says something ("nobody is assigned yet").
    """
    columns = {}
    for name, kind in kinds.items():
        values = [row.get(name.removeprefix(ATTRIBUTE)) for row in rows]
        if kind == "number":
            columns[name] = np.array([_number(value) for value in values], np.float64)
        else:
            columns[name] = np.array(["" if v is None else str(v) for v in values], object)
    return columns


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def attribute_kinds(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Find the common attributes; one is a `number` where all its values are JSON numbers."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                values.setdefault(name, []).append(value)
    min_rows = MIN_ATTRIBUTE_SHARE * len(rows)
    common = [name for name, recorded in values.items() if len(recorded) >= min_rows]
    common.sort(key=lambda name: (-len(values[name]), name))
    return {
        ATTRIBUTE + name: "word" if any(np.isnan(_number(v)) for v in values[name]) else "number"
        for name in common[:MAX_ATTRIBUTES]
    }


def attribute_rows(attributes: pd.Series) -> list[dict[str, Any]]:
    """Parse JSON objects; an empty one where there is none."""
    return [orjson.loads(text) if isinstance(text, str) else {} for text in attributes]
