"""Features of one exception at the moment it is detected."""

import numpy as np

from data.ticks import MS_PER_DAY, MS_PER_HOUR
from features.engine.columns import entities_of, hours_between, words_of
from features.engine.feature_set import Columns, Entity, FeatureSet
from features.engine.order_size import add_order_size
from features.exceptions.columns import COLUMNS, TEAM
from features.exceptions.history_features import history_of

FEATURES = FeatureSet(
    "exceptions",
    words=words_of(COLUMNS),
    entities=[*entities_of(COLUMNS), Entity("type_and_reason", ("type", "reason_code"))],
    history=history_of,
    crosses=(TEAM, "reason_code"),
    message="message",
)


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


add_order_size(FEATURES)


@FEATURES.feature(unit="currency of the order", needs=["order_lines.unit_price"])
def highest_unit_price(columns: Columns) -> np.ndarray:
    """Price of the dearest unit in the order."""
    return columns["highest_unit_price"]


@FEATURES.feature(unit="characters", needs=["exceptions.message"])
def message_length(columns: Columns) -> np.ndarray:
    """Length of the message."""
    return np.array([len(message) if message else 0 for message in columns["message"]], float)
