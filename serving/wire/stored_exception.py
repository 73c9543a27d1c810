"""Exceptions as the ledger stores them, read back.

They are parsed by the same code as when they were posted, so that what was accepted can be read.
A row that still can't be read (a ledger that an older version wrote, a damaged file) costs itself
alone: its reader leaves it out, and it is logged and counted.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from prometheus_client import Counter

from data.domain import ExpediteError
from serving.wire.check import checked
from serving.wire.errors import BadPayloadError
from serving.wire.exception_in import EXCEPTION, ExceptionIn

LOG = logging.getLogger("expedite.ledger")
UNREADABLE = Counter(
    "expedite_unreadable_rows", "Rows of the ledger that could not be read", registry=None
)
MAX_DEPTH_WRITTEN = 254
"""Levels of nesting that orjson writes; a text of so few brackets has no more."""
_RAISED_BY_TEXTS = (
    BadPayloadError,
    ValueError,  # of orjson and of pydantic too
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class UnreadableRowError(ExpediteError):
    """A row that the ledger holds can't be read."""

    def __init__(self, row_id: str, reason: str) -> None:
        super().__init__(
            f"{row_id} can't be read from the ledger ({reason}). It is left out; an exception is "
            f"repaired by a newer version of it, posted"
        )


def stored_exception(exception_id: str, payload: str) -> ExceptionIn:
    """Read an exception.

    Raises:
        UnreadableRowError: It can't be read; that is logged and counted.
    """
    with reading(exception_id):
        return checked(EXCEPTION, stored_object(payload))


def stored_object(text: str) -> dict[str, object]:
    """Read a JSON object that can be written again.

    Raises:
        ValueError: It is none, or is nested deeper than the writer of JSON goes.
    """
    value = orjson.loads(text)
    if not isinstance(value, dict):
        raise TypeError("it is no JSON object")
    if text.count("{") + text.count("[") > MAX_DEPTH_WRITTEN:
        orjson.dumps(value)
    return value


@contextmanager
def reading(row_id: str) -> Iterator[None]:
    """Turn what stored text raises into an `UnreadableRowError`; log and count it."""
    try:
        yield
    except _RAISED_BY_TEXTS as error:
        lines = str(error).splitlines() or [""]
        unreadable = UnreadableRowError(row_id, f"{type(error).__name__}: {lines[0]}")
        UNREADABLE.inc()
        LOG.error("%s", unreadable)  # noqa: TRY400 - the reason says it, and a start reads many rows
        raise unreadable from error
