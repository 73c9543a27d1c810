"""Forms of the pages of access, and the addresses that they lead to."""

from urllib.parse import parse_qsl

from fastapi import Request

from serving.http.requests import body_of
from serving.service import service_of


async def form_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form; passwords stay as they were typed."""
    body = await body_of(request, service_of(request).settings)
    return dict(parse_qsl(body.decode(errors="replace")))


def own_path(target: str) -> str:
    """Return a path of this service to go to; the work list for anything else.

    >>> own_path("/stock?kind=order"), own_path("//evil.example"), own_path("https://evil.example")
    ('/stock?kind=order', '/', '/')
    """
    is_own = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_own and target.isprintable() else "/"
