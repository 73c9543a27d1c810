"""The writer of the ledger: one thread runs all transactions, one after the other.

What is accepted together with others waits its turn instead of failing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from data.ledger.ledger import Ledger

Result = TypeVar("Result")


class LedgerWriter:
    """Runs transactions on a ledger in a thread of its own."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def run(self, transaction: Callable[[Connection], Result]) -> Result:
        """Run one transaction after those before it; return its result once it is committed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._committed, transaction)

    def _committed(self, transaction: Callable[[Connection], Result]) -> Result:
        with self._ledger.writing() as connection:
            return transaction(connection)

    def close(self) -> None:
        """Finish the transactions that wait."""
        self._thread.shutdown(wait=True)
