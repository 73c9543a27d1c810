"""Work in the background: threads and tasks that look again and again, and survive any failure.

A look that fails is recorded, logged and tried again, later each time. A thread or a task that
ended, or is stuck, is started again. `/v1/health`, `/readyz` and `/metrics` show all records.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from data.domain import LeaseLostError
from data.settings import Settings

LOG = logging.getLogger("expedite.background")
MAX_LOOK_SECONDS = 600.0
"""A look that takes longer is stuck; a large champion takes minutes to load."""
MAX_DOUBLINGS = 4
"""Failures in a row double the wait up to sixteen times."""


class LookRecord:
    """Record of the looks of one poller, or of the transactions of the writer.

    Attributes:
        name: Of the poller.
        failures: Failed looks, and ends of its thread or task, since the start.
        failures_in_row: Failed looks since the last success.
        failure: Error of the last look; None where it succeeded.
        succeeded_at: Seconds since 1970 of the last success; 0 before the first.
    """

    def __init__(self, name: str, max_doublings: int = MAX_DOUBLINGS) -> None:
        self.name = name
        self.failures = 0
        self._max_doublings = max_doublings
        self.failures_in_row = 0
        self.failure: str | None = None
        self.succeeded_at = 0.0
        self._began: float | None = None

    @property
    def problem(self) -> str | None:
        """Problem of the last look, None where it succeeded, or where none has ended yet."""
        if self.is_stuck:
            return f"stuck for more than {MAX_LOOK_SECONDS:.0f} s"
        return self.failure

    @property
    def is_stuck(self) -> bool:
        """Return whether the look under way takes too long."""
        began = self._began
        return began is not None and time.monotonic() - began > MAX_LOOK_SECONDS

    def note(self, error: BaseException | None) -> None:
        """Record the end of a look; None is a success."""
        if error is None:
            self.failure, self.failures_in_row, self.succeeded_at = None, 0, time.time()
        else:
            self.fail(f"{type(error).__name__}: {error}")

    def fail(self, failure: str) -> None:
        """Record a failure."""
        self.failures += 1
        self.failures_in_row += 1
        self.failure = failure

    def seconds_to_wait(self, seconds: float) -> float:
        """Return the wait until the next look: twice as long after each failure in a row."""
        return seconds * 2 ** min(self.failures_in_row, self._max_doublings)

    @contextmanager
    def look(self, is_cancelled: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Record one look; let no error out but a cancellation."""
        self._began = time.monotonic()
        try:
            yield
        except LeaseLostError as error:  # another process does this work now: nothing is wrong
            LOG.info("%s", error)
        except BaseException as error:  # whatever it is, it must not end the thread or the loop
            if is_cancelled():
                raise
            self.note(error)
            self._log(error)
        else:
            self.note(None)
        finally:
            self._began = None

    def _log(self, error: BaseException) -> None:
        if self.failures_in_row == 1:
            LOG.error("%s failed; it is tried again", self.name, exc_info=error)
        else:
            LOG.error("%s failed again (%d): %s", self.name, self.failures_in_row, self.failure)


class Poller(Protocol):
    """Thread or task that looks again and again.

    Attributes:
        record: Of its looks.
    """

    record: LookRecord

    def begin(self) -> None:
        """Start to look, anew where it ended."""
        ...

    def needs_restart(self) -> bool:
        """Return whether it has ended, or is stuck and can be stopped."""
        ...


class PollingThread:
    """A thread that polls until it is stopped."""

    def __init__(
        self, name: str, poll: Callable[[], object], settings: Settings, *, warning: str
    ) -> None:
        """Prepare the thread; nothing runs before `start`.

        Args:
            name: Of the thread.
            poll: Looks once.
            settings: Seconds between two looks, and seconds to wait for the first.
            warning: Line for the log where the first look takes longer than that.
        """
        self.record = LookRecord(name)
        self._poll = poll
        self._settings = settings
        self._warning = warning
        self._stopping = threading.Event()
        self._first_look = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, and wait for the first look, but not for ever."""
        self.begin()
        if not self._first_look.wait(self._settings.startup_wait_seconds):
            LOG.warning(self._warning)

    def begin(self) -> None:
        """Start a thread."""
        self._thread = threading.Thread(target=self._run, name=self.record.name, daemon=True)
        self._thread.start()

    def needs_restart(self) -> bool:
        """Return whether the thread has ended. One that is stuck can't be stopped."""
        return self._thread is not None and not self._thread.is_alive()

    def stop(self) -> None:
        """End after the look under way, or without it if that takes long."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self.record.look():
                self._poll()
            self._first_look.set()
            self._stopping.wait(self.record.seconds_to_wait(self._settings.poll_seconds))


class PollingTask:
    """A task of the event loop that polls until it is stopped."""

    def __init__(
        self,
        name: str,
        look: Callable[[], Awaitable[object]],
        *,
        seconds_between: float,
        max_doublings: int = MAX_DOUBLINGS,
    ) -> None:
        """Prepare the task; nothing runs before `begin`.

        Args:
            name: Of the task.
            look: Looks once.
            seconds_between: Wait between two looks.
            max_doublings: How often failures in a row double it.
        """
        self.record = LookRecord(name, max_doublings)
        self._look = look
        self._seconds_between = seconds_between
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start a task in the running loop; one that is stuck is cancelled first."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._run(), name=self.record.name)

    def needs_restart(self) -> bool:
        """Return whether the task has ended or is stuck."""
        return self._task is not None and (self._task.done() or self.record.is_stuck)

    async def stop(self) -> None:
        """Cancel the task, and wait for its end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with self.record.look(_is_cancelled):
                await self._look()
            await asyncio.sleep(self.record.seconds_to_wait(self._seconds_between))


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Background:
    """All pollers of a service, and one more that starts again those that ended.

    Attributes:
        records: Of the looks of each poller, and of the ledger's writer.
    """

    def __init__(
        self,
        threads: Sequence[PollingThread],
        tasks: Sequence[PollingTask],
        *,
        writer: LookRecord,
        seconds_between: float,
    ) -> None:
        """Prepare the pollers; nothing runs before `start_threads` and `start_tasks`."""
        self._threads, self._tasks = threads, tasks
        self._revival = PollingTask("background", self.revive, seconds_between=seconds_between)
        pollers: list[Poller] = [*threads, *tasks, self._revival]
        self._pollers = pollers
        self.records = [*(poller.record for poller in pollers), writer]

    def start_threads(self) -> None:
        """Start the threads; wait for the first look of each, but not for ever."""
        for thread in self._threads:
            thread.start()

    def start_tasks(self) -> None:
        """Start the tasks in the running loop."""
        for task in (*self._tasks, self._revival):
            task.begin()

    async def stop(self) -> None:
        """Stop all."""
        for task in (self._revival, *self._tasks):
            await task.stop()
        for thread in self._threads:
            await asyncio.to_thread(thread.stop)

    async def revive(self) -> None:
        """Start again each poller that ended or is stuck."""
        for poller in (*self._threads, *self._tasks):
            if poller.needs_restart():
                poller.record.fail("it ended or was stuck, and was started again")
                LOG.error("%s ended or was stuck: it is started again", poller.record.name)
                poller.begin()

    def problems(self) -> dict[str, str | None]:
        """Return the problem of each poller by its name; None where there is none."""
        problems = {record.name: record.problem for record in self.records}
        ended = [poller.record.name for poller in self._pollers if poller.needs_restart()]
        return problems | dict.fromkeys(ended, "it ended")
