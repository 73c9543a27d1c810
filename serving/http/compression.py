"""Compression of pages. Answers of the API go as they are: a program beside us would only wait."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.paths import API_PREFIX

LEVEL = 5
"""A list of 68 kB becomes 9 kB; level 9 saves no more of it and takes twice the time."""


class CompressedPages:
    """Middleware that compresses what is not of the API, for browsers that can unpack it."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        is_page = scope["type"] == "http" and not scope["path"].startswith(API_PREFIX)
        await (self._compressed if is_page else self._plain)(scope, receive, send)
