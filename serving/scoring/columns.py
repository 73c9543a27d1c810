"""From checked exceptions to the columns that features read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from data.ticks import MISSING_TICK
from features.exceptions.features import NUMBER_COLUMNS, TEXT_COLUMNS, TIME_COLUMNS
from features.exceptions.tables import attribute_columns
from serving.wire.exception_in import Address, Customer, ExceptionIn, LineItem, OrderIn

_NO_ORDER, _NO_ADDRESS, _NO_CUSTOMER, _NO_LINE = OrderIn(), Address(), Customer(), LineItem()


def columns_of(
    exceptions: Sequence[ExceptionIn], kinds: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Return columns as `features.exceptions.tables.exception_columns` gives them for a history.

    Args:
        exceptions: One or many.
        kinds: The attributes that the champion reads, each a `word` or a `number`.
    """
    n = len(exceptions)
    texts = np.empty((len(TEXT_COLUMNS), n), object)
    numbers = np.empty((len(NUMBER_COLUMNS), n))
    times = np.empty((len(TIME_COLUMNS), n), np.int64)
    for i, one in enumerate(exceptions):
        texts[:, i], numbers[:, i], times[:, i] = _row(one)
    columns: dict[str, Any] = dict(zip(TEXT_COLUMNS, texts, strict=True))
    columns.update(zip(NUMBER_COLUMNS, numbers, strict=True))
    columns.update(zip(TIME_COLUMNS, times, strict=True))
    if kinds:
        columns.update(attribute_columns([one.attributes for one in exceptions], kinds))
    return columns


def _row(one: ExceptionIn) -> tuple[tuple[str | None, ...], tuple[float, ...], tuple[int, ...]]:
    """Texts, numbers and times of one exception, each in the order of the columns' declarations."""
    order = one.order or _NO_ORDER
    address = order.shipping_address or _NO_ADDRESS
    customer = order.customer or _NO_CUSTOMER
    total = order.total
    line, units, line_count, highest_price = _line_facts(order.line_items)
    texts = (
        one.source, one.type_word, one.reason_code, one.message, one.severity,
        order.channel, customer.external_id, customer.segment,
        total.currency if total else None,
        address.country_code, address.region, address.postal_code,
        order.payment_method, line.site, line.sku,
    )  # fmt: skip
    numbers = (float(total.amount) if total else np.nan, units, line_count, highest_price)
    times = (one.detected_at, one.due_at, order.placed_at, order.promised_delivery_at,
             order.ship_by_at)  # fmt: skip
    return texts, numbers, tuple(MISSING_TICK if t is None else t for t in times)


def _line_facts(lines: Sequence[LineItem]) -> tuple[LineItem, float, float, float]:
    """The first line, units, lines, highest price; as the history's lines are summed up."""
    if not lines:
        return _NO_LINE, np.nan, np.nan, np.nan
    if len(lines) > 1:
        lines = sorted(lines, key=_line_id)
    units = sum([line.quantity or 0.0 for line in lines])
    prices = [float(line.unit_price.amount) for line in lines if line.unit_price]
    return lines[0], units, float(len(lines)), max(prices, default=np.nan)


def _line_id(line: LineItem) -> str:
    return line.external_id or ""
