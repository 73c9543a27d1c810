"""Connections within limits: slow clients are let go, and what is too much is refused at once.

A request must arrive whole within some seconds. Of too many connections the one that has waited
longest for the rest of its request is closed. Of too many calls that wait for their answer, a
further one is answered with 429 before any work is done, so the others stay fast. A call counts
from when it has arrived whole: who sends slowly takes nobody's turn.
"""

import asyncio
from typing import Any, NamedTuple, cast

import orjson
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.http.problems import PROBLEM_JSON, problem

MAX_HEADER_SECONDS = 10.0
MAX_BODY_SECONDS = 60.0
RETRY_AFTER_SECONDS = 1
MAX_BYTES_WAITED_FOR = 32_768
"""A larger body is not read whole before its call is let in, or refused."""
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
        self._call: _Call | None = None
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
        if self._call is not None:
            self._call.arrived.set()
        for _, call in self.pipeline:
            cast("_Call", call).end()
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
        """Begin a call; its body may still be on the way."""
        self._arrived()
        self.app = self._call = _Call(self._inner, self._state, self.url, dict(self.headers))
        self._wait(MAX_BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that a request has arrived whole."""
        self._is_partial = False
        if self._call is not None:
            self._call.arrive()
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


class _Call:
    """One call: let in, or refused, when it has arrived; it waits until its answer begins.

    Attributes:
        arrived: Set once the whole request is there, or never will be.
    """

    def __init__(
        self, app: ASGIApp, state: ConnectionState, url: bytes, headers: dict[bytes, bytes]
    ) -> None:
        length = headers.get(b"content-length", b"0")
        is_chunked = b"transfer-encoding" in headers
        self.arrived = asyncio.Event()
        self._app = app
        self._state = state
        self._is_exempt = url.startswith(ALWAYS_ANSWERED)
        self._is_small = not is_chunked and length.isdigit() and int(length) <= MAX_BYTES_WAITED_FOR
        self._is_refused = not self._is_small and self._is_too_much()
        self._is_waiting = False
        self._has_ended = False

    def _is_too_much(self) -> bool:
        too_much = self._state.waiting_calls >= self._state.limits.calls
        return too_much and not self._is_exempt

    def arrive(self) -> None:
        """Note that the whole request is there."""
        if self._is_small:
            self._is_refused = self._is_too_much()
        if not self._is_refused and not self._has_ended:
            self._is_waiting = True
            self._state.waiting_calls += 1
        self.arrived.set()

    def end(self) -> None:
        """Note that the call waits no longer."""
        self._has_ended = True
        self._state.waiting_calls -= self._is_waiting
        self._is_waiting = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the call."""
        if self._is_small:
            await self.arrived.wait()
        if self._is_refused:
            REFUSED.labels("calls").inc()
            await _refused(send)
            return

        async def begun(message: Message) -> None:
            self.end()
            await send(message)

        try:
            await self._app(scope, receive, begun)
        finally:
            self.end()


async def _refused(send: Send) -> None:
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(_TOO_MANY)).encode()),
        (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_MANY})
