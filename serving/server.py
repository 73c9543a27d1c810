"""The server of one process: starts, says that it is ready, and drains before it ends."""

import ctypes
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import cast

import pyarrow as pa
import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from data.settings import Settings
from serving.app import create_app
from serving.http.connections import (
    MAX_IDLE_SECONDS,
    BoundedProtocol,
    ConnectionLimits,
    ConnectionState,
)

SECONDS_BETWEEN_THREADS = 0.001
"""A call waits no longer than this for a thread that works on a large request."""
LARGE_BLOCK_BYTES = 1_048_576
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Names of `mallopt` of the GNU C library."""
MAX_SECONDS_TO_FINISH = 30
"""Calls under way at the end are given up after that long."""


class DrainingServer(uvicorn.Server):
    """A server that drains for some seconds after SIGTERM; SIGINT, or a second signal, ends it."""

    def __init__(
        self,
        app: FastAPI,
        settings: Settings,
        on_ready: Callable[[], None] = lambda: None,
        *,
        parent: int | None = None,
    ) -> None:
        """Prepare to serve.

        Args:
            app: The application; its `state.drain` says that it drains.
            settings: Log level, and seconds to drain.
            on_ready: Called once calls are answered.
            parent: Id of the process with which this one ends; None where it stands alone.
        """
        limits = ConnectionLimits(settings.max_connections, settings.max_waiting_calls)
        connections = ConnectionState(limits)
        config = uvicorn.Config(
            app,
            http=cast("type[BoundedProtocol]", partial(BoundedProtocol, state=connections)),
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            access_log=False,
            server_header=False,
            log_level=settings.log_level,
            log_config=None if settings.log_format == "json" else LOGGING_CONFIG,
            timeout_keep_alive=MAX_IDLE_SECONDS,
            timeout_graceful_shutdown=MAX_SECONDS_TO_FINISH,
        )
        super().__init__(config)
        self._drain = app.state.drain
        self._drain_seconds = settings.drain_seconds
        self._on_ready = on_ready
        self._ends_at: float | None = None
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and take what was loaded for good out of the garbage collector's rounds."""
        # A start makes millions of objects that stay, and each round looks at all of them.
        gc.freeze()
        gc.set_threshold(20_000, 10, 20)
        await super().startup(sockets)
        gc.collect()
        # An answer is some twenty small objects: by default every thirty-fifth would start a round.
        gc.freeze()
        sys.setswitchinterval(SECONDS_BETWEEN_THREADS)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or end."""
        if sig == signal.SIGTERM and not self._drain.is_draining and self.started:
            self._captured_signals.append(sig)
            self.begin_to_drain()
        else:
            super().handle_exit(sig, frame)

    def begin_to_drain(self) -> None:
        """Answer on for some seconds, then end."""
        self._drain.is_draining = True
        self._ends_at = time.monotonic() + self._drain_seconds

    async def on_tick(self, counter: int) -> bool:
        """End once it has drained, or once the supervisor is gone."""
        is_orphan = self._parent is not None and os.getppid() != self._parent
        if is_orphan and self._ends_at is None:
            self.begin_to_drain()
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            self.should_exit = True
        return await super().on_tick(counter)


def give_back_freed_memory() -> None:
    """Let the C library give back large blocks as soon as they are freed, Arrow's too.

    Left alone it raises its limit with each large array that comes and goes, up to 32 MB, and keeps
    them among small objects. Other C libraries than GNU's are left as they are. Arrow's own
    allocator held 25 MB for the 2 MB of columns that a service learns again every few seconds.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD):
            set_option(option, LARGE_BLOCK_BYTES)


def serve_on(
    listening: socket.socket,
    settings: Settings,
    on_ready: Callable[[], None] = lambda: None,
    *,
    counts_folder: str | None = None,
    parent: int | None = None,
) -> None:
    """Serve on a socket that is bound already, until a signal ends it.

    Args:
        listening: The socket.
        settings: Of the service.
        on_ready: Called once calls are answered.
        counts_folder: Folder in which all workers of one port count; None for a single process.
        parent: Id of the supervisor, with which this process ends; None where it stands alone.
    """
    give_back_freed_memory()
    app = create_app(settings, counts_folder=counts_folder)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after a clean end
        DrainingServer(app, settings, on_ready, parent=parent).run(sockets=[listening])
