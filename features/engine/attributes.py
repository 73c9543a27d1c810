"""Attributes: JSON objects of names to texts or numbers, spread into columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

ATTRIBUTE = "attributes."
"""Prefix of the columns that come from attributes."""

MAX_ATTRIBUTES = 24
"""Attributes that are read of a subject, and as many of its order, line and product together."""
MIN_ATTRIBUTE_SHARE = 0.01
"""An attribute is read where at least one subject in a hundred has it."""

OF_ORDER, OF_LINE, OF_PRODUCT = "order.", "line.", "product."
"""Prefixes of the attributes of an order, of its first line and of a product."""
COLUMN_OF = {
    OF_ORDER: "orders.attributes",
    OF_LINE: "order_lines.attributes",
    OF_PRODUCT: "products.attributes",
}
"""The table's column, as "table.column", that holds the attributes behind each prefix."""


def with_attributes(own: Mapping[str, Any], prefix: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with those of another row behind a prefix; a name that is there stays."""
    return {**{prefix + name: value for name, value in more.items()}, **own}


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
    of_goods = [name for name in common if name.startswith((OF_ORDER, OF_LINE, OF_PRODUCT))]
    own = [name for name in common if name not in of_goods]
    return {
        ATTRIBUTE + name: "word" if any(np.isnan(_number(v)) for v in values[name]) else "number"
        for name in own[:MAX_ATTRIBUTES] + of_goods[:MAX_ATTRIBUTES]
    }


def attribute_rows(attributes: pd.Series) -> list[dict[str, Any]]:
    """Parse JSON objects; an empty one where there is none."""
    return [orjson.loads(text) if isinstance(text, str) else {} for text in attributes]
