"""`/login/openid`: people sign in at an OpenID Connect provider and come back."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from data.domain import NotFoundError
from serving.access.access import access_of
from serving.access.accounts import open_session, openid_account
from serving.access.login_routes import login_form
from serving.access.openid_connect import OpenIdProvider, ProviderError, SignInState
from serving.access.session_cookie import set_cookie, signed_in_answer
from serving.http.paths import own_path
from serving.http.problems import NotAllowedError
from serving.http.requests import caller_of

router = APIRouter(include_in_schema=False)

SIGN_IN_COOKIE = "expedite_sign_in"
MAX_SECONDS_TO_SIGN_IN = 600
CALLBACK = "/login/openid/callback"
Text = Annotated[str, Query(max_length=4_000)]
BAD_GATEWAY = 502


@router.get("/login/openid")
async def begin(request: Request, next: Text = "/") -> Response:  # noqa: A002 - the name of the parameter
    """Send the browser to the provider; it holds the secrets of this sign-in meanwhile."""
    provider, sign_in = _provider(request), SignInState.new(own_path(next))
    try:
        address = await provider.address(sign_in, _redirect_uri(request))
    except ProviderError as error:
        return login_form(request, sign_in.target, problem=str(error), status=BAD_GATEWAY)
    answer = RedirectResponse(address, 303)
    seconds = MAX_SECONDS_TO_SIGN_IN
    set_cookie(request, answer, SIGN_IN_COOKIE, sign_in.to_text(), seconds=seconds)
    return answer


@router.get(CALLBACK)
async def finish(request: Request, code: Text = "", state: Text = "", error: Text = "") -> Response:
    """Sign in whom the provider sends back; the account is made at the first time."""
    provider, access, caller = _provider(request), access_of(request), caller_of(request)
    sign_in = SignInState.read(request.cookies.get(SIGN_IN_COOKIE, ""))
    if sign_in is None or not secrets.compare_digest(sign_in.state.encode(), state.encode()):
        problem = "This sign-in was not begun in this browser, or too long ago. Begin again."
        return login_form(request, "/", problem=problem, status=403)
    target = own_path(sign_in.target)
    if error or not code:
        problem = "The identity provider did not sign you in."
        return login_form(request, target, problem=problem, status=403)
    try:
        person = await provider.person(code, sign_in, _redirect_uri(request))
    except ProviderError as problem:
        return login_form(request, target, problem=str(problem), status=BAD_GATEWAY)

    def transaction(connection: Connection) -> str:
        now_ms = access.clock()
        account = openid_account(
            connection,
            person.subject,
            name=person.name,
            role=person.role,
            caller=caller,
            now_ms=now_ms,
        )
        hours = access.session_hours
        return open_session(connection, account.name, hours=hours, caller=caller, now_ms=now_ms)

    try:
        token = await access.writer.run(transaction)
    except NotAllowedError as refusal:
        return login_form(request, target, problem=str(refusal), status=403)
    answer = signed_in_answer(request, access, token, target)
    answer.delete_cookie(SIGN_IN_COOKIE, httponly=True, samesite="lax")
    return answer


def _provider(request: Request) -> OpenIdProvider:
    provider = access_of(request).openid
    if provider is None:
        raise NotFoundError("identity provider", "set: EXPEDITE_OPENID_ISSUER is empty")
    return provider


def _redirect_uri(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{CALLBACK}"
