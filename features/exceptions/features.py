"""Features of one exception at the moment it is detected."""

from collections.abc import Sequence

import numpy as np

from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR
from features.engine.feature_set import Columns, Entity, FeatureSet, Word
from features.engine.history_features import HistoryFeature

_SMOOTHING = 10.0
"""Imaginary cases at the overall rate: an entity with ten cases counts for half."""

TEXT_COLUMNS = {
    "source": "exceptions.source",
    "type": "exceptions.type",
    "reason_code": "exceptions.reason_code",
    "message": "exceptions.message",
    "severity": "exceptions.severity",
    "channel": "orders.channel",
    "customer_id": "orders.customer_id",
    "customer_segment": "orders.customer_segment",
    "currency": "orders.currency",
    "country": "orders.country",
    "region": "orders.region",
    "postcode": "orders.postcode",
    "payment_method": "orders.payment_method",
    "site": "order_lines.site",
    "sku": "order_lines.sku",
}
"""The text columns of an exception with its order, and where each comes from."""

NUMBER_COLUMNS = {
    "total": "orders.total",
    "units": "order_lines.units",
    "line_count": "order_lines.line_id",
    "highest_unit_price": "order_lines.unit_price",
}
TIME_COLUMNS = {
    "detected_at": "exceptions.detected_at",
    "due_at": "exceptions.due_at",
    "placed_at": "orders.placed_at",
    "promised_at": "orders.promised_at",
    "ship_by_at": "orders.ship_by_at",
}
ATTRIBUTE = "attributes."
"""Prefix of the columns that come from an exception's own attributes."""

WORDS = [
    Word(name, meaning, (TEXT_COLUMNS[name],))
    for name, meaning in {
        "source": "The system that raised it",
        "type": "Type as raised",
        "reason_code": "Reason code as raised",
        "severity": "Severity as raised",
        "channel": "Sales channel of the order",
        "customer_segment": "Segment of the customer",
        "currency": "Currency of the order",
        "country": "Country of delivery",
        "region": "Region of delivery",
        "payment_method": "Way of payment",
        "site": "Site that is to ship the first line",
    }.items()
]

TEAM = ATTRIBUTE + "team"
"""The team that an exception was given to as it was raised, where a source says so."""

ENTITIES = [
    *(
        Entity(name, (name,))
        for name in (
            "source", "type", "reason_code", "severity", "channel", "customer_id",
            "customer_segment", "country", "region", "payment_method", "site", "sku",
        )
    ),
    Entity("type_and_reason", ("type", "reason_code")),
]  # fmt: skip


_RAISED = ("exceptions.known_at",)
_OPEN = ("exceptions.known_at", "exception_events.event")
_RESOLVED = ("exception_events.event",)
_MOVED = ("exception_events.event", "exception_events.team")
_TOUCHED = ("outcomes.touch_minutes",)

_SHARE = {"smoothing": _SMOOTHING, "days": 90, "relative": True}
_LESS = "over three months, less that of all"

QUEUE = [
    HistoryFeature(
        "raised", "", "count", "Exceptions raised in a day", "exceptions", _RAISED, days=1
    ),
    HistoryFeature("open", "", "sum", "Open exceptions", "exceptions", _OPEN, value="change"),
]
"""How much there is to do, for each of `QUEUES`. For other entities it was measured to be noise."""
QUEUES = ("type", TEAM)

PAST = [
    HistoryFeature(
        "late",
        "",
        "mean",
        f"Share still open after five days, {_LESS}",
        "share",
        _OPEN,
        value="open_after_5_days",
        **_SHARE,
    ),
    HistoryFeature(
        "resolved",
        "",
        "mean",
        f"Usual hours to resolve, {_LESS}",
        "log hours",
        _RESOLVED,
        value="hours",
        **_SHARE,
    ),
    HistoryFeature(
        "resolved",
        "",
        "mean",
        f"Share handed on to another team, {_LESS}",
        "share",
        _MOVED,
        value="moved",
        **_SHARE,
    ),
    HistoryFeature(
        "ended",
        "",
        "mean",
        f"Usual touch time, {_LESS}",
        "log minutes",
        _TOUCHED,
        value="touch_minutes",
        **_SHARE,
    ),
]
"""What is looked at in the past of every entity. Not the breaches: those known as yet are of quick
cases, and of the days on which cases were closed; `training.triage.soft_labels` says how they are
read."""


def history_of(entity: Entity) -> Sequence[HistoryFeature]:
    """Declare what is looked at in the past of one entity."""
    whose = entity.name.removeprefix(ATTRIBUTE).replace("_", " ")
    needs = tuple(_needs(column) for column in entity.columns)
    looks = [*QUEUE, *PAST] if entity.name in QUEUES else PAST
    return [past.of(entity.name, needs, whose) for past in looks]


def _needs(column: str) -> str:
    if column.startswith(ATTRIBUTE):
        return "exceptions." + column
    return TEXT_COLUMNS[column]


FEATURES = FeatureSet(
    "exceptions",
    words=WORDS,
    entities=ENTITIES,
    history=history_of,
    crosses=(TEAM, "reason_code"),
    message="message",
)


def hours_between(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return hours from one tick to another, NaN where either is missing."""
    known = (earlier != MISSING_TICK) & (later != MISSING_TICK)
    return np.where(known, (later - np.where(known, earlier, 0)) / MS_PER_HOUR, np.nan)


@FEATURES.feature(unit="hour of day", needs=["exceptions.detected_at"])
def hour_detected(columns: Columns) -> np.ndarray:
    """Hour of the day, UTC, at which it was detected."""
    return columns["detected_at"] % MS_PER_DAY / MS_PER_HOUR


@FEATURES.feature(unit="day, 0 is Monday", needs=["exceptions.detected_at"])
def weekday_detected(columns: Columns) -> np.ndarray:
    """Day of the week on which it was detected."""
    return (columns["detected_at"] // MS_PER_DAY + 3) % 7


@FEATURES.feature(unit="hours", needs=["exceptions.due_at"])
def hours_to_due(columns: Columns) -> np.ndarray:
    """Hours left to the deadline; below 0 it has passed."""
    return hours_between(columns["detected_at"], columns["due_at"])


@FEATURES.feature(unit="hours", needs=["orders.promised_at"])
def hours_to_promise(columns: Columns) -> np.ndarray:
    """Hours left to the delivery that the customer was promised."""
    return hours_between(columns["detected_at"], columns["promised_at"])


@FEATURES.feature(unit="hours", needs=["orders.ship_by_at"])
def hours_to_ship_by(columns: Columns) -> np.ndarray:
    """Hours left to the latest moment to ship."""
    return hours_between(columns["detected_at"], columns["ship_by_at"])


@FEATURES.feature(unit="hours", needs=["orders.placed_at"])
def order_age_hours(columns: Columns) -> np.ndarray:
    """Hours since the order was placed."""
    return hours_between(columns["placed_at"], columns["detected_at"])


@FEATURES.feature(unit="currency of the order", needs=["orders.total"])
def order_total(columns: Columns) -> np.ndarray:
    """Value of the order."""
    return columns["total"]


@FEATURES.feature(unit="units", needs=["order_lines.units"])
def ordered_units(columns: Columns) -> np.ndarray:
    """Units ordered, all lines together."""
    return columns["units"]


@FEATURES.feature(unit="lines", needs=["order_lines.line_id"])
def line_count(columns: Columns) -> np.ndarray:
    """Lines of the order."""
    return columns["line_count"]


@FEATURES.feature(unit="currency of the order", needs=["order_lines.unit_price"])
def highest_unit_price(columns: Columns) -> np.ndarray:
    """Price of the dearest unit in the order."""
    return columns["highest_unit_price"]


@FEATURES.feature(unit="characters", needs=["exceptions.message"])
def message_length(columns: Columns) -> np.ndarray:
    """Length of the message."""
    return np.array([len(message) if message else 0 for message in columns["message"]], float)
