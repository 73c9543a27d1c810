"""Limit on calls that wait for their answer: a further one is answered with 429 before any work.

The limit follows the delay of the event loop (additive increase, multiplicative decrease). A burst
on an idle process is let in whole. Where calls come faster than they are answered, fewer may wait,
so those that are let in stay fast. A call counts from when it has arrived whole: who sends slowly
takes nobody's turn.
"""

import time

import orjson
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.problems import PROBLEM_JSON, problem
from serving.http.request_guard import SECURITY_HEADERS

RETRY_AFTER_SECONDS = 1
MAX_LOOP_DELAY_SECONDS = 0.02
"""A longer wait for a turn in the event loop lowers the limit: ten calls of scoring."""
DECREASE = 0.8
MIN_WAITING_CALLS = 16
"""The limit goes no lower. At 4, and 3 ms of delay, a busy machine refused a quarter of the calls
that came at a third of what the service can do: who waits 30 ms is served better than who is
refused."""
GROWTH_A_CALL = 1 / 16
"""The limit grows by so much with each call that gets its turn soon."""
ALWAYS_ANSWERED = (b"/livez", b"/readyz", b"/metrics")
REFUSED = Counter(
    "expedite_refused",
    "Calls and connections that were refused or given up, by why",
    ["reason"],
    registry=None,
)
_TOO_MANY = orjson.dumps(problem(429, "Too many calls wait for an answer. Send it again later."))
_HEADERS = [
    (b"content-type", PROBLEM_JSON.encode()),
    (b"content-length", str(len(_TOO_MANY)).encode()),
    (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
    *SECURITY_HEADERS,
]
REFUSAL = b"".join(
    (
        b"HTTP/1.1 429 Too Many Requests\r\n",
        *(name + b": " + value + b"\r\n" for name, value in _HEADERS),
        b"\r\n",
        _TOO_MANY,
    )
)
"""Whole answer to a call that is refused before anything is made for it."""


class CallLimit:
    """Limit of one process.

    Attributes:
        waiting: Calls whose answer has not begun.
    """

    def __init__(self, max_waiting: int) -> None:
        self.waiting = 0
        self._max = max_waiting
        self._min = min(MIN_WAITING_CALLS, max_waiting)
        self._allowed = float(max_waiting)

    @property
    def is_reached(self) -> bool:
        """Return whether a further call is too much."""
        return self.waiting >= int(self._allowed)

    def note_delay(self, seconds: float) -> None:
        """Move the limit by the time that a call waited for its turn in the event loop."""
        if seconds > MAX_LOOP_DELAY_SECONDS:
            self._allowed = max(self._min, self._allowed * DECREASE)
        else:
            self._allowed = min(self._max, self._allowed + GROWTH_A_CALL)


class LimitedCall:
    """One call: let in, or refused; it waits until its answer begins.

    Attributes:
        is_refused: Whether it is one too many.
    """

    def __init__(self, app: ASGIApp, limit: CallLimit, url: bytes) -> None:
        self._app = app
        self._limit = limit
        self.is_refused = limit.is_reached and not url.startswith(ALWAYS_ANSWERED)
        self._is_waiting = not self.is_refused
        self._let_in_at: float | None = None
        limit.waiting += self._is_waiting

    def begin(self) -> None:
        """Note that nothing but the event loop holds the call up."""
        self._let_in_at = time.monotonic()

    def end(self) -> None:
        """Note that the call waits no longer."""
        self._limit.waiting -= self._is_waiting
        self._is_waiting = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the call."""
        if self._let_in_at is not None:
            self._limit.note_delay(time.monotonic() - self._let_in_at)
        if self.is_refused:
            REFUSED.labels("calls").inc()
            await send({"type": "http.response.start", "status": 429, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": _TOO_MANY})
            return

        async def begun(message: Message) -> None:
            self.end()
            await send(message)

        try:
            await self._app(scope, receive, begun)
        finally:
            self.end()
