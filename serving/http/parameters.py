"""The parameter `at` of an address: a moment that is over."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)

At = Annotated[
    AwareDatetime | None,
    Query(
        description="a moment that is over: as it was then, by the models, policy and data of then",
        examples=["2026-03-01T10:00Z"],
    ),
]


def tick_of(at: datetime | None) -> int | None:
    """Return a moment as a tick; None for now. Finer than a millisecond is cut off."""
    return None if at is None else (at - _EPOCH) // _MILLISECOND
