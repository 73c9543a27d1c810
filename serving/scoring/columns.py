"""Columns that features read, from checked exceptions.

Each column is read by the path that `features.exceptions.columns` declares. The paths are compiled
once, at import: one getter reads all fields of a part of the payload (the order, its address, ...).
"""

from collections.abc import Callable, Mapping, Sequence
from math import nan
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import numpy as np

from data.policy.exchange_rates import ExchangeRates
from data.ticks import MISSING_TICK
from features.engine.attributes import (
    OF_LINE,
    OF_ORDER,
    OF_PRODUCT,
    attribute_columns,
    with_attributes,
)
from features.engine.columns import Column
from features.engine.products import NO_PRODUCTS, ProductAttributes
from features.exceptions.columns import COLUMNS
from models.triage.triage import Triage
from serving.scoring.amounts import convert_amounts
from serving.wire.exception_in import ExceptionIn, LineItem

_LINES = "order.line_items"


class _Absent:
    """A part that a payload does not have: all its fields are None."""

    def __getattr__(self, name: str) -> None:
        return None


_ABSENT = _Absent()


class _PayloadPart(NamedTuple):
    """A part of the payload that holds fields of columns.

    Attributes:
        parent: Position of the part that it is a field of.
        get: The part, of its parent.
        fields: The fields that columns read, of the part.
    """

    parent: int
    get: Callable[[Any], Any]
    fields: Callable[[Any], tuple[Any, ...]]


class _Block(NamedTuple):
    """The columns of one kind: their names, and the getter of their values among those of a row."""

    names: tuple[str, ...]
    values: Callable[[tuple[Any, ...]], tuple[Any, ...]]


def columns_of(
    exceptions: Sequence[ExceptionIn],
    kinds: Mapping[str, str],
    products: ProductAttributes = NO_PRODUCTS,
    rates: ExchangeRates | None = None,
) -> dict[str, np.ndarray]:
    """Return columns as `features.exceptions.tables.exception_columns` gives them for a history.

    Args:
        exceptions: One or many.
        kinds: The attributes that the champion reads, each a `word` or a `number`.
        products: Attributes of the SKUs that the champion knows.
        rates: By which money is converted; None leaves it as sent.
    """
    n = len(exceptions)
    texts = np.empty((len(_TEXTS.names), n), object)
    numbers = np.empty((len(_NUMBERS.names), n))
    times = np.empty((len(_TIMES.names), n), np.int64)
    for i, exception in enumerate(exceptions):
        values = _row(exception)
        texts[:, i] = _TEXTS.values(values)
        numbers[:, i] = [nan if v is None else float(v) for v in _NUMBERS.values(values)]
        if rates is not None:
            convert_amounts(exception, rates, numbers[:, i], _NUMBERS.names)
        times[:, i] = [MISSING_TICK if v is None else v for v in _TIMES.values(values)]
    columns: dict[str, np.ndarray] = dict(zip(_TEXTS.names, texts, strict=True))
    columns.update(zip(_NUMBERS.names, numbers, strict=True))
    columns.update(zip(_TIMES.names, times, strict=True))
    if kinds:
        rows = [_attributes(exception, products) for exception in exceptions]
        columns.update(attribute_columns(rows, kinds))
    return columns


class ColumnsAsOf(NamedTuple):
    """Columns of n exceptions by name, and (n,) moments as of which each is scored."""

    columns: dict[str, np.ndarray]
    as_of: np.ndarray


def columns_as_of(
    exceptions: Sequence[ExceptionIn],
    triage: Triage | None,
    *,
    now_ms: int,
    rates: ExchangeRates | None = None,
) -> ColumnsAsOf:
    """Return the columns, and as of when: the moment of detection, as in training."""
    columns = (
        columns_of(exceptions, triage.kinds, triage.products, rates)
        if triage
        else columns_of(exceptions, {}, rates=rates)
    )
    return ColumnsAsOf(columns, np.minimum(columns["detected_at"], now_ms))


def _row(exception: ExceptionIn) -> tuple[Any, ...]:
    """Return all values of one exception, part by part, those of the lines last."""
    values = _OWN_FIELDS(exception)
    parts: list[Any] = [exception]
    for parent, get, fields in _PARTS:
        part = get(parts[parent]) or _ABSENT
        parts.append(part)
        values += fields(part)
    lines = exception.order.line_items if exception.order else None
    if not lines:
        return values + _NO_LINES
    if len(lines) > 1:
        lines = sorted(lines, key=_line_id)
    return values + _FIRST_FIELDS(lines[0]) + tuple([summary(lines) for summary in _SUMMARIES])


def _attributes(exception: ExceptionIn, products: ProductAttributes) -> Mapping[str, Any]:
    """Return the attributes of an exception, its order, its first line and its product together.

    What the call says of the product stands before what the champion knows of it.
    """
    own: Mapping[str, Any] = exception.attributes
    order = exception.order
    first = min(order.line_items, key=_line_id, default=None) if order else None
    if first and first.product:
        own = with_attributes(own, OF_PRODUCT, first.product.attributes)
    if products:
        own = products.joined(own, first.sku if first else None, exception.detected_at)
    if order and order.attributes:
        own = with_attributes(own, OF_ORDER, order.attributes)
    if first and first.attributes:
        own = with_attributes(own, OF_LINE, first.attributes)
    return own


def _line_id(line: LineItem) -> str:
    return line.external_id or ""


def _summary(column: Column) -> Callable[[Sequence[LineItem]], float | None]:
    """Return the summary of lines that a column declares, of one line at least."""
    get = _path_getter(column.payload.removeprefix(_LINES + "."))
    if column.lines == "sum":
        return lambda lines: sum([get(line) or 0.0 for line in lines])
    if column.lines == "count":
        return len
    return lambda lines: max(
        [float(value) for line in lines if (value := get(line)) is not None], default=None
    )


def _path_getter(path: str) -> Callable[[Any], Any]:
    """Return the getter of a field of a line, or of a field of its price."""
    parent, _, field = path.rpartition(".")
    get_field = attrgetter(field)
    if not parent:
        return get_field
    get_parent = attrgetter(parent)
    return lambda part: None if (own := get_parent(part)) is None else get_field(own)


def _fields_getter(columns: Sequence[Column]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the getter of the fields of one part, as a tuple."""
    fields = [column.payload.rpartition(".")[2] for column in columns]
    if len(fields) == 1:
        get = attrgetter(*fields)
        return lambda part: (get(part),)
    return attrgetter(*fields) if fields else lambda _part: ()


def _columns_by_part() -> dict[str, list[Column]]:
    """The columns of each part; parents before their parts, the exception itself first."""
    by_part: dict[str, list[Column]] = {"": []}
    for column in COLUMNS:
        if column.lines is None:
            names = column.payload.split(".")[:-1]
            for depth in range(len(names)):
                by_part.setdefault(".".join(names[: depth + 1]), [])
            by_part[".".join(names)].append(column)
    return by_part


def _parts(paths: Sequence[str]) -> tuple[_PayloadPart, ...]:
    """The parts behind the exception itself, in the order of their paths."""
    made = []
    for path in paths[1:]:
        parent, _, field = path.rpartition(".")
        fields = _fields_getter(_BY_PART[path])
        made.append(_PayloadPart(paths.index(parent), attrgetter(field), fields))
    return tuple(made)


def _block(kind: str) -> _Block:
    own = [(column.name, i) for i, column in enumerate(_ORDERED) if column.kind == kind]
    return _Block(tuple(name for name, _ in own), itemgetter(*(i for _, i in own)))


_BY_PART = _columns_by_part()
_OF_FIRST_LINE = [column for column in COLUMNS if column.lines == "first"]
_OF_LINES = [column for column in COLUMNS if column.lines not in (None, "first")]
_ORDERED = [column for own in _BY_PART.values() for column in own] + _OF_FIRST_LINE + _OF_LINES
_OWN_FIELDS = _fields_getter(_BY_PART[""])
_PARTS = _parts(list(_BY_PART))
_FIRST_FIELDS = _fields_getter(_OF_FIRST_LINE)
_NO_LINES = (None,) * (len(_OF_FIRST_LINE) + len(_OF_LINES))
_SUMMARIES = tuple(_summary(column) for column in _OF_LINES)
_TEXTS, _NUMBERS, _TIMES = _block("text"), _block("number"), _block("time")
