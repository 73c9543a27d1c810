"""The service in this process, called without a socket: what crashes it is raised here."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

from fastapi import FastAPI

Headers = Sequence[tuple[bytes, bytes]]
DEFAULT_HEADERS = ((b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json"))
"""Headers of a call that names no others; of two of one name the last counts."""


class Call(NamedTuple):
    """One request, as a server would hand it on.

    Attributes:
        method: Of HTTP.
        path: Percent-encoded.
        query: Percent-encoded.
        headers: Names in lower case.
        body: Bytes.
        hangs_up: The caller leaves before its body was sent whole.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    hangs_up: bool = False


class Reply(NamedTuple):
    """One answer: status, kind and content."""

    status: int
    media_type: str
    body: bytes


class InProcess:
    """A started application."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    @classmethod
    @asynccontextmanager
    async def started(cls, app: FastAPI) -> AsyncIterator[Self]:
        """Start an application, and stop it at the end."""
        async with app.router.lifespan_context(app):
            yield cls(app)

    async def send(self, call: Call) -> Reply:
        """Send one request; whatever the application raises is raised here."""
        sent = [{"type": "http.request", "body": call.body, "more_body": call.hangs_up}]
        parts: list[bytes] = []
        start: dict[str, Any] = {"status": 0, "headers": []}

        async def receive() -> dict[str, Any]:
            if sent:
                return sent.pop()
            if not call.hangs_up:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(_scope(call), receive, send)
        headers, body = dict(start["headers"]), b"".join(parts)
        if headers.get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        return Reply(start["status"], headers.get(b"content-type", b"").decode(), body)


def _scope(call: Call) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": unquote(call.path),
        "raw_path": call.path.encode(),
        "query_string": call.query.encode(),
        "root_path": "",
        "headers": [*DEFAULT_HEADERS, *call.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
