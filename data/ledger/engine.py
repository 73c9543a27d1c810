"""Connections to the ledger's database, one writing transaction at a time.

Several processes write to one ledger. On SQLite a writing transaction begins by taking the file's
write lock; on PostgreSQL it takes an advisory lock first. So transactions of all processes follow
each other: nothing that one read changes before it commits, and numbers of rows are in the order of
their commits. A reader that goes on after the last number it read never skips one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from data.database_address import database_url

CHANNEL = "expedite_ledger"
"""Channel on which PostgreSQL notifies of each committed transaction."""
WRITE_LOCK = 0x4558504544
"""Key of the advisory lock that a writing transaction holds until its end."""
LOCK_WAIT_MS = 10_000
"""Longest wait for the other writers; then the caller is asked to send the request again."""
MAX_IDLE_MS = 15_000
"""A writer that stopped amid its transaction loses its connection, and so the lock."""
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={LOCK_WAIT_MS}",
    "foreign_keys=ON",
)
_POSTGRESQL_WRITE = (
    f"select set_config('lock_timeout', '{LOCK_WAIT_MS}', true),"
    f" set_config('idle_in_transaction_session_timeout', '{MAX_IDLE_MS}', true),"
    f" pg_notify('{CHANNEL}', ''), pg_advisory_xact_lock({WRITE_LOCK})"
)


def open_engine(url: str) -> Engine:
    """Return an engine whose writing transactions follow each other.

    Raises:
        ArgumentError, NoSuchModuleError, ModuleNotFoundError: The address can't be used.
    """
    engine = create_engine(database_url(url), pool_pre_ping=True, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes, after those of all processes before it."""
    with engine.execution_options(expedite_writes=True).begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads: it sees one state of all tables."""
    is_sqlite = engine.dialect.name == "sqlite"
    options = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection:
        yield connection


@contextmanager
def maintaining(engine: Engine) -> Iterator[Connection]:
    """A connection without a transaction, for statements that can't run in one."""
    is_sqlite = engine.dialect.name == "sqlite"
    options = {} if is_sqlite else {"isolation_level": "AUTOCOMMIT"}
    with engine.connect() as connection:
        yield connection.execution_options(expedite_maintains=True, **options)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.text_factory = _text  # a damaged text costs itself alone, and not its whole query
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins by reading and then writes can fail half-way; this one waits first.
    if not connection.get_execution_options().get("expedite_maintains", False):
        connection.exec_driver_sql("begin immediate" if _writes(connection) else "begin")


def _begin_postgresql(connection: Connection) -> None:
    if _writes(connection):
        connection.exec_driver_sql(_POSTGRESQL_WRITE)


def _writes(connection: Connection) -> bool:
    return connection.get_execution_options().get("expedite_writes", False)
