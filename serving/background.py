"""Work beside the calls: large requests in a thread of their own, polling for newer versions."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from data.settings import Settings

LOG = logging.getLogger("expedite.background")
REPEAT_BROKEN_AFTER_POLLS = 30
MIN_BYTES_FOR_A_THREAD = 65_536
"""A request of so many bytes takes long enough to be worked on beside the calls of others."""
Version = TypeVar("Version")
Result = TypeVar("Result")
_LARGE_REQUESTS = ThreadPoolExecutor(1, thread_name_prefix="large-requests")


async def run_sized(size: int, work: Callable[[], Result]) -> Result:
    """Do the work of a request of some bytes; that of large ones apart, one after the other."""
    if size < MIN_BYTES_FOR_A_THREAD:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_LARGE_REQUESTS, work)


class BrokenVersion(Generic[Version]):
    """The version that could not be loaded: it is tried again only after some polls."""

    def __init__(self) -> None:
        self._version: Version | None = None
        self._polls = 0

    def is_resting(self, version: Version) -> bool:
        """Count one more poll; return whether this version is broken and not yet due again."""
        self._polls += 1
        return version == self._version and self._polls < REPEAT_BROKEN_AFTER_POLLS

    def refuse(self, version: Version) -> None:
        """Let a version rest."""
        self._version, self._polls = version, 0

    def forget(self) -> None:
        """Let no version rest: another one is in use."""
        self._version = None


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
        self._poll = poll
        self._settings = settings
        self._warning = warning
        self._stopping = threading.Event()
        self._first_look = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, and wait for the first look, but not for ever."""
        self._thread.start()
        if not self._first_look.wait(self._settings.startup_wait_seconds):
            LOG.warning(self._warning)

    def stop(self) -> None:
        """End after the look under way, or without it if that takes long."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._poll()
            self._first_look.set()
            self._stopping.wait(self._settings.poll_seconds)
