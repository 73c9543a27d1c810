"""Calls of an OMS from the last days of an order history: each exception and its resolution.

Each call holds the facts that were recorded at detection, so that a service computes the same
features as training. All times are moved by one span.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from data.contract.exception_tables import Exceptions, Outcomes
from data.contract.order_tables import OrderLines, Orders
from data.domain import BadInputError
from data.history.history import History

Row = Mapping[str, Any]


@dataclass(frozen=True)
class OmsCall:
    """One exception as it is posted, and the resolution to post after it; None if still open."""

    exception: dict[str, Any]
    resolution: dict[str, Any] | None


def last_days(
    history: History,
    *,
    days: float,
    newest_at: pd.Timestamp | None,
    currency: str | None = None,
    until: pd.Timestamp | None = None,
) -> list[OmsCall]:
    """Return the exceptions of the last days, the first detected first.

    Those that had ended when the newest was detected have a resolution.

    Args:
        history: Where they stand.
        days: How far to go back from the newest.
        newest_at: The moment that the newest is to be detected at; the others keep their distance.
            None leaves all times as they are.
        currency: ISO 4217, of amounts that name none: the company's. None leaves them out.
        until: Take none that was detected at or after it; None takes all.

    Raises:
        BadInputError: The history has no exceptions.
    """
    exceptions = history.table("exceptions").sort_values(Exceptions.detected_at, kind="stable")
    if until is not None:
        exceptions = exceptions[exceptions[Exceptions.detected_at] < until]
    if exceptions.empty:
        cure = "Import a source with the table `exceptions`, or choose another period."
        raise BadInputError(str(history.path), "holds no exceptions", cure)
    newest = exceptions[Exceptions.detected_at].iloc[-1]
    recent = exceptions[Exceptions.detected_at] > newest - pd.Timedelta(days=days)
    moved = _TimeShift(newest, newest_at or newest)
    reader = _CallReader(history, exceptions[recent], moved, currency)
    return [reader.call(row) for row in _rows(exceptions[recent])]


class _TimeShift:
    """Moves times by a whole number of milliseconds; finer is cut off before, as a service does."""

    def __init__(self, newest: pd.Timestamp, newest_at: pd.Timestamp) -> None:
        self._span = newest_at.floor("ms") - newest.floor("ms")

    def __call__(self, moment: pd.Timestamp | None) -> str | None:
        if moment is None:
            return None
        moved = moment.floor("ms") + self._span
        return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _CallReader:
    """Reader of calls: orders, lines and outcomes of the history, by key."""

    def __init__(
        self, history: History, exceptions: pd.DataFrame, moved: _TimeShift, currency: str | None
    ) -> None:
        self._currency = currency
        self._moved = moved
        self._newest = exceptions[Exceptions.detected_at].iloc[-1]
        order_ids = exceptions[Exceptions.order_id].dropna()
        orders, lines, outcomes = map(history.table, ("orders", "order_lines", "outcomes"))
        orders = orders[orders[Orders.order_id].isin(order_ids)]
        lines = lines[lines[OrderLines.order_id].isin(order_ids)].sort_values(OrderLines.line_id)
        self._orders = {row[Orders.order_id]: row for row in _rows(orders)}
        self._lines: dict[str, list[Row]] = {}
        for row in _rows(lines):
            self._lines.setdefault(row[OrderLines.order_id], []).append(row)
        self._outcomes = {row[Outcomes.exception_id]: row for row in _rows(outcomes)}

    def call(self, row: Row) -> OmsCall:
        order = self._orders.get(row[Exceptions.order_id])
        detected_at = row[Exceptions.detected_at]
        if order is not None and not order[Orders.known_at] < detected_at:
            order = None
        exception = {
            "external_id": row[Exceptions.exception_id],
            "source": row[Exceptions.source] or "history",
            "detected_at": self._moved(detected_at),
            "due_at": self._moved(row[Exceptions.due_at]),
            "attributes": _attributes(row),
            "order": order and self._order(order, detected_at),
        }
        for name in ("type", "reason_code", "message", "severity"):
            exception[name] = row[name]
        return OmsCall(_filled(exception), self._resolution(row, order))

    def _order(self, order: Row, detected_at: pd.Timestamp) -> dict[str, Any]:
        currency = order[Orders.currency] or self._currency
        lines = [
            line
            for line in self._lines.get(order[Orders.order_id], [])
            if line[OrderLines.known_at] < detected_at
        ]
        fields = {
            "external_id": order[Orders.order_id],
            "order_number": order[Orders.order_id],
            "placed_at": self._moved(order[Orders.placed_at]),
            "promised_delivery_at": self._moved(order[Orders.promised_at]),
            "ship_by_at": self._moved(order[Orders.ship_by_at]),
            "total": _money(order[Orders.total], currency),
            "shipping_address": _address(order),
            "line_items": [_line(line, currency) for line in lines],
            "attributes": _attributes(order),
            "customer": _filled(
                {
                    "external_id": order[Orders.customer_id],
                    "segment": order[Orders.customer_segment],
                }
            ),
        }
        copied = ("channel", "status", "payment_status", "payment_method", "fulfillment_status")
        return _filled(fields | {name: order[name] for name in copied})

    def _resolution(self, row: Row, order: Row | None) -> dict[str, Any] | None:
        outcome = self._outcomes.get(row[Exceptions.exception_id])
        resolved_at = outcome and outcome[Outcomes.resolved_at]
        if outcome is None or resolved_at is None or resolved_at > self._newest:
            return None
        ordered_in = order[Orders.currency] if order else None
        currency = outcome[Outcomes.currency] or ordered_in or self._currency
        fields = {
            "resolved_at": self._moved(max(resolved_at, row[Exceptions.detected_at])),
            "loss": _money(outcome[Outcomes.loss], currency),
        }
        copied = ("category", "team", "touch_minutes", "breached", "label_origin")
        return _filled(fields | {name: outcome[name] for name in copied})


def _rows(table: pd.DataFrame) -> Iterator[Row]:
    """Rows as plain values, None where there is none."""
    plain = table.astype(object).where(table.notna(), None)
    return (dict(zip(table.columns, row, strict=True)) for row in plain.itertuples(index=False))


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _address(order: Row) -> dict[str, Any]:
    names = {
        "country_code": Orders.country,
        "postal_code": Orders.postcode,
        "city": Orders.city,
        "region": Orders.region,
    }
    return _filled({name: order[column] for name, column in names.items()})


def _attributes(row: Row) -> dict[str, Any]:
    return json.loads(row[Exceptions.attributes] or "{}")


def _line(line: Row, currency: str | None) -> dict[str, Any]:
    fields = {
        "external_id": line[OrderLines.line_id],
        "attributes": _attributes(line),
        "sku": line[OrderLines.sku],
        "quantity": line[OrderLines.units],
        "site": line[OrderLines.site],
        "unit_price": _money(line[OrderLines.unit_price], line[OrderLines.currency] or currency),
    }
    return _filled(fields)


def _money(amount: float | None, currency: str | None) -> dict[str, str] | None:
    """Return an amount as the text that reads as the same number again."""
    if amount is None or currency is None:
        return None
    return {"amount": f"{Decimal(repr(round(float(amount), 6))):f}", "currency": currency}
