"""Retention: payloads and actions that are older than the settings allow are erased."""

import asyncio
from typing import NamedTuple

from data.ledger.action_log import delete_old_actions
from data.ledger.erasure.payloads import erase_old
from data.ledger.ledger import Ledger
from data.settings import Settings
from data.ticks import MS_PER_DAY
from serving.caller import CONSOLE, Caller
from serving.clock import Clock
from serving.watch_lease import LeasedWriter

SECONDS_BETWEEN_RETENTIONS = 3_600.0


class RetainedCounts(NamedTuple):
    """Rows that were erased: payloads of exceptions, and actions of the log."""

    payloads: int
    actions: int


def apply_retention(
    ledger: Ledger, settings: Settings, *, now_ms: int, caller: Caller = CONSOLE
) -> RetainedCounts:
    """Erase what the settings keep no longer; return the counts."""
    payloads = actions = 0
    if settings.retention_days:
        before_ms = now_ms - settings.retention_days * MS_PER_DAY
        payloads = erase_old(ledger, ended_before_ms=before_ms, now_ms=now_ms).exceptions
    if settings.action_log_days:
        before_ms = now_ms - settings.action_log_days * MS_PER_DAY
        action = caller.action("delete old actions", None, now_ms=now_ms)
        with ledger.writing() as connection:
            actions = delete_old_actions(connection, before_ms=before_ms, action=action)
    return RetainedCounts(payloads, actions)


class RetentionWatch:
    """Applies retention once an hour, by the process that holds the lease."""

    def __init__(
        self, ledger: Ledger, settings: Settings, writer: LeasedWriter, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._writer = writer
        self._clock = clock

    async def look(self) -> None:
        """Apply it once. Two processes that did so at once would do no harm."""
        if self._writer.token is not None:
            await asyncio.to_thread(
                apply_retention, self._ledger, self._settings, now_ms=self._clock()
            )
