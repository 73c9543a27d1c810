"""Open exceptions at a past moment, from the events recorded by then."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, select

from data.ledger.tables import EVENTS, EXCEPTIONS

IDS_AT_ONCE = 500
_CLOSING_KINDS = ("closed", "resolved")
_PAYLOAD_KINDS = ("created", "updated", "closed", "reopened")
"""Kinds of events whose body is the exception as its source sent it."""
_STATE_KINDS = ("created", "closed", "reopened", "resolved")
"""Kinds of events that open an exception or end it."""
_REVISION_KINDS = (*_PAYLOAD_KINDS, "resolved", "erased")
"""Kinds of events that make another revision."""


@dataclass(frozen=True)
class PastException:
    """One open exception as of a past moment.

    Attributes:
        id: The exception's.
        revision: As of then.
        payload: As its source had last sent it; it may say that the exception had ended.
        assessment: The assessment of models and policy at that moment.
    """

    id: str
    revision: int
    payload: str
    assessment: str


def open_exceptions_at(connection: Connection, at_ms: int) -> Iterator[PastException]:
    """Yield the exceptions received and not ended by a moment, as recorded then.

    Reads what is open now, or ended since, and never what ended before: the events of others are
    not looked at, however many there are.
    """
    candidates = _candidates(connection, at_ms)
    for begin in range(0, len(candidates), IDS_AT_ONCE):
        yield from _as_of(connection, candidates[begin : begin + IDS_AT_ONCE], at_ms)


def _candidates(connection: Connection, at_ms: int) -> list[str]:
    there = EXCEPTIONS.c.received_at_ms <= at_ms
    is_open = select(EXCEPTIONS.c.id).where(EXCEPTIONS.c.is_open, there)
    ended = (
        select(EVENTS.c.exception_id)
        .join(EXCEPTIONS, EXCEPTIONS.c.id == EVENTS.c.exception_id)
        .where(EVENTS.c.known_at_ms > at_ms, EVENTS.c.kind.in_(_CLOSING_KINDS), there)
    )
    return sorted(connection.execute(is_open.union(ended)).scalars())


def _as_of(connection: Connection, ids: list[str], at_ms: int) -> Iterator[PastException]:
    columns = (EVENTS.c.exception_id, EVENTS.c.kind, EVENTS.c.body, EVENTS.c.opinion)
    query = select(*columns).where(EVENTS.c.exception_id.in_(ids), EVENTS.c.known_at_ms <= at_ms)
    events = connection.execute(query.order_by(EVENTS.c.exception_id, EVENTS.c.seq))
    for exception_id, history in groupby(events, key=lambda event: event.exception_id):
        state = _state_after(exception_id, history)
        if state is not None:
            yield state


def _state_after(
    exception_id: str, events: Iterable[tuple[str, str, str | None, str | None]]
) -> PastException | None:
    revision, payload, assessment, is_ended = 0, "", "", False
    for _, kind, body, event_assessment in events:
        revision += kind in _REVISION_KINDS
        if kind in _PAYLOAD_KINDS:
            payload = body or payload
        if kind in _STATE_KINDS:
            is_ended = kind in _CLOSING_KINDS
        assessment = event_assessment or assessment
    return None if is_ended else PastException(exception_id, revision, payload, assessment)
