"""History features of every entity of an exception: add one by one entry of `PAST`."""

from collections.abc import Sequence

from features.engine.attributes import ATTRIBUTE, COLUMN_OF
from features.engine.feature_set import Entity
from features.engine.history_features import HistoryFeature
from features.exceptions.columns import TABLE_COLUMNS, TEAM

SMOOTHING = 10.0
"""Imaginary cases at the overall rate: an entity with ten cases counts for half."""

_RAISED = ("exceptions.known_at",)
_OPEN = ("exceptions.known_at", "exception_events.event")
_RESOLVED = ("exception_events.event",)
_MOVED = ("exception_events.event", "exception_events.team")
_TOUCHED = ("outcomes.touch_minutes",)


def _relative_mean(
    log: str, value: str, meaning: str, unit: str, needs: tuple[str, ...]
) -> HistoryFeature:
    """A smoothed mean of three months, less that of all entities."""
    return HistoryFeature(
        log=log,
        entity="",
        statistic="mean",
        meaning=f"{meaning}, over three months, less that of all",
        unit=unit,
        needs=needs,
        value=value,
        days=90,
        smoothing=SMOOTHING,
        relative=True,
    )


QUEUE = (
    HistoryFeature(
        log="raised",
        entity="",
        statistic="count",
        meaning="Exceptions raised in a day",
        unit="exceptions",
        needs=_RAISED,
        days=1,
    ),
    HistoryFeature(
        log="open",
        entity="",
        statistic="sum",
        meaning="Open exceptions",
        unit="exceptions",
        needs=_OPEN,
        value="change",
    ),
)
"""Load features, for each of `QUEUES`. For other entities they were measured to be noise."""

QUEUES = ("type", TEAM)

PAST = (
    _relative_mean(
        "late", "open_after_5_days", "Share still open after five days", unit="share", needs=_OPEN
    ),
    _relative_mean(
        "resolved", "hours", "Usual hours to resolve", unit="log hours", needs=_RESOLVED
    ),
    _relative_mean(
        "resolved", "moved", "Share handed on to another team", unit="share", needs=_MOVED
    ),
    _relative_mean(
        "ended", "touch_minutes", "Usual touch time", unit="log minutes", needs=_TOUCHED
    ),
)
"""Features of the past of every entity; `value` names a function of `features.exceptions.logs`.

Breaches are left out: those that are recorded so far are of quick cases, and of the days on which
cases were closed. `training.triage.breach.soft_labels` corrects for that.
"""


def history_of(entity: Entity) -> Sequence[HistoryFeature]:
    """Declare the features of the past of one entity."""
    subject = entity.name.removeprefix(ATTRIBUTE).replace("_", " ")
    needs = tuple(_table_column(column) for column in entity.columns)
    declared = (*QUEUE, *PAST) if entity.name in QUEUES else PAST
    return [feature.of(entity.name, needs, subject) for feature in declared]


def _table_column(column: str) -> str:
    if not column.startswith(ATTRIBUTE):
        return TABLE_COLUMNS[column]
    owner = column.removeprefix(ATTRIBUTE).partition(".")[0] + "."
    return COLUMN_OF.get(owner, "exceptions." + column)
