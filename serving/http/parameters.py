"""Query parameters without a value: left out, since blank is no value in a body either."""

from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from data.contract.reading import is_blank


class NonBlankParameters:
    """Middleware that leaves out blank query parameters, so that their defaults hold."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the parameters that have a value."""
        if scope["type"] == "http" and (query := scope["query_string"]):
            scope["query_string"] = without_blanks(query)
        await self.app(scope, receive, send)


def without_blanks(query: bytes) -> bytes:
    """Return a query string without its blank parameters.

    >>> without_blanks(b"sku=A%20b&site=&at=2026-03-01T10:00%2B01:00&key=%20")
    b'sku=A+b&at=2026-03-01T10%3A00%2B01%3A00'
    >>> without_blanks(b"sku=A%20b")
    b'sku=A%20b'
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    filled = [(name, value) for name, value in pairs if not is_blank(value)]
    return query if len(filled) == len(pairs) else urlencode(filled).encode()
