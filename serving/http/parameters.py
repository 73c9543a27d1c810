"""The parameter `at` of an address: a moment that is over."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from data.ticks import tick_of

At = Annotated[
    AwareDatetime | None,
    Query(
        description="a moment that is over: as it was then, by the models, policy and data of then",
        examples=["2026-03-01T10:00Z"],
    ),
]


def past_tick(at: datetime | None) -> int | None:
    """Return a moment as a tick; None for now."""
    return None if at is None else tick_of(at)
