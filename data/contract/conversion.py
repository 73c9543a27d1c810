"""Texts, numbers and times as files hold them, turned into the contract's types.

Works on whole columns. A value that can't be converted is marked, never dropped and never guessed:
the check names it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from data.contract.column_types import Text, Time, YesNo
from data.contract.moments import (
    FULL_DATE,
    OFFSET,
    in_one_spelling,
    in_zone,
    wall_clock,
    written_texts,
)
from data.contract.problems import number_problem, time_problem
from data.contract.reading import MAX_EXACT_INTEGER
from data.contract.tables import columns_of
from data.domain import BadInputError

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
MIN_TIME, MAX_TIME = pd.Timestamp("1900-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")
_WITHOUT_NUL = pc.ReplaceSubstringOptions("\0", "")
YES = frozenset({"true", "t", "yes", "y", "1", "1.0"})
NO = frozenset({"false", "f", "no", "n", "0", "0.0"})


class ColumnKind(Enum):
    """The kinds of columns in the contract, with their types in a Parquet file."""

    TEXT = pa.string()
    TIME = pa.timestamp("us", tz="UTC")
    NUMBER = pa.float64()
    WHOLE = pa.int64()
    YES_NO = pa.bool_()


@dataclass(frozen=True)
class ConvertedColumn:
    """One column in its type. `bad` marks the values that `problem` is true of."""

    values: pd.Series
    bad: np.ndarray
    problem: str = ""
    mixes_zones: bool = False


def kinds_of(table: str) -> dict[str, ColumnKind]:
    """The kind of each column of a table, in the contract's order."""
    by_dtype = {
        str(Time): ColumnKind.TIME,
        str(YesNo): ColumnKind.YES_NO,
        "float64": ColumnKind.NUMBER,
    }
    by_dtype |= {"int64": ColumnKind.WHOLE}
    return {name: by_dtype.get(str(c.dtype.type), ColumnKind.TEXT) for name, c in columns_of(table)}


def arrow_schema(table: str) -> pa.Schema:
    """The columns of a table as they stand in a Parquet file."""
    return pa.schema([(name, kind.value) for name, kind in kinds_of(table).items()])


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A frame in the contract's types: text is text, yes/no may be empty."""
    mapper = {pa.string(): Text, pa.large_string(): Text, pa.bool_(): YesNo}
    return table.to_pandas(types_mapper=mapper.get)


def empty_column(kind: ColumnKind, rows: int) -> pd.Series:
    """A column without a value."""
    return to_frame(pa.table({"column": pa.nulls(rows, kind.value)}))["column"]


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as text, without NUL, which no database stores; blank text is no value."""
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    text = column.cast(pa.string())
    if types.is_floating(column.type):
        text = pc.call_function("if_else", [_is_whole(column), _whole_text(column), text])
    text = pc.call_function("replace_substring", [text], _WITHOUT_NUL)
    blank = pc.call_function("equal", [pc.call_function("utf8_trim_whitespace", [text]), ""])
    return pc.call_function("if_else", [blank, pa.scalar(None, pa.string()), text])


def _is_whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Mark the numbers without a fraction that a float holds exactly: ids, as a rule."""
    truncated = pc.call_function("trunc", [column])
    small = pc.call_function(
        "less_equal", [pc.call_function("abs", [column]), float(MAX_EXACT_INTEGER)]
    )
    return pc.call_function("and_kleene", [pc.call_function("equal", [truncated, column]), small])


def _whole_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.int64(), safe=False).cast(pa.string())


def convert(
    column: pa.ChunkedArray,
    kind: ColumnKind,
    *,
    where: str,
    timezone: str,
    as_written: bool = False,
) -> ConvertedColumn:
    """Turn a column into its kind.

    Args:
        column: The values as a file or query gave them.
        kind: The kind that the contract demands.
        where: Table and column, for an error.
        timezone: Zone of times without an offset.
        as_written: Whether times are dates of the calendar, which no zone shifts.

    Raises:
        BadInputError: the column as a whole is of a type that can't hold the kind.
    """
    if types.is_null(column.type):
        return ConvertedColumn(empty_column(kind, len(column)), np.zeros(len(column), dtype=bool))
    if types.is_nested(column.type) or types.is_binary(column.type):
        problem = f"holds {column.type}, not one plain value a row"
        raise BadInputError(where, problem, "Select a text or a number in the query.")
    if kind is ColumnKind.TIME:
        return _times(column, where=where, timezone=timezone, as_written=as_written)
    if types.is_duration(column.type) or types.is_interval(column.type):
        problem = f"holds {column.type}, not one plain value a row"
        raise BadInputError(where, problem, "In the query, epoch(x) / 60 gives its minutes.")
    as_texts = types.is_dictionary(column.type) or types.is_temporal(column.type)
    return _BY_KIND[kind](as_text(column) if as_texts or _is_text(column.type) else column)


def _is_text(arrow_type: pa.DataType) -> bool:
    return (
        types.is_string(arrow_type)
        or types.is_large_string(arrow_type)
        or types.is_string_view(arrow_type)
    )


def _series(column: pa.ChunkedArray) -> pd.Series:
    return to_frame(pa.table({"column": column}))["column"]


def _texts(column: pa.ChunkedArray) -> ConvertedColumn:
    return ConvertedColumn(_series(as_text(column)), np.zeros(len(column), dtype=bool))


def _numbers(column: pa.ChunkedArray) -> ConvertedColumn:
    values_read = _series(column)
    if _is_text(column.type):
        values_read = values_read.str.strip()
        plain = values_read.where(values_read.str.fullmatch(NUMBER, na=False))
        column = pa.chunked_array([pa.array(plain, pa.string())])
    values = _series(column.cast(pa.float64(), safe=False))
    bad = values_read.notna().to_numpy() & ~np.isfinite(values.to_numpy())
    return ConvertedColumn(values.mask(bad), bad, number_problem(values_read[bad]))


def _wholes(column: pa.ChunkedArray) -> ConvertedColumn:
    numbers = _numbers(column)
    broken = numbers.values.notna().to_numpy() & (numbers.values % 1 != 0).to_numpy()
    bad = numbers.bad | broken
    problem = numbers.problem if numbers.bad.any() else "is not a whole number"
    return ConvertedColumn(numbers.values.mask(bad), bad, problem)


def _yes_nos(column: pa.ChunkedArray) -> ConvertedColumn:
    if types.is_boolean(column.type):
        return ConvertedColumn(_series(column), np.zeros(len(column), dtype=bool))
    texts = _series(as_text(column)).str.lower()
    values = texts.isin(YES).astype(YesNo).mask(~texts.isin(YES | NO))
    return ConvertedColumn(
        values, (texts.notna() & values.isna()).to_numpy(), "is neither true nor false"
    )


def _times(
    column: pa.ChunkedArray, *, where: str, timezone: str, as_written: bool
) -> ConvertedColumn:
    if types.is_dictionary(column.type) or _is_text(column.type):
        texts = _series(as_text(column))
        if as_written:
            return _times_of_text(written_texts(texts, timezone), "UTC")
        return _times_of_text(texts, timezone)
    if types.is_date(column.type):
        column = column.cast(pa.timestamp("us"))
    if not types.is_timestamp(column.type):
        problem = f"holds {column.type}, not times"
        raise BadInputError(
            where, problem, "In the query, turn numbers into times: time_of_seconds(x)."
        )
    moments = column.to_pandas()
    zoned = column.type.tz is not None
    if as_written:
        written = wall_clock(moments, timezone) if zoned else moments
        return _within_bounds(in_zone(written, "UTC"), moments)
    return _within_bounds(
        moments.dt.tz_convert("UTC") if zoned else in_zone(moments, timezone), moments
    )


def _times_of_text(originals: pd.Series, timezone: str) -> ConvertedColumn:
    texts = in_one_spelling(originals)
    whole = texts.str.contains(FULL_DATE, na=False).astype(bool)
    zoned = (texts.str.contains(OFFSET, na=False) & whole).astype(bool)
    parts = [
        pd.to_datetime(texts[zoned], format="ISO8601", utc=True, errors="coerce"),
        in_zone(pd.to_datetime(texts[whole & ~zoned], format="ISO8601", errors="coerce"), timezone),
    ]
    times = pd.concat([part.astype(Time) for part in parts])
    result = _within_bounds(times.reindex(texts.index), originals)
    mixes = bool(zoned.any() and (whole & ~zoned).any())
    return ConvertedColumn(result.values, result.bad, result.problem, mixes_zones=mixes)


def _within_bounds(times: pd.Series, originals: pd.Series) -> ConvertedColumn:
    values = times.astype(Time)
    bad = originals.notna().to_numpy() & ~values.between(MIN_TIME, MAX_TIME).to_numpy()
    return ConvertedColumn(values.mask(bad), bad, time_problem(originals[bad]))


_BY_KIND: dict[ColumnKind, Callable[[pa.ChunkedArray], ConvertedColumn]] = {
    ColumnKind.TEXT: _texts,
    ColumnKind.NUMBER: _numbers,
    ColumnKind.WHOLE: _wholes,
    ColumnKind.YES_NO: _yes_nos,
}
