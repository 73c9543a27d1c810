"""Work beside the calls: large requests in a thread of their own, and versions that are broken."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

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
