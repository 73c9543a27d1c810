"""Refusals before any route, and headers of every answer.

A page of another site can make a browser call this service. So a call must name a host of ours
(else another name could be pointed at this address), must not come from a page of another site if
it changes something, and must be marked as JSON where JSON is read: a browser marks nothing so
without asking first.
"""

from collections.abc import Iterable
from http import HTTPStatus

from fastapi import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.settings import Settings
from serving.http.paths import API_PREFIX
from serving.http.problems import problem_response

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
HEALTH_PATHS = frozenset({"/livez", "/readyz"})
"""Probes call by an address of their own; these answers tell nothing."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({b"same-origin", b"none"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Headers of an answer that has none of its own of that name."""
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Return the names by which the service may be called, without ports, in lower case.

    They are loopback's, the address that it listens on, and those of the settings.
    """
    named = [name.strip().lower() for name in settings.allowed_hosts.split(",")]
    bound = f"[{settings.host}]" if ":" in settings.host else settings.host
    return LOOPBACK_HOSTS | {name for name in (*named, bound.lower()) if name}


class RequestGuard:
    """Middleware that refuses what no route may see, and completes the headers of all answers."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a call or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_encrypted = scope["scheme"] == "https"

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_security(message["headers"], is_encrypted=is_encrypted)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, send_safely)

    def _refusal(self, scope: Scope) -> Response | None:
        path, method, headers = scope["path"], scope["method"], dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host_name(host) not in self._hosts and path not in HEALTH_PATHS:
            detail = f"'{host}' is no name of this service. EXPEDITE_ALLOWED_HOSTS holds them."
            return problem_response(HTTPStatus.MISDIRECTED_REQUEST, detail)
        if method in SAFE_METHODS:
            return None
        if not is_own_site(headers, host):
            detail = "The call comes from a page of another site."
            return problem_response(HTTPStatus.FORBIDDEN, detail)
        if path.startswith(API_PREFIX) and not is_json_or_none(headers):
            detail = "The body must be JSON and say so: Content-Type: application/json."
            accepts = {"Accept": "application/json"}
            return problem_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, accepts)
        return None


def host_name(host: str) -> str:
    """Return a host without its port.

    >>> host_name("oms.example:8000"), host_name("[::1]:8000"), host_name("[::1]")
    ('oms.example', '[::1]', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def is_own_site(headers: dict[bytes, bytes], host: str) -> bool:
    """Return whether a call comes from a page of this service, or from no page at all.

    Browsers say so in `Sec-Fetch-Site`, older ones and plain HTTP in `Origin`. Programs say
    nothing.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        return site in OWN_SITE
    return origin is None or origin.decode("latin-1").lower().partition("://")[2] == host


def is_json_or_none(headers: dict[bytes, bytes]) -> bool:
    """Return whether a call has a body marked as JSON, or no body and no mark.

    >>> is_json_or_none({b"content-length": b"0"}), is_json_or_none({b"content-length": b"2"})
    (True, False)
    >>> is_json_or_none({b"content-length": b"0", b"content-type": b"text/plain"})
    False
    """
    content_type = headers.get(b"content-type")
    if content_type is None:
        has_length = headers.get(b"content-length", b"0") != b"0"
        return not has_length and b"transfer-encoding" not in headers
    return is_json(content_type)


def is_json(content_type: bytes) -> bool:
    """Return whether a body is marked as JSON.

    >>> is_json(b"application/json; charset=utf-8"), is_json(b"text/plain"), is_json(b"")
    (True, False, False)
    """
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type == b"application/json" or (
        media_type.startswith(b"application/") and media_type.endswith(b"+json")
    )


def with_security(
    headers: Iterable[tuple[bytes, bytes]], *, is_encrypted: bool
) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those of security that it lacks."""
    own = list(headers)
    names = {name for name, _ in own}
    own += [header for header in SECURITY_HEADERS if header[0] not in names]
    return [*own, STRICT_TRANSPORT] if is_encrypted else own
