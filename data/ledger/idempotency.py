"""Stored answers to requests with an `Idempotency-Key`, for a day."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from data.ledger.tables import IDEMPOTENCY
from data.ticks import MS_PER_HOUR

IDEMPOTENCY_HOURS = 24


@dataclass(frozen=True)
class StoredAnswer:
    """Answer to a request with an `Idempotency-Key`."""

    key: str
    request_sha256: str
    status: int
    answer: str


def stored_answer(connection: Connection, key: str) -> StoredAnswer | None:
    """Return the stored answer of an `Idempotency-Key`, None if it is new."""
    columns = IDEMPOTENCY.c
    query = select(columns.key, columns.request_sha256, columns.status, columns.answer)
    row = connection.execute(query.where(columns.key == key)).mappings().one_or_none()
    return None if row is None else StoredAnswer(**row)


def store_answer(connection: Connection, answer: StoredAnswer, *, now_ms: int) -> None:
    """Store an answer for a day; delete older ones."""
    oldest = now_ms - IDEMPOTENCY_HOURS * MS_PER_HOUR
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.made_at_ms < oldest))
    connection.execute(insert(IDEMPOTENCY), [asdict(answer) | {"made_at_ms": now_ms}])
