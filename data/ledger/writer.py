"""The writer of the ledger: one thread runs all transactions, one after the other.

What is accepted together with others waits its turn instead of failing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from data.ledger.ledger import Ledger

Result = TypeVar("Result")


class LedgerWriter:
    """Runs transactions on a ledger in a thread of its own."""

    def __init__(
        self, ledger: Ledger, note: Callable[[BaseException | None], None] = lambda _error: None
    ) -> None:
        """Prepare the thread.

        Args:
            ledger: Is written to.
            note: Called with what the ledger refused, and with None after each commit.
        """
        self._ledger = ledger
        self._note = note
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def run(self, transaction: Callable[[Connection], Result]) -> Result:
        """Run one transaction after those before it; return its result once it is committed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._committed, transaction)

    def _committed(self, transaction: Callable[[Connection], Result]) -> Result:
        try:
            with self._ledger.writing() as connection:
                result = transaction(connection)
        except SQLAlchemyError as error:
            self._note(error)
            raise
        except Exception:  # the transaction refused by itself: nothing is wrong with the ledger
            raise
        except BaseException as error:  # in the event loop it would end the whole service
            self._note(error)
            raise RuntimeError(f"a transaction ended by {type(error).__name__}") from error
        self._note(None)
        return result

    def close(self) -> None:
        """Finish the transactions that wait."""
        self._thread.shutdown(wait=True)
