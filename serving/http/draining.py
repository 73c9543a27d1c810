"""Draining: a process that is about to end lets its callers go without a failed call.

While it drains it answers as ever, but `GET /readyz` says 503, so that a load balancer sends no
more. Each answer closes its connection, so that the caller's next request finds another process.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class DrainState:
    """State of one process.

    Attributes:
        is_draining: True from the signal to end on.
    """

    def __init__(self) -> None:
        self.is_draining = False


class Draining:
    """Middleware that closes the connection of each answer while the process drains."""

    def __init__(self, app: ASGIApp, state: DrainState) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if not self.state.is_draining or scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await self.app(scope, receive, closing)
