"""HTML answers: no page may run or load anything but what this service serves itself."""

from typing import Annotated, Any

from fastapi import Header, Response

from serving.http.templates import draw


def _policy(styles: str = "", images: str = "") -> str:
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self'{images}; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


HEADERS = {
    "Content-Security-Policy": _policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "HX-Request",
}
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
MAP_STYLE = "'sha256-gG0b4ixT/IQUp7JJLbyKcpYcYDjq2Wp8NGv3f+aasqo='"
CHARTED = HEADERS | {
    "Content-Security-Policy": _policy(f" {EMPTY_STYLE} {MAP_STYLE}", images=" data:")
}
"""Of pages with charts. Plotly adds an empty style element, which it fills by script, and one of
its maps, and tries a picture in a data: address. Nothing else that is inline is let in. The second
hash changes with the version of Plotly; a browser test tells.
"""

ByScript = Annotated[bool, Header(alias="HX-Request")]
"""Whether the page's script asks, for a part of the page; a form of another site can't say so."""


def html(template: str, headers: dict[str, str] | None = None, **values: Any) -> Response:
    """Return a page, or a part of one, as an answer."""
    return Response(
        draw(template, **values), media_type="text/html", headers=HEADERS | (headers or {})
    )
