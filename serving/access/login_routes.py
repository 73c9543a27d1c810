"""`/login` and `/account`: people sign in, set a password and sign out."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from data.domain import BadInputError, NotFoundError
from data.ledger.access import Account, account_of, end_session
from data.ledger.action_log import record_action
from serving.access.access import Access, access_of
from serving.access.accounts import account_of_link, open_session, plain_name, set_password
from serving.access.attempts import FAILED_LOGINS
from serving.access.route_guard import session_token
from serving.access.tokens import digest, hash_password, is_password
from serving.caller import AccessScope
from serving.http.html import html
from serving.http.openapi import SESSION_COOKIE
from serving.http.problems import TooManyAttemptsError
from serving.http.requests import caller_of, form_fields
from serving.service import service_of

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=200)]
WRONG = "The name or the password is wrong."


@router.get("/login")
async def login(request: Request, next: Annotated[str, Query(max_length=2_000)] = "/") -> Response:  # noqa: A002 - the name of the parameter
    """Show the form; where access is open nobody needs it."""
    if access_of(request).is_open:
        return RedirectResponse("/", 303)
    return _login_form(own_path(next))


@router.post("/login")
async def sign_in(request: Request) -> Response:
    """Sign in by name and password."""
    access, caller = access_of(request), caller_of(request)
    fields = await form_fields(request, service_of(request).settings)
    name, target = plain_name(fields.get("name", "")), own_path(fields.get("next", "/"))
    subjects = (f"name {name}", f"address {caller.address}")
    try:
        access.attempts.check(FAILED_LOGINS, *subjects)
    except TooManyAttemptsError as error:
        return _login_form(target, name, str(error), 429)
    account = await asyncio.to_thread(_open_account, request, name)
    stored = None if account is None else account.password_hash
    is_right = await asyncio.to_thread(is_password, stored, fields.get("password", ""))
    now_ms = access.clock()
    if account is None or not is_right:
        access.attempts.count(FAILED_LOGINS, *subjects)
        action = caller.action("fail to sign in", name, now_ms=now_ms)
        await access.writer.run(lambda connection: record_action(connection, action))
        return _login_form(target, name, WRONG, 401)
    return await _signed_in(request, access, account.name, target)


def _login_form(target: str, name: str = "", problem: str = "", status: int = 200) -> Response:
    answer = html("access/login.html", target=target, name=name, problem=problem)
    answer.status_code = status
    return answer


def _open_account(request: Request, name: str) -> Account | None:
    with service_of(request).ledger.reading() as connection:
        try:
            account = account_of(connection, name)
        except NotFoundError:
            return None
    return account if account.is_active else None


async def _signed_in(request: Request, access: Access, name: str, target: str) -> Response:
    """Open a session; its token lies in a cookie that no script reads."""
    caller, now_ms = caller_of(request), access.clock()

    def transaction(connection: Connection) -> str:
        hours = access.session_hours
        return open_session(connection, name, hours=hours, caller=caller, now_ms=now_ms)

    token = await access.writer.run(transaction)
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(access.session_hours * 3_600),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.get("/login/link/{token}")
async def link(request: Request, token: Token) -> Response:
    """Show the form to set a password; the link counts until it is sent."""
    return await asyncio.to_thread(_link_form, request, token)


def _link_form(request: Request, token: str, problem: str = "") -> Response:
    access = access_of(request)
    with service_of(request).ledger.reading() as connection:
        account = account_of_link(connection, token, now_ms=access.clock())
    answer = html("access/password.html", name=account.name, action=None, problem=problem)
    answer.status_code = 422 if problem else 200
    return answer


@router.post("/login/link/{token}")
async def set_first_password(request: Request, token: Token) -> Response:
    """Set the password, once, and sign in."""
    access, caller = access_of(request), caller_of(request)
    fields = await form_fields(request, service_of(request).settings)
    try:
        password_hash = await asyncio.to_thread(hash_password, fields.get("password", ""))
    except BadInputError as error:
        return await asyncio.to_thread(_link_form, request, token, str(error))

    def transaction(connection: Connection) -> str:
        now_ms = access.clock()
        name = account_of_link(connection, token, now_ms=now_ms).name
        set_password(connection, name, password_hash, caller=caller, now_ms=now_ms)
        return name

    name = await access.writer.run(transaction)
    return await _signed_in(request, access, name, "/")


@router.get("/account")
async def account(request: Request) -> Response:
    """Show who is signed in, with the ways to another password and out."""
    return _account_page(request)


def _account_page(request: Request, problem: str = "") -> Response:
    caller = caller_of(request)
    answer = html(
        "access/account.html",
        name=caller.name,
        is_admin=AccessScope.ADMIN in caller.scopes,
        is_person=caller.credential == "session",
        problem=problem,
    )
    answer.status_code = 422 if problem else 200
    return answer


@router.post("/account/password")
async def change_password(request: Request) -> Response:
    """Set another password by the present one; all other sessions end."""
    access, caller = access_of(request), caller_of(request)
    fields = await form_fields(request, service_of(request).settings)
    if caller.credential != "session" or caller.name is None:
        return _account_page(request, "Only a person who is signed in has a password.")
    name = caller.name
    subjects = (f"name {name}", f"address {caller.address}")
    access.attempts.check(FAILED_LOGINS, *subjects)
    stored = await asyncio.to_thread(_open_account, request, name)
    present = None if stored is None else stored.password_hash
    if not await asyncio.to_thread(is_password, present, fields.get("present", "")):
        access.attempts.count(FAILED_LOGINS, *subjects)
        return _account_page(request, "The present password is wrong.")
    try:
        password_hash = await asyncio.to_thread(hash_password, fields.get("password", ""))
    except BadInputError as error:
        return _account_page(request, str(error))
    await access.writer.run(
        lambda connection: set_password(
            connection, name, password_hash, caller=caller, now_ms=access.clock()
        )
    )
    return await _signed_in(request, access, name, "/account")


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    """End the session of this browser."""
    access, caller = access_of(request), caller_of(request)
    token = session_token(dict(request.scope["headers"]))
    if token is not None:
        action = caller.action("sign out", caller.name, now_ms=access.clock())

        def transaction(connection: Connection) -> None:
            end_session(connection, digest(token))
            record_action(connection, action)

        await access.writer.run(transaction)
        access.credentials.forget(token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return answer


def own_path(target: str) -> str:
    """Return a path of this service to go to; the work list for anything else.

    >>> own_path("/stock?kind=order"), own_path("//evil.example"), own_path("https://evil.example")
    ('/stock?kind=order', '/', '/')
    """
    is_own = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_own and target.isprintable() else "/"
