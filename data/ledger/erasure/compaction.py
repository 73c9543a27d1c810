"""Compaction: the database is rewritten without the remains of what was deleted or replaced."""

import time

from sqlalchemy import Connection

from data.domain import ConflictError
from data.ledger.ledger import Ledger
from data.ledger.tables import EVENTS, EXCEPTIONS, IDEMPOTENCY, INCIDENT_STATES, INCIDENTS

REWRITTEN = (EXCEPTIONS, EVENTS, IDEMPOTENCY, INCIDENTS, INCIDENT_STATES)
MAX_CHECKPOINTS = 50
SECONDS_BETWEEN_CHECKPOINTS = 0.1


def compact(ledger: Ledger) -> None:
    """Rewrite the database. Writers wait meanwhile.

    On SQLite the file is written anew and its log is emptied. On PostgreSQL the tables that hold
    payloads are rewritten, each locked meanwhile. Backups, and the logs that PostgreSQL writes
    before its tables, are not reached.

    Raises:
        ConflictError: On SQLite, somebody reads all the time, so the log can't be emptied.
        OperationalError: The database is in use for longer than a writer waits.
    """
    with ledger.maintaining() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("vacuum")
            _empty_log(connection)
        else:
            for table in REWRITTEN:
                connection.exec_driver_sql(f"vacuum full {table.name}")


def _empty_log(connection: Connection) -> None:
    for _ in range(MAX_CHECKPOINTS):
        is_busy = connection.exec_driver_sql("pragma wal_checkpoint(truncate)").one()[0]
        if not is_busy:
            return
        time.sleep(SECONDS_BETWEEN_CHECKPOINTS)
    raise ConflictError("the ledger's log", "it is being read", "Compact again in a quiet hour.")
