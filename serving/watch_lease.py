"""A lease on work of one process at a time: the watches (rescoring, stock, incidents), the jobs.

It is renewed in the background. If its holder is killed, another process takes over after
`LEASE_SECONDS` (jobs: later); one that ends by itself gives it back at once.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from data.domain import LeaseLostError
from data.ledger.leases import (
    Lease,
    check_lease,
    lease_of,
    release_lease,
    renew_lease,
    take_lease,
)
from data.ledger.ledger import Ledger
from data.ledger.writer import LedgerWriter

LOG = logging.getLogger("expedite.lease")
WATCHES = "watches"
LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0
Result = TypeVar("Result")


class WatchLease:
    """The lease as this process sees it.

    Attributes:
        current: The lease while this process holds it, else None.
    """

    def __init__(
        self,
        ledger: Ledger,
        name: str = WATCHES,
        *,
        lease_seconds: float = LEASE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to take the lease.

        Args:
            ledger: Stores it.
            name: The work.
            lease_seconds: A holder that renews nothing for so long is gone.
            monotonic: Seconds of a clock that only moves on.
        """
        self.current: Lease | None = None
        self._name = name
        self._lease_seconds = lease_seconds
        self._ledger = ledger
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lease")
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._observed: Lease | None = None
        self._observed_at = 0.0

    async def look(self) -> None:
        """Step in a thread of its own: slow calls must not hold up a renewal."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.step)

    def step(self) -> None:
        """Renew the lease, or take it if it is free or its holder is gone."""
        if self.current is not None:
            self._renew(self.current)
            return
        with self._ledger.reading() as connection:
            observed = lease_of(connection, self._name)
        if observed != self._observed:
            self._observed, self._observed_at = observed, self._monotonic()
        is_free = observed is None or observed.holder is None
        if is_free or self._monotonic() - self._observed_at >= self._lease_seconds:
            self._take(observed)

    def _renew(self, lease: Lease) -> None:
        try:
            with self._ledger.writing() as connection:
                renewed = renew_lease(connection, lease)
        except LeaseLostError:
            LOG.warning("Another process took over the %s", self._name)
            self.current = None
        else:
            self.current = renewed

    def _take(self, observed: Lease | None) -> None:
        with self._ledger.writing() as connection:
            taken = take_lease(connection, self._name, self._holder, observed=observed)
        if taken is not None:
            LOG.info("This process has the %s, as holder %d", self._name, taken.token)
        self.current = taken

    def release(self) -> None:
        """Give the lease back, so that another process need not wait."""
        self._thread.shutdown(wait=True)
        lease, self.current = self.current, None
        if lease is not None:
            with self._ledger.writing() as connection:
                release_lease(connection, lease)


class LeasedWriter:
    """Runs the transactions of the watches: each checks the lease first."""

    def __init__(self, writer: LedgerWriter, lease: WatchLease) -> None:
        self._writer = writer
        self._lease = lease

    @property
    def token(self) -> int | None:
        """Token of the lease while this process holds it, else None."""
        lease = self._lease.current
        return None if lease is None else lease.token

    async def run(self, transaction: Callable[[Connection], Result]) -> Result:
        """Run one transaction; return its result once it is committed.

        Raises:
            LeaseLostError: This process does not hold the lease: nothing was written.
        """
        lease = self._lease.current
        if lease is None:
            raise LeaseLostError(WATCHES)

        def fenced(connection: Connection) -> Result:
            check_lease(connection, lease)
            return transaction(connection)

        return await self._writer.run(fenced)
