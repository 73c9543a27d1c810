"""The words of the business and the errors we raise. Standard library only.

ExpediteError
├── BadInputError         a file or table broke the contract: where, what, and the cure
├── UnknownChoiceError    no such source, model or stage: lists those there are
├── NoHistoryError        no order history at that path: says which command makes one
├── NotEnoughDataError    too little to train on: what, how much, how much is needed
├── NoChampionError       nothing promoted yet, or it can't be loaded: says what to run
├── NoForecastsError      no forecast book was ever made, or none can be read: says what to run
├── NotFoundError         no such exception: its id
├── ConflictError         it is in a state that the request does not fit: which, and the cure
│   └── ClaimedError      somebody else has it: who, and until when
├── LeaseLostError        another process took over this work: which
└── PreconditionError     it changed since the caller saw it: which, and from what to what
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

MAX_QUANTITY = 1e12
"""Units that a row, a count or a request can name; more is a typing error or a fault."""
MAX_AMOUNT = 1e15
"""Money that a row or a request can name, in any currency."""
MAX_MINUTES = 1e7
"""Minutes of work on one exception."""

Json = dict[str, Any]
"""An object of JSON: plain values by key, as they are stored or sent."""


class ExceptionType(StrEnum):
    """Type of an exception, as a source raises it. Open: anything else is `OTHER`.

    The three of stock are raised by the service itself, from its forecasts.
    """

    AWAITING_PAYMENT = "awaiting_payment"
    PAYMENT_FAILED = "payment_failed"
    FRAUD_RISK = "fraud_risk"
    INCORRECT_ADDRESS = "incorrect_address"
    OUT_OF_STOCK = "out_of_stock"
    OVERSOLD = "oversold"
    ALLOCATION_FAILED = "allocation_failed"
    UNKNOWN_DELIVERY_DATE = "unknown_delivery_date"
    CARRIER_ISSUE = "carrier_issue"
    LATE_SHIPMENT = "late_shipment"
    DATA_ERROR = "data_error"
    INTEGRATION_ERROR = "integration_error"
    AWAITING_RETURN_ITEMS = "awaiting_return_items"
    CUSTOMER_REQUEST = "customer_request"
    STOCK_OUT_RISK = "stock_out_risk"
    UNFILLABLE_ORDERS = "unfillable_orders"
    OVERSTOCK = "overstock"
    MANUAL = "manual"
    OTHER = "other"


_OUR_TYPES = frozenset(str(kind) for kind in ExceptionType) - {str(ExceptionType.OTHER)}


def type_word(type_text: str | None, own: str | None) -> str | None:
    """Return a type as models read it: our word for it, else the source's own.

    Args:
        type_text: The type as sent, in any case; None where none was.
        own: The source's own word, where it was sent beside a type that is ours.
    """
    if type_text is None or type_text.lower() in _OUR_TYPES:
        return type_text and type_text.lower()
    is_other = type_text.lower() == ExceptionType.OTHER
    return (own if is_other else type_text) or str(ExceptionType.OTHER)


_CLOSED_STATUSES = {"resolved", "closed", "canceled", "cancelled", "dismissed"}


def is_open_status(status: str) -> bool:
    """Return whether a source's status is that of an open exception; an unknown one counts as open.

    >>> is_open_status("open"), is_open_status("Closed"), is_open_status("on hold")
    (True, False, True)
    """
    return status.strip().lower() not in _CLOSED_STATUSES


class Stage(StrEnum):
    """The stations of an order's life, in their usual order."""

    PLACED = "placed"
    RECEIVED = "received"
    PAID = "paid"
    REVIEWED = "reviewed"
    STOCK_CHECKED = "stock_checked"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    TRACKED = "tracked"
    DELIVERED = "delivered"
    AFTER_SALES = "after_sales"


class HandlingEvent(StrEnum):
    """One step in the handling of an exception."""

    ASSIGNED = "assigned"
    STARTED = "started"
    PAUSED = "paused"
    RECLASSIFIED = "reclassified"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class LabelOrigin(StrEnum):
    """Origin of a category or team on an outcome."""

    TYPED = "typed"
    ACCEPTED = "accepted"
    AUTOMATIC = "automatic"


class Priority(StrEnum):
    """Bands of the score, the most urgent first."""

    P1 = "p1"
    P2 = "p2"
    P3 = "p3"
    P4 = "p4"


class ExpediteError(Exception):
    """Anything that a user can cure: the message says how."""


class BadInputError(ExpediteError):
    """A file, a table or a value broke the contract."""

    def __init__(self, where: str, problem: str, cure: str) -> None:
        self.where, self.problem, self.cure = where, problem, cure
        super().__init__(f"{where}: {problem}. {cure}")


class UnknownChoiceError(ExpediteError):
    """A name that is not among those there are."""

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        self.kind, self.name, self.choices = kind, name, sorted(choices)
        super().__init__(f"There is no {kind} '{name}'. There are: {', '.join(self.choices)}.")


class NoHistoryError(ExpediteError):
    """No order history lies at the path."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"There is no order history at {path}. Make one: "
            f"python -m data import FILES --source SOURCE --into {path}"
        )


class NotEnoughDataError(ExpediteError):
    """Too little is known to train or to judge."""

    def __init__(self, what: str, have: int, need: int, cure: str) -> None:
        self.what, self.have, self.need, self.cure = what, have, need, cure
        super().__init__(f"{what}: {have} where at least {need} are needed. {cure}")


class NoChampionError(ExpediteError):
    """No promoted model can be used."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(
            f"There is no usable champion of '{model}' ({reason}). Train one: "
            f"python -m training {model} --history HISTORY --as-of DATE"
        )


class NoForecastsError(ExpediteError):
    """No forecast book can be used."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"There are no forecasts ({reason}). Make them: "
            f"python -m training forecast --history HISTORY --as-of DATE"
        )


class NotFoundError(ExpediteError):
    """A thing that was asked for by its id is not there."""

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key
        super().__init__(f"There is no {kind} '{key}'.")


class ConflictError(ExpediteError):
    """A thing is already in a state that the request does not fit."""

    def __init__(
        self,
        key: str,
        problem: str,
        cure: str = "To correct it, send the ETag you saw as If-Match.",
    ) -> None:
        self.key, self.problem = key, problem
        super().__init__(f"{key}: {problem}. {cure}")


class ClaimedError(ConflictError):
    """Somebody else has taken it, until a moment in milliseconds since 1970."""

    def __init__(self, key: str, by: str, until_ms: int) -> None:
        until = datetime.fromtimestamp(until_ms / 1000, UTC)
        self.by, self.until = by, until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        problem = f"'{by}' has it until {until:%Y-%m-%d %H:%M} UTC"
        super().__init__(key, problem, "Take another one, or ask them to release it.")


class LeaseLostError(ExpediteError):
    """Another process took over work that one does at a time."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another process took over the work '{name}'. Nothing was written.")


class PreconditionError(ExpediteError):
    """A thing changed since the caller saw it."""

    def __init__(self, key: str, expected: int, now: int) -> None:
        self.key, self.expected, self.now = key, expected, now
        super().__init__(f"{key} was at revision {expected} and is at {now} now. Read it again.")
