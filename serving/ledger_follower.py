"""The follower: brings this process's list in line with what any process wrote to the ledger.

It waits for commits, reads the present state of what changed after its position, and shows it. The
process's own writes come again that way and change nothing: no older revision replaces a newer one.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from data.ledger.changes import LedgerChanges, LedgerPosition, changes_after
from data.ledger.ledger import ExceptionRecord, Ledger
from serving.clock import Clock
from serving.incident_watch.watch import IncidentWatch
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.open_row import ReadRow
from serving.live_list.worklist import Worklist, readable_row
from serving.scoring.guarantees import Guarantees

MAX_SECONDS_WITHOUT_LOOK = 0.5
"""A signal that was lost costs no more than this."""
SECONDS_BETWEEN_LOOKS = 0.05
ROWS_AT_ONCE = 100
"""Calls are answered between parts of this many rows."""


class ReadRecord(NamedTuple):
    """An exception of the ledger, and its row; None where it has none."""

    record: ExceptionRecord
    row: ReadRow | None


class LedgerFollower:
    """Follows the ledger from a position on."""

    def __init__(
        self,
        ledger: Ledger,
        position: LedgerPosition,
        *,
        worklist: Worklist,
        guarantees: Guarantees,
        incidents: IncidentWatch,
        clock: Clock,
    ) -> None:
        """Prepare to follow.

        Args:
            ledger: Is followed.
            position: Was read before the other parts were filled from the ledger.
            worklist: Shows what is open.
            guarantees: Know which promises are suspended.
            incidents: Heeds what other processes did to incidents.
            clock: Tells the present.
        """
        self.position = position
        self._ledger = ledger
        self._signal = ledger.commit_signal()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="follower")
        self._worklist = worklist
        self._claims: ClaimBoard = worklist.claims
        self._guarantees = guarantees
        self._incidents = incidents
        self._clock = clock

    async def follow_on(self) -> None:
        """Wait for a commit, but not for long, and take over all that changed."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._signal.wait, MAX_SECONDS_WITHOUT_LOOK)
        while not await self.look(self._thread):
            pass

    def close(self) -> None:
        """Let go of the connection that waits for commits."""
        self._signal.end()
        self._thread.submit(self._signal.close)
        self._thread.shutdown(wait=True)

    async def look(self, thread: ThreadPoolExecutor | None = None) -> bool:
        """Take over what changed; return whether nothing is left to read."""
        loop, claims_revision = asyncio.get_running_loop(), self._claims.revision
        promises_revision = self._guarantees.revision
        changes = await loop.run_in_executor(thread, self._changes)
        read = await loop.run_in_executor(thread, self._rows, changes)
        await self._show(read)
        for incident, members, left in changes.incidents:
            self._worklist.replace_members(incident, members)
            self._incidents.follow(incident, left)
        if changes.suspensions:
            # What this process wrote after the reading is newer: all is read again.
            if self._guarantees.revision != promises_revision:
                return False
            self._guarantees.take(changes.suspensions)
        # A claim of this process that was written after the reading is newer than what was read.
        if self._claims.revision == claims_revision:
            self._claims.replace_all(changes.claims)
        self.position = changes.position
        return changes.is_complete

    async def _show(self, read: Sequence[ReadRecord]) -> None:
        for begin in range(0, len(read), ROWS_AT_ONCE):
            for record, row in read[begin : begin + ROWS_AT_ONCE]:
                self._worklist.show_row(record, row)
            await asyncio.sleep(0)

    def _changes(self) -> LedgerChanges:
        with self._ledger.reading() as connection:
            return changes_after(connection, self.position, now_ms=self._clock())

    def _rows(self, changes: LedgerChanges) -> list[ReadRecord]:
        """Read the rows of what is not on the list as it is; the caller's thread does the work."""
        is_open = self._worklist.open.get
        read = []
        for record in changes.records:
            shown = is_open(record.id)
            is_shown = shown is not None and shown.revision >= record.revision
            if not is_shown or record.id in changes.rescored:
                read.append(ReadRecord(record, readable_row(record)))
        return read
