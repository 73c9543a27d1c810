"""The log of actions: who did what, when, from where, under which champion and policy.

A row is written in the transaction of the action, so that neither is there without the other.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import orjson
from sqlalchemy import Connection, ScalarSelect, delete, func, insert, select

from data.ledger.access_tables import ACTION_LOG
from data.ledger.tables import VERSIONS
from data.ledger.versions import CHAMPION, POLICY

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Action:
    """One action; the fields are those of `data.ledger.access_tables.ACTION_LOG`.

    Attributes:
        known_at_ms: When.
        by: Account or key; without accounts the name that the call states; None without any.
        credential: How that is proven: `session`, `key`, `console`, or `open` (not at all).
        address: Network address of the caller; None at the console.
        action: What, such as `resolve`.
        subject: Id or name of what it was done to.
        body: JSON with more about it.
    """

    known_at_ms: int
    by: str | None
    credential: str
    address: str | None
    action: str
    subject: str | None = None
    body: str | None = None


@dataclass(frozen=True)
class LoggedAction(Action):
    """One row of the log: an action under the champion and the policy in use at that moment."""

    seq: int = 0
    model_version: str | None = None
    policy_version: str | None = None


def record_action(connection: Connection, action: Action) -> None:
    """Write down an action, with the champion and the policy in use."""
    versions = {
        "model_version": _in_use(CHAMPION, action.known_at_ms),
        "policy_version": _in_use(POLICY, action.known_at_ms),
    }
    connection.execute(insert(ACTION_LOG).values(**asdict(action), **versions))


def delete_old_actions(connection: Connection, *, before_ms: int, action: Action) -> int:
    """Delete actions from before a moment, and note that as an action; return how many.

    The database refuses to delete single rows: its guard is lifted inside this transaction alone.

    Args:
        connection: A transaction that writes.
        before_ms: Older actions are deleted.
        action: The action for the log, without its body.
    """
    old = ACTION_LOG.c.known_at_ms < before_ms
    count = connection.execute(select(func.count()).select_from(ACTION_LOG).where(old)).scalar_one()
    if not count:
        return 0
    lift, restore = _GUARDS[connection.dialect.name]
    connection.exec_driver_sql(lift)
    connection.execute(delete(ACTION_LOG).where(old))
    connection.exec_driver_sql(restore)
    body = orjson.dumps({"deleted": count, "before_ms": before_ms}).decode()
    record_action(connection, replace(action, body=body))
    return count


_GUARDS = {
    "sqlite": (
        "drop trigger action_log_delete",
        (
            "create trigger action_log_delete before delete on action_log "
            "begin select raise(abort, 'the log of actions only grows'); end"
        ),
    ),
    "postgresql": (
        "alter table action_log disable trigger action_log_only_grows",
        "alter table action_log enable trigger action_log_only_grows",
    ),
}
"""By database: the statements that lift the guard of the log, and that restore it."""


def _in_use(kind: str, at_ms: int) -> ScalarSelect[str | None]:
    columns = VERSIONS.c
    query = select(columns.label).where(columns.kind == kind, columns.known_at_ms <= at_ms)
    query = query.order_by(columns.known_at_ms.desc(), columns.seq.desc()).limit(1)
    return query.scalar_subquery()


def latest_actions(
    connection: Connection, limit: int, *, before_seq: int | None = None
) -> list[LoggedAction]:
    """Return the newest actions, the newest first; those before one of them where it is named."""
    query = select(ACTION_LOG).order_by(ACTION_LOG.c.seq.desc()).limit(limit)
    if before_seq is not None:
        query = query.where(ACTION_LOG.c.seq < before_seq)
    return [LoggedAction(**row) for row in connection.execute(query).mappings()]


def all_actions(connection: Connection) -> Iterator[LoggedAction]:
    """Yield all actions, the oldest first."""
    rows = connection.execute(select(ACTION_LOG).order_by(ACTION_LOG.c.seq))
    for part in rows.mappings().partitions(ROWS_AT_ONCE):
        yield from (LoggedAction(**row) for row in part)
