"""Counts and times of all calls, for Prometheus."""

import time

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.stage_times import LATENCY_BUCKETS

CALLS = Counter("expedite_calls", "Calls", ["route", "status"], registry=None)
SECONDS = Histogram(
    "expedite_call_seconds",
    "Time to answer",
    ["route"],
    registry=None,
    buckets=LATENCY_BUCKETS,
)


class Measured:
    """Counts calls by route and status."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watching)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            CALLS.labels(route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)
