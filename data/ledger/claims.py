"""Claims on exceptions and incidents: leases that expire by themselves.

A subject is named by its id; its own row is locked first, so of two claims at once one wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from data.domain import ClaimedError, ConflictError, NotFoundError, PreconditionError
from data.ledger.tables import CLAIMS, EXCEPTIONS, INCIDENTS

IDS_AT_ONCE = 500
INCIDENT_PREFIX = "inc_"


@dataclass(frozen=True)
class Claim:
    """One lease; the fields are those of `data.ledger.tables.CLAIMS` without the end."""

    subject_id: str
    by: str
    claimed_at_ms: int
    until_ms: int


def revision_of_open(connection: Connection, subject_id: str, expected_revision: int | None) -> int:
    """Lock an open exception or incident until the transaction ends; return its revision.

    Raises:
        NotFoundError: There is none of this id.
        ConflictError: It ended.
        PreconditionError: It is not at the revision that the caller saw.
    """
    kind = "incident" if subject_id.startswith(INCIDENT_PREFIX) else "exception"
    table = INCIDENTS if kind == "incident" else EXCEPTIONS
    query = select(table.c.revision, table.c.closed_at_ms).where(table.c.id == subject_id)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError(kind, subject_id)
    if expected_revision is not None and expected_revision != row.revision:
        raise PreconditionError(subject_id, expected_revision, row.revision)
    if row.closed_at_ms is not None:
        raise ConflictError(subject_id, "it is not open any more", "Take another one.")
    return row.revision


def claim(connection: Connection, request: Claim) -> Claim:
    """Grant a lease, or renew one of the same person; the subject is locked.

    Leases stay on record: they are ended, never deleted.

    Raises:
        ClaimedError: Somebody else has it.
    """
    now_ms = request.claimed_at_ms
    current = _active_claim(connection, request.subject_id)
    if current is not None and current.until_ms > now_ms and current.by != request.by:
        raise ClaimedError(current.subject_id, current.by, current.until_ms)
    if current is not None:
        end_claims(connection, [current.subject_id], now_ms=min(current.until_ms, now_ms))
    connection.execute(insert(CLAIMS), [vars(request)])
    return request


def release(connection: Connection, subject_id: str, by: str, *, now_ms: int) -> None:
    """End a lease, if there is one. The subject is locked.

    Raises:
        ClaimedError: Somebody else has it.
    """
    current = _active_claim(connection, subject_id)
    if current is None or current.until_ms <= now_ms:
        return
    if current.by != by:
        raise ClaimedError(subject_id, current.by, current.until_ms)
    end_claims(connection, [subject_id], now_ms=now_ms)


def end_claims(connection: Connection, subject_ids: Sequence[str], *, now_ms: int) -> None:
    """End all leases on some subjects."""
    for begin in range(0, len(subject_ids), IDS_AT_ONCE):
        batch = subject_ids[begin : begin + IDS_AT_ONCE]
        conditions = (CLAIMS.c.subject_id.in_(batch), CLAIMS.c.ended_at_ms.is_(None))
        connection.execute(update(CLAIMS).where(*conditions).values(ended_at_ms=now_ms))


def active_claims(connection: Connection, *, now_ms: int) -> list[Claim]:
    """Return all active leases."""
    query = _claims().where(CLAIMS.c.ended_at_ms.is_(None), CLAIMS.c.until_ms > now_ms)
    return [Claim(**row) for row in connection.execute(query).mappings()]


def claims_at(connection: Connection, at_ms: int) -> list[Claim]:
    """Return all leases that were active at a moment."""
    columns = CLAIMS.c
    not_ended = columns.ended_at_ms.is_(None) | (columns.ended_at_ms > at_ms)
    query = _claims().where(columns.claimed_at_ms <= at_ms, columns.until_ms > at_ms, not_ended)
    return [Claim(**row) for row in connection.execute(query).mappings()]


def claims_on(
    connection: Connection, subject_ids: Sequence[str], *, now_ms: int
) -> dict[str, Claim]:
    """Return the active leases on some subjects."""
    is_active = (CLAIMS.c.ended_at_ms.is_(None), CLAIMS.c.until_ms > now_ms)
    rows = []
    for begin in range(0, len(subject_ids), IDS_AT_ONCE):
        batch = CLAIMS.c.subject_id.in_(subject_ids[begin : begin + IDS_AT_ONCE])
        rows += connection.execute(_claims().where(batch, *is_active)).mappings()
    return {row["subject_id"]: Claim(**row) for row in rows}


def _claims():  # noqa: ANN202 - a query
    columns = CLAIMS.c
    return select(columns.subject_id, columns.by, columns.claimed_at_ms, columns.until_ms)


def _active_claim(connection: Connection, subject_id: str) -> Claim | None:
    row = connection.execute(_claims().where(*_is_active(subject_id))).mappings().one_or_none()
    return None if row is None else Claim(**row)


def _is_active(subject_id: str):  # noqa: ANN202 - two conditions
    return CLAIMS.c.subject_id == subject_id, CLAIMS.c.ended_at_ms.is_(None)
