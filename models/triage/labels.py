"""Labels: the classes that people give an exception and that models predict.

A label is one entry of `LABELS`. Training reads its column, and champions, reports and the live
service name it by `name`.
"""

from dataclasses import dataclass

from features.exceptions.columns import TEAM as TEAM_AT_FIRST


@dataclass(frozen=True)
class Label:
    """One label.

    Attributes:
        name: Its column in `exception_events` and `outcomes`; one of the two tables is enough.
        first_column: Column of the exception with the class as raised at first; empty if none.
        origin_column: Column of `outcomes` that says how the label came about; empty if none.
        is_promised: Whether it may be set automatically, under a promise.
    """

    name: str
    first_column: str = ""
    origin_column: str = ""
    is_promised: bool = False


CATEGORY = Label("category", "type", origin_column="label_origin", is_promised=True)
TEAM = Label("team", TEAM_AT_FIRST, origin_column="team_origin", is_promised=True)
PRIORITY = Label("priority", "severity")
LABELS = (
    CATEGORY,
    TEAM,
    PRIORITY,
)
LABEL_NAMES = tuple(label.name for label in LABELS)
PROMISED = tuple(label for label in LABELS if label.is_promised)
PROMISED_NAMES = tuple(label.name for label in PROMISED)


def label_named(name: str) -> Label:
    """Return the label of a name."""
    return LABELS[LABEL_NAMES.index(name)]


def past_log(name: str) -> str:
    """Return the name of the log that holds the labelled past of a label."""
    return f"labels.{name}"
