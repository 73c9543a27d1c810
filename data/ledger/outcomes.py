"""Outcomes of exceptions, written inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from data.domain import ConflictError, PreconditionError
from data.ledger.claims import end_claims
from data.ledger.ledger import ExceptionRecord, OutcomeRecord, record_of
from data.ledger.tables import EVENTS, EXCEPTIONS, OUTCOMES, next_revision

IDS_AT_ONCE = 500


def resolve(
    connection: Connection, outcome: OutcomeRecord, *, body: str, expected_revision: int | None
) -> ExceptionRecord:
    """Close an exception with its outcome; repeating it changes nothing.

    Args:
        connection: The transaction.
        outcome: Its outcome.
        body: The request, for the record.
        expected_revision: The revision that the caller observed; None accepts any.

    Raises:
        NotFoundError: There is no such exception.
        PreconditionError: It is not at that revision any more.
        ConflictError: It ended otherwise already, or was reopened after this resolution, and the
            caller did not say that they know.
    """
    record = record_of(connection, outcome.exception_id)
    query = select(OUTCOMES).where(OUTCOMES.c.exception_id == record.id)
    row = connection.execute(query).mappings().one_or_none()
    previous = None if row is None else OutcomeRecord(**row)
    if previous is not None and _is_same_outcome(previous, outcome):
        return record
    if expected_revision is not None and expected_revision != record.revision:
        raise PreconditionError(record.id, expected_revision, record.revision)
    if previous is not None and expected_revision is None:
        raise ConflictError(record.id, "it was resolved otherwise already")
    if expected_revision is None and _reopened_after(connection, outcome):
        raise ConflictError(record.id, "it was reopened after this resolution")
    return close_all(connection, [(record, outcome)], body=body)[0]


def _reopened_after(connection: Connection, outcome: OutcomeRecord) -> bool:
    """Return whether a source opened the exception again after the moment of an outcome."""
    query = select(func.max(EVENTS.c.occurred_at_ms)).where(
        EVENTS.c.exception_id == outcome.exception_id, EVENTS.c.kind == "reopened"
    )
    reopened_at_ms = connection.execute(query).scalar_one()
    return reopened_at_ms is not None and outcome.resolved_at_ms < reopened_at_ms


def _is_same_outcome(previous: OutcomeRecord, outcome: OutcomeRecord) -> bool:
    moments = {"known_at_ms": 0, "resolved_at_ms": 0}
    return replace(previous, **moments) == replace(outcome, **moments)


def close_all(
    connection: Connection,
    resolutions: Sequence[tuple[ExceptionRecord, OutcomeRecord]],
    *,
    body: str,
) -> list[ExceptionRecord]:
    """Close exceptions, each with its outcome; an earlier outcome is replaced."""
    closed = [
        replace(
            record,
            is_open=False,
            revision=next_revision(record.revision),
            closed_at_ms=outcome.resolved_at_ms,
        )
        for record, outcome in resolutions
    ]
    which = EXCEPTIONS.c.id == bindparam("which")
    fields = [("which", "id"), *((n, n) for n in ("is_open", "revision", "closed_at_ms"))]
    rows = [{name: getattr(record, field) for name, field in fields} for record in closed]
    connection.execute(update(EXCEPTIONS).where(which), rows)
    ids = [record.id for record in closed]
    end_claims(connection, ids, now_ms=max(outcome.known_at_ms for _, outcome in resolutions))
    for begin in range(0, len(ids), IDS_AT_ONCE):
        batch = ids[begin : begin + IDS_AT_ONCE]
        connection.execute(delete(OUTCOMES).where(OUTCOMES.c.exception_id.in_(batch)))
    connection.execute(insert(OUTCOMES), [asdict(outcome) for _, outcome in resolutions])
    connection.execute(
        insert(EVENTS), [_resolved_event(record, outcome, body) for record, outcome in resolutions]
    )
    return closed


def _resolved_event(
    record: ExceptionRecord, outcome: OutcomeRecord, body: str
) -> dict[str, object]:
    return {
        "exception_id": record.id,
        "kind": "resolved",
        "occurred_at_ms": outcome.resolved_at_ms,
        "known_at_ms": outcome.known_at_ms,
        "by": outcome.by,
        "body": body,
        "opinion": record.opinion,
    }


def reopen(
    connection: Connection,
    exception_id: str,
    *,
    by: str,
    now_ms: int,
    expected_revision: int | None,
) -> ExceptionRecord:
    """Open an exception again that has ended; its outcome goes. An open one stays as it is.

    Raises:
        NotFoundError: There is no such exception.
        PreconditionError: It is not at that revision any more.
    """
    record = record_of(connection, exception_id)
    if record.is_open:
        return record
    if expected_revision is not None and expected_revision != record.revision:
        raise PreconditionError(record.id, expected_revision, record.revision)
    revision = next_revision(record.revision)
    opened = replace(record, is_open=True, revision=revision, closed_at_ms=None)
    state = {name: getattr(opened, name) for name in ("is_open", "revision", "closed_at_ms")}
    connection.execute(update(EXCEPTIONS).where(EXCEPTIONS.c.id == record.id), state)
    connection.execute(delete(OUTCOMES).where(OUTCOMES.c.exception_id == record.id))
    event = {
        "exception_id": record.id,
        "kind": "reopened",
        "occurred_at_ms": now_ms,
        "known_at_ms": now_ms,
        "by": by,
        "body": record.payload,
        "opinion": record.opinion,
    }
    connection.execute(insert(EVENTS), event)
    return opened


def save_outcomes(connection: Connection, outcomes: Sequence[OutcomeRecord]) -> None:
    """Store outcomes of exceptions that their source closed, without a resolution."""
    if outcomes:
        connection.execute(insert(OUTCOMES), [asdict(outcome) for outcome in outcomes])
