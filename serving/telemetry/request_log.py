"""Request log: one line for each request, and its id in the answer."""

import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.caller import OPEN, Caller
from serving.http.request_id import REQUEST_ID, REQUEST_ID_HEADER, request_id_of
from serving.telemetry.log_format import REQUESTS

LOG = logging.getLogger(REQUESTS)
NO_ROUTE = "none"


class RequestLog:
    """Middleware that names each request and writes a line once it is answered.

    The line holds the route and not the address: addresses hold ids, and links that sign in.
    """

    def __init__(self, app: ASGIApp, is_degraded: Callable[[], bool]) -> None:
        """Wrap an application.

        Args:
            app: Answers.
            is_degraded: Returns whether the service answers without a model.
        """
        self.app = app
        self._is_degraded = is_degraded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call and log it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"])
        REQUEST_ID.set(request_id)
        header = (REQUEST_ID_HEADER.encode(), request_id.encode())
        began, status = time.perf_counter(), 500

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self.app(scope, receive, with_id)
        finally:
            if LOG.isEnabledFor(logging.INFO):
                self._write(scope, status, time.perf_counter() - began)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        caller: Caller = scope.get("caller", OPEN)
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        fields = {
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1_000, 3),
            "caller": caller.name,
            "credential": caller.credential if "caller" in scope else None,
            "degraded": self._is_degraded(),
        }
        LOG.info("%s %s %d", scope["method"], route, status, extra={"fields": fields})
