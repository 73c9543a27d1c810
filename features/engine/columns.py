"""Input columns: a declaration of each, and what features do with their arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from data.ticks import MISSING_TICK, MS_PER_HOUR, floor_ticks
from features.engine.feature_set import Entity, Word

ColumnKind = Literal["text", "number", "time"]
LineSummary = Literal["first", "sum", "count", "max"]


@dataclass(frozen=True)
class Column:
    """One input column: its kind, and the places that training and a scoring call read it from.

    Attributes:
        name: Name among the columns.
        kind: A `text` is an object array (None where missing), a `number` a float array (NaN), a
            `time` an array of ticks (`MISSING_TICK`).
        table: The column of the history, as "table.column".
        payload: The path in the payload of a call, as "order.shipping_address.region"; empty for a
            column that no call sends.
        lines: Summary of the lines of the order that gives the value; None for what is not of
            lines. The first line is that of the smallest line id.
        meaning: Text for operators. With it, a text column is a feature: one of its common words.
        has_past: Whether a text column names an entity, whose past gives features.
    """

    name: str
    kind: ColumnKind
    table: str
    payload: str = ""
    lines: LineSummary | None = None
    meaning: str = ""
    has_past: bool = False

    @property
    def source(self) -> str:
        """Name of the column in its table."""
        return self.table.partition(".")[2]

    def values(self, column: pd.Series) -> np.ndarray:
        """Return a column of a history as the array that features read."""
        if self.kind == "text":
            return text_column(column)
        if self.kind == "time":
            return floor_ticks(column)
        return column.to_numpy(np.float64, na_value=np.nan)


def words_of(columns: Iterable[Column]) -> list[Word]:
    """Return the columns that a model reads as one of their common words."""
    return [
        Word(column.name, column.meaning, (column.table,)) for column in columns if column.meaning
    ]


def entities_of(columns: Iterable[Column]) -> list[Entity]:
    """Return the entities that one column names alone."""
    return [Entity(column.name, (column.name,)) for column in columns if column.has_past]


def text_column(column: pd.Series) -> np.ndarray:
    """Return texts as objects, None where missing."""
    values = column.to_numpy(object)
    values[column.isna().to_numpy()] = None
    return values


def hours_between(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return hours from one tick to another, NaN where either is missing."""
    hours = (later - earlier) / MS_PER_HOUR
    hours[(earlier == MISSING_TICK) | (later == MISSING_TICK)] = np.nan
    return hours
