"""Attributes of series as of a moment: what their SKUs and sites are."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from data.history.history import History
from features.engine.attributes import (
    ATTRIBUTE,
    OF_PRODUCT,
    attribute_columns,
    attribute_kinds,
    attribute_rows,
    with_attributes,
)

_TEXTS = {
    "products": ("department_group", "department", "category", "product_group"),
    "sites": ("country", "region", "format"),
}
_NUMBERS = {
    "products": ("cost", "unit_price", "weight_g"),
    "sites": ("lead_time_days", "capacity_units"),
}


class SeriesAttributes(NamedTuple):
    """Attributes of n series, arrays by name, as a `Panel` holds them.

    Attributes:
        texts: Columns of the contract that are texts; None where not known.
        words: Free attributes of the SKU that are words; None where not known.
        numbers: All that are numbers; NaN where not known.
    """

    texts: dict[str, np.ndarray]
    words: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]


def read_attributes(
    history: History, moment: pd.Timestamp, sku: pd.Series, site: pd.Series
) -> SeriesAttributes:
    """Read what was known before a moment of n SKUs and sites."""
    texts: dict[str, np.ndarray] = {}
    numbers: dict[str, np.ndarray] = {}
    words: dict[str, np.ndarray] = {}
    for table, key, named in (("products", "sku", sku), ("sites", "site", site)):
        rows = history.table(table, known_before=moment)
        row = pd.Index(rows[key]).get_indexer(pd.Index(named))
        own = rows.reset_index(drop=True).reindex(row)
        texts |= {name: _texts(own[name]) for name in _TEXTS[table]}
        numbers |= {
            name: own[name].to_numpy(np.float32, na_value=np.nan) for name in _NUMBERS[table]
        }
        if table == "products":
            free = _free_attributes(own["attributes"])
            words |= {name: values for name, values in free.items() if values.dtype == object}
            numbers |= {name: values for name, values in free.items() if name not in words}
    recorded = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    return SeriesAttributes(texts, words, recorded)


def _texts(column: pd.Series) -> np.ndarray:
    texts = column.to_numpy(object)
    return np.where(pd.isna(texts), np.array(None, object), texts)


def _numbers(column: pd.Series) -> np.ndarray:
    return column.to_numpy(np.float32, na_value=np.nan)


def _free_attributes(column: pd.Series) -> dict[str, np.ndarray]:
    """Return the common attributes as columns: floats, or texts with None where not known."""
    rows = [with_attributes({}, OF_PRODUCT, row) for row in attribute_rows(column)]
    columns = attribute_columns(rows, attribute_kinds(rows))
    return {
        name.removeprefix(ATTRIBUTE): np.where(values == "", np.array(None, object), values)
        if values.dtype == object
        else values.astype(np.float32)
        for name, values in columns.items()
    }
