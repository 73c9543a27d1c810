"""Paths that programs call, all others are pages; and paths that a browser may be led to."""

API_PREFIX = "/v1/"
PROGRAM_PATHS = (API_PREFIX, "/metrics", "/openapi.json")
"""Beginnings of paths."""


def own_path(target: str) -> str:
    """Return a path of this service to go to; the work list for anything else.

    >>> own_path("/stock?kind=order"), own_path("//evil.example"), own_path("https://evil.example")
    ('/stock?kind=order', '/', '/')
    """
    is_own = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_own and target.isprintable() else "/"
