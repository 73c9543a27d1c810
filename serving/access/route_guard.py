"""The guard of each route: finds out who calls, and refuses those who may not."""

from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.access.access import Access
from serving.access.route_scopes import scope_of
from serving.access.team_guard import check_teams
from serving.caller import OPEN, SIGNED_IN, AccessScope, Caller
from serving.http.openapi import SESSION_COOKIE
from serving.http.paths import PROGRAM_PATHS
from serving.http.problems import NotAllowedError, NotSignedInError

BEARER = b"bearer "


async def check_caller(request: Request) -> None:
    """Find out who calls a route; go on if they may.

    Raises:
        NotSignedInError, TooManyAttemptsError: By `signed_in`.
        NotAllowedError: The caller has not the scope of the route.
        NotAllowedError, NotFoundError: By `check_teams`.
        HTTPException: It is a person without a session: the answer leads to the login page.
    """
    await check_scope(request.scope, request.scope["route"].path)


class GuardedApp:
    """An application of a plain route, behind the same check."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a caller who may."""
        await check_scope(scope, self._path)
        await self.app(scope, receive, send)


async def check_scope(scope: Scope, path: str) -> None:
    """Check the caller of a request; its scope and the pages get to know them."""
    access: Access = scope["app"].state.access
    needed = scope_of(scope["method"], path)
    address = (scope.get("client") or (None,))[0]
    if access.is_open or needed is None:
        scope["caller"] = replace(OPEN, address=address)
        return
    headers = dict(scope["headers"])
    caller = await signed_in(access, headers, address)
    if caller is None:
        raise _login_needed(scope, headers)
    if needed not in caller.scopes:
        raise NotAllowedError(_refusal(caller, needed))
    scope["caller"] = replace(caller, address=address)
    await check_teams(scope, path, caller)
    SIGNED_IN.set(caller.name)


def _login_needed(scope: Scope, headers: dict[bytes, bytes]) -> Exception:
    """Return the refusal of a call without a session: a person is led to the login page."""
    path, detail = scope["path"], "You are not signed in."
    if path.startswith(PROGRAM_PATHS):
        return NotSignedInError()
    if b"hx-request" in headers:
        return HTTPException(401, detail, {"HX-Redirect": "/login"})
    if scope["method"] != "GET":
        return HTTPException(303, detail, {"Location": "/login"})
    query = scope["query_string"].decode("latin-1")
    target = quote(f"{path}?{query}" if query else path, safe="/")
    return HTTPException(303, detail, {"Location": f"/login?next={target}"})


def _refusal(caller: Caller, needed: AccessScope) -> str:
    scopes = ", ".join(sorted(caller.scopes)) or "none"
    return f"This needs the scope '{needed}'. '{caller.name}' has: {scopes}."


async def signed_in(
    access: Access, headers: dict[bytes, bytes], address: str | None
) -> Caller | None:
    """Return the caller of a key or a session, None without one that counts.

    Raises:
        NotSignedInError: A key was sent that does not count.
        TooManyAttemptsError: Too many such keys came from this address.
    """
    authorization = headers.get(b"authorization", b"")
    if authorization[: len(BEARER)].lower() == BEARER:
        return await _by_key(access, authorization[len(BEARER) :].decode("latin-1"), address)
    token = session_token(headers)
    return None if token is None else await access.credentials.by_session(token)


async def _by_key(access: Access, token: str, address: str | None) -> Caller:
    """Return the caller of a key. One that counts is never refused for the wrong ones of others."""
    caller = await access.credentials.by_key(token)
    if caller is None:
        access.failed_keys.count(address or "unknown")
        raise NotSignedInError
    return caller


def session_token(headers: dict[bytes, bytes]) -> str | None:
    """Return the token of the session's cookie, None if there is none."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    morsel: Any = cookies.get(SESSION_COOKIE)
    return morsel.value if morsel is not None and morsel.value else None
