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


class UnreadableRowError(ExpediteError):
    """An exception that the ledger holds can't be read."""

    def __init__(self, exception_id: str, reason: str) -> None:
        super().__init__(
            f"exception {exception_id} can't be read from the ledger ({reason}). It is left out of "
            f"the list; a newer version of it, posted, repairs it"
        )


def stored_exception(exception_id: str, payload: str) -> ExceptionIn:
    """Read an exception.

    Raises:
        UnreadableRowError: It can't be read; that is logged and counted.
    """
    with reading(exception_id):
        return checked(EXCEPTION, orjson.loads(payload))


@contextmanager
def reading(exception_id: str) -> Iterator[None]:
    """Turn what stored text raises into an `UnreadableRowError`; log and count it."""
    try:
        yield
    except (orjson.JSONDecodeError, BadPayloadError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        unreadable = UnreadableRowError(exception_id, reason)
        UNREADABLE.inc()
        LOG.exception("%s", unreadable)
        raise unreadable from error
