"""Connections within limits: slow clients are let go, and what is too much is refused at once.

A request must arrive whole within some seconds. Of too many connections the one that has waited
longest for the rest of its request is closed. Of too many calls that wait for their answer, a
further one is answered with 429 before any work is done, so the others stay fast.
"""

import asyncio
from functools import partial
from typing import Any, NamedTuple

import orjson
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.http.problems import PROBLEM_JSON, problem

MAX_HEADER_SECONDS = 10.0
MAX_BODY_SECONDS = 60.0
RETRY_AFTER_SECONDS = 1
ALWAYS_ANSWERED = (b"/livez", b"/readyz", b"/metrics")
REFUSED = Counter(
    "expedite_refused",
    "Calls and connections that were refused or given up, by why",
    ["reason"],
    registry=None,
)
_TOO_MANY = orjson.dumps(problem(429, "Too many calls wait for an answer. Send it again later."))
_TOO_SLOW = orjson.dumps(problem(408, "The request did not arrive in time. Send it again."))


class ConnectionLimits(NamedTuple):
    """Limits of one process.

    Attributes:
        connections: Open at once.
        calls: Calls that wait for the begin of their answer.
    """

    connections: int
    calls: int


class ConnectionState:
    """State that all connections of one process share.

    Attributes:
        limits: Of the process.
        waiting_calls: Calls whose answer has not begun.
        partial: Connections that wait for the rest of a request, the longest first.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.waiting_calls = 0
        self.partial: dict[BoundedProtocol, None] = {}


class BoundedProtocol(HttpToolsProtocol):
    """HTTP over one connection, within the limits of its process."""

    def __init__(self, *arguments: Any, state: ConnectionState, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._state = state
        self._inner: ASGIApp = self.app
        self._counted: ASGIApp = partial(_counted, self._inner, state)
        self._is_partial = True
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; of too many connections close the slowest."""
        super().connection_made(transport)
        self._wait(MAX_HEADER_SECONDS)
        if len(self.connections) > self._state.limits.connections:
            slowest = next(iter(self._state.partial), self)
            slowest.give_up("connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and the calls on it that were never begun."""
        self._arrived()
        for _, app in self.pipeline:
            self._state.waiting_calls -= app is self._counted
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; wait for the rest of a request only so long."""
        super().data_received(data)
        if self._is_partial and not self.transport.is_closing():
            if self._timer is None:
                self._wait(MAX_HEADER_SECONDS)
        else:
            self._arrived()

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._is_partial = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Let a call in, or refuse it at once."""
        self._arrived()
        state = self._state
        if state.waiting_calls < state.limits.calls:
            state.waiting_calls += 1
            self.app = self._counted
        elif self.url.startswith(ALWAYS_ANSWERED):
            self.app = self._inner
        else:
            REFUSED.labels("calls").inc()
            self.app = _refused
        self._wait(MAX_BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that a request has arrived whole."""
        self._is_partial = False
        super().on_message_complete()

    def give_up(self, reason: str) -> None:
        """Close the connection of a request that does not arrive."""
        self._arrived()
        if self.transport.is_closing():
            return
        REFUSED.labels(reason).inc()
        if self.cycle is None or self.cycle.response_complete:
            length = str(len(_TOO_SLOW)).encode()
            head = b"HTTP/1.1 408 Request Timeout\r\ncontent-type: " + PROBLEM_JSON.encode()
            self.transport.write(
                head
                + b"\r\nconnection: close\r\ncontent-length: "
                + length
                + b"\r\n\r\n"
                + _TOO_SLOW
            )
        self.transport.close()

    def _wait(self, seconds: float) -> None:
        self._state.partial[self] = None
        self._timer = self.loop.call_later(seconds, self.give_up, "slow")

    def _arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._state.partial.pop(self, None)


async def _counted(
    app: ASGIApp, state: ConnectionState, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a call, which counts as waiting until its answer begins."""
    is_waiting = True

    async def begun(message: Message) -> None:
        nonlocal is_waiting
        if is_waiting:
            is_waiting = False
            state.waiting_calls -= 1
        await send(message)

    try:
        await app(scope, receive, begun)
    finally:
        state.waiting_calls -= is_waiting


async def _refused(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(_TOO_MANY)).encode()),
        (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_MANY})
