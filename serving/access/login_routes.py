"""`/login` and `/account`: people sign in, set a password and sign out."""

import asyncio
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection
from starlette.responses import RedirectResponse

from data.domain import BadInputError, NotFoundError
from data.ledger.access import Account, account_of, end_session
from data.ledger.action_log import record_action
from serving.access.access import Access, access_of
from serving.access.accounts import account_of_link, open_session, plain_name, set_password
from serving.access.attempts import (
    SignInSubjects,
    begin_attempt,
    forgive,
    new_device,
    proven_device,
)
from serving.access.route_guard import session_token
from serving.access.session_cookie import DEVICE_COOKIE, signed_in_answer
from serving.access.tokens import digest, hash_password, is_password
from serving.caller import AccessScope
from serving.http.html import html
from serving.http.openapi import SESSION_COOKIE
from serving.http.paths import own_path
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
    return login_form(request, own_path(next))


@router.post("/login")
async def sign_in(request: Request) -> Response:
    """Sign in by name and password."""
    access, caller = access_of(request), caller_of(request)
    fields = await form_fields(request, service_of(request).settings)
    name, target = plain_name(fields.get("name", "")), own_path(fields.get("next", "/"))
    try:
        attempt = await _attempt(request, access, name)
    except TooManyAttemptsError as error:
        return login_form(request, target, name=name, problem=str(error), status=429)
    is_right = await asyncio.to_thread(
        is_password, attempt.password_hash, fields.get("password", "")
    )
    if not is_right:
        action = caller.action("fail to sign in", name, now_ms=access.clock())
        await access.writer.run(lambda connection: record_action(connection, action))
        return login_form(request, target, name=name, problem=WRONG, status=401)
    return await _signed_in(request, access, name, target, attempt)


class SignInAttempt(NamedTuple):
    """An attempt that may be made.

    Attributes:
        password_hash: Of the open account of the name; None where there is none.
        subjects: Count it.
    """

    password_hash: str | None
    subjects: SignInSubjects


class OpenedSession(NamedTuple):
    """Tokens of a new session, and of the browser that it is in."""

    token: str
    device: str


async def _attempt(request: Request, access: Access, name: str) -> SignInAttempt:
    """Count an attempt to sign in.

    Raises:
        TooManyAttemptsError: It must wait.
    """
    address, device = caller_of(request).address, request.cookies.get(DEVICE_COOKIE)
    account = await asyncio.to_thread(_open_account, request, name)
    password_hash = None if account is None else account.password_hash

    def transaction(connection: Connection) -> SignInAttempt:
        proven = proven_device(connection, name, password_hash, device)
        subjects = SignInSubjects.of(name, address, proven)
        begin_attempt(connection, subjects, now_ms=access.clock())
        return SignInAttempt(password_hash, subjects)

    return await access.writer.run(transaction)


def login_form(
    request: Request, target: str, *, name: str = "", problem: str = "", status: int = 200
) -> Response:
    """Return the form to sign in, with a problem where there is one."""
    provider = access_of(request).openid
    answer = html(
        "access/login.html",
        target=target,
        name=name,
        problem=problem,
        provider=None if provider is None else provider.title,
    )
    answer.status_code = status
    return answer


def _open_account(request: Request, name: str) -> Account | None:
    with service_of(request).ledger.reading() as connection:
        try:
            account = account_of(connection, name)
        except NotFoundError:
            return None
    return account if account.is_active else None


async def _signed_in(
    request: Request,
    access: Access,
    name: str,
    target: str,
    attempt: SignInAttempt | None = None,
) -> Response:
    """Open a session, and forgive the failures before it."""
    caller, now_ms, hours = caller_of(request), access.clock(), access.session_hours

    def transaction(connection: Connection) -> OpenedSession:
        if attempt is not None:
            forgive(connection, attempt.subjects, now_ms=now_ms)
        token = open_session(connection, name, hours=hours, caller=caller, now_ms=now_ms)
        password_hash = account_of(connection, name).password_hash or ""
        return OpenedSession(token, new_device(connection, name, password_hash))

    opened = await access.writer.run(transaction)
    return signed_in_answer(request, access, opened.token, target, device=opened.device)


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
    attempt = await _attempt(request, access, name)
    present = fields.get("present", "")
    if not await asyncio.to_thread(is_password, attempt.password_hash, present):
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
    return await _signed_in(request, access, name, "/account", attempt)


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
