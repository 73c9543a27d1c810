"""Connections within limits: slow clients are let go.

A request must arrive whole within some seconds, and its answer must be read at some speed. Of too
many connections the one that has waited longest for the rest of its request is closed, else the
one that has been idle longest. `call_limit` refuses calls.
"""

import asyncio
from itertools import chain
from typing import Any, NamedTuple, cast

import orjson
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.http.call_limit import REFUSAL, REFUSED, CallLimit, LimitedCall
from serving.http.problems import PROBLEM_JSON, problem

MAX_HEADER_SECONDS = 10.0
MAX_BODY_SECONDS = 60.0
MAX_IDLE_SECONDS = 75
"""Pools of load balancers hold a connection for 60: closed before, it may fail a call."""
MAX_BYTES_WAITED_FOR = 32_768
"""A larger body is not read whole before its call is let in, or refused."""
MAX_UNREAD_SECONDS = 60.0
"""In this time a client must read some 50 kB of an answer that is longer than its buffers."""
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
        calls: Limit on the calls that wait.
        partial: Connections that wait for the rest of a request, the longest first.
        idle: Connections between two requests, the longest first.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.calls = CallLimit(limits.calls)
        self.partial: dict[BoundedProtocol, None] = {}
        self.idle: dict[BoundedProtocol, None] = {}


class BoundedProtocol(HttpToolsProtocol):
    """HTTP over one connection, within the limits of its process."""

    def __init__(self, *arguments: Any, state: ConnectionState, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._state = state
        self._inner: ASGIApp = self.app
        self._body: list[bytes] | None = None
        self._is_partial = True
        self._timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; of too many connections close the slowest."""
        super().connection_made(transport)
        self._wait(MAX_HEADER_SECONDS)
        if len(self.connections) > self._state.limits.connections:
            others = chain(self._state.partial, self._state.idle)
            slowest = next((other for other in others if other is not self), self)
            slowest.give_up("connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and the calls on it that were never begun."""
        self._arrived()
        self._read_on()
        self._state.idle.pop(self, None)
        for _, call in self.pipeline:
            cast("LimitedCall", call).end()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; wait for the rest of a request only so long."""
        self._state.idle.pop(self, None)
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
        """Begin a call, or wait for its body where that is small."""
        self._arrived()
        self._wait(MAX_BODY_SECONDS)
        if self._is_small():
            self._body = []
        else:
            self._begin(LimitedCall(self._inner, self._state.calls, self.url))

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._body is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Begin the call that has arrived whole, or refuse it."""
        self._is_partial = False
        body, self._body = self._body, None
        if body is not None:
            call = LimitedCall(self._inner, self._state.calls, self.url)
            is_next = self.cycle is None or self.cycle.response_complete
            if call.is_refused and is_next:
                self._refuse()
                return
            if is_next:
                call.begin()
            self._begin(call)
            super().on_body(b"".join(body))
        super().on_message_complete()

    def _is_small(self) -> bool:
        """Return whether the call begins only when its body is there: a slow one takes no turn."""
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"0")
        is_counted = b"transfer-encoding" not in headers and length.isdigit()
        is_held = self.expect_100_continue or b"upgrade" in headers
        return is_counted and int(length) <= MAX_BYTES_WAITED_FOR and not is_held

    def _begin(self, call: LimitedCall) -> None:
        self.app = call
        super().on_headers_complete()

    def _refuse(self) -> None:
        """Answer that there is too much, without making anything for the call."""
        REFUSED.labels("calls").inc()
        self.transport.write(REFUSAL)
        if self.parser is None or not self.parser.should_keep_alive():
            self.transport.close()
            return
        self._state.idle[self] = None
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def on_response_complete(self) -> None:
        """Begin the next call of the connection, or note that it is idle."""
        super().on_response_complete()
        is_idle = self.cycle.response_complete and not self._is_partial
        if is_idle and not self.transport.is_closing():
            self._state.idle[self] = None

    def pause_writing(self) -> None:
        """Wait only so long for the client to read."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(MAX_UNREAD_SECONDS, self._let_go)

    def resume_writing(self) -> None:
        """Note that the client has read."""
        self._read_on()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also where the end of its last answer was not read."""
        if self.transport.get_write_buffer_size():
            self._let_go()
        else:
            super().timeout_keep_alive_handler()

    def give_up(self, reason: str) -> None:
        """Close a connection whose request does not arrive, or that is idle."""
        self._arrived()
        if self.transport.is_closing():
            return
        REFUSED.labels(reason).inc()
        is_answered = self.cycle is None or self.cycle.response_complete
        if is_answered and self not in self._state.idle:
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

    def _let_go(self) -> None:
        """Drop a client that does not read its answer; what it did not read is lost."""
        REFUSED.labels("unread").inc()
        self.transport.abort()

    def _read_on(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _wait(self, seconds: float) -> None:
        self._state.partial[self] = None
        self._timer = self.loop.call_later(seconds, self.give_up, "slow")

    def _arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._state.partial.pop(self, None)
