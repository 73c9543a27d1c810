"""Signal of commits: waits until any process committed a transaction to the ledger.

PostgreSQL notifies of each commit. SQLite has a number that changes with each commit of another
connection; it is looked at ten times a second. A wait ends after its time as well, so a signal that
was lost costs one wait.
"""

import threading
import time
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data.ledger.engine import CHANNEL

SECONDS_BETWEEN_LOOKS = 0.1


class CommitSignal:
    """Waits on a connection of its own; used by one thread. A lost connection is made anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._connection: Any = None
        self._data_version = -1
        self._ending = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait for a commit, but not for longer than this; return whether there was one.

        Without a connection it waits for the whole time and returns True: something may have been
        committed.
        """
        end = time.monotonic() + seconds
        try:
            if self._connection is None:
                self._connection = self._listening()
                return True
            return self._next_change(end) if self._is_sqlite else self._notified(end)
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error):
            self.close()
            self._ending.wait(max(0.0, end - time.monotonic()))
            return True

    def end(self) -> None:
        """End the wait under way within a tenth of a second, from any thread."""
        self._ending.set()

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _listening(self) -> Any:
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if not self._is_sqlite:
            connection.autocommit = True
            connection.execute(f"listen {CHANNEL}")
        return connection

    def _next_change(self, end: float) -> bool:
        while True:
            (data_version,) = self._connection.execute("pragma data_version").fetchone()
            if data_version != self._data_version:
                self._data_version = data_version
                return True
            if time.monotonic() >= end or self._ending.wait(SECONDS_BETWEEN_LOOKS):
                return False

    def _notified(self, end: float) -> bool:
        while (seconds := end - time.monotonic()) > 0 and not self._ending.is_set():
            timeout = min(seconds, SECONDS_BETWEEN_LOOKS)
            if any(True for _ in self._connection.notifies(timeout=timeout, stop_after=1)):
                return True
        return False
