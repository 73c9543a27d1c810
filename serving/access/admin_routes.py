"""`/access`: accounts and keys, for an admin. `/actions`: the log of actions, also over the API."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from data.ledger.access import accounts, api_keys
from data.ledger.action_log import ROWS_AT_ONCE, all_actions, latest_actions
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from serving.access.access import access_of
from serving.access.accounts import AccountRights, change_account, new_account, new_link
from serving.access.keys import issue_key, revoke_key, rotate_key
from serving.access.teams import bind, teams_of
from serving.caller import AccessScope, AccountRole
from serving.http.html import html
from serving.http.requests import caller_of, form_fields
from serving.http.streaming import NDJSON
from serving.service import service_of
from serving.wire.formats import rfc3339

router = APIRouter(include_in_schema=False)

GRACE_HOURS = 24
ACTIONS_A_PAGE = 100


@router.get("/access")
async def page(request: Request) -> Response:
    """Show accounts and keys."""
    return await asyncio.to_thread(_page, request)


def _page(request: Request, secret: str = "", secret_of: str = "") -> Response:
    """Draw the page; a new key or link is shown on it this once."""
    now_ms = access_of(request).clock()
    with service_of(request).ledger.reading() as connection:
        stored, keys = accounts(connection), api_keys(connection)
    return html(
        "access/access.html",
        accounts=[asdict(account) | {"teams": _words(account.teams)} for account in stored],
        keys=[
            {
                "id": key.id,
                "name": key.name,
                "scopes": key.scopes,
                "teams": _words(key.teams),
                "until": None if key.until_ms is None else rfc3339(key.until_ms),
                "is_valid": key.is_valid(now_ms),
            }
            for key in keys
        ],
        roles=[role.value for role in AccountRole],
        scopes=[scope.value for scope in AccessScope],
        secret=secret,
        secret_of=secret_of,
    )


def _words(stored: str | None) -> str:
    return ", ".join(sorted(teams_of(stored) or ()))


async def _changed(
    request: Request, change: Callable[[Connection, int], str], secret_of: str = ""
) -> Response:
    """Run a change in one transaction; show the page, with the secret that it made."""
    access = access_of(request)
    secret = await access.writer.run(lambda connection: change(connection, access.clock()))
    return await asyncio.to_thread(_page, request, secret, secret_of)


def _link(request: Request, token: str) -> str:
    return f"{str(request.base_url).rstrip('/')}/login/link/{token}"


@router.post("/access/accounts")
async def add_account(request: Request) -> Response:
    """Add an account; show the link for its person."""
    fields = await form_fields(request, service_of(request).settings)
    caller = caller_of(request)
    name, role = fields.get("name", "").strip(), fields.get("role", "")

    def change(connection: Connection, now_ms: int) -> str:
        linked = new_account(connection, name, role, caller=caller, now_ms=now_ms)
        return _link(request, linked.token)

    return await _changed(request, change, f"the link for {name}")


@router.post("/access/accounts/{name}/link")
async def add_link(request: Request, name: str) -> Response:
    """Make a link by which the person of an account sets another password."""
    caller = caller_of(request)

    def change(connection: Connection, now_ms: int) -> str:
        linked = new_link(connection, name, caller=caller, now_ms=now_ms)
        return _link(request, linked.token)

    return await _changed(request, change, f"the link for {name}")


@router.post("/access/accounts/{name}/change")
async def change_rights(request: Request, name: str) -> Response:
    """Change the role and the teams of an account; close or open it."""
    fields = await form_fields(request, service_of(request).settings)
    caller = caller_of(request)
    teams = fields.get("teams", "").split(",")
    rights = AccountRights(fields.get("role", ""), is_active=fields.get("is_open") == "yes")

    def change(connection: Connection, now_ms: int) -> str:
        account = change_account(connection, name, rights, caller=caller, now_ms=now_ms)
        bind(connection, account, teams, caller=caller, now_ms=now_ms)
        return ""

    return await _changed(request, change)


@router.post("/access/keys")
async def add_key(request: Request) -> Response:
    """Make a key; show it this once."""
    fields = await form_fields(request, service_of(request).settings)
    caller = caller_of(request)
    name, days = fields.get("name", ""), fields.get("days", "").strip()
    teams = fields.get("teams", "").split(",")
    scopes = [scope.value for scope in AccessScope if fields.get(f"scope_{scope}")]
    lasting_ms = int(days) * MS_PER_DAY if days.isdigit() and int(days) < 100_000 else None

    def change(connection: Connection, now_ms: int) -> str:
        issued = issue_key(
            connection,
            name,
            scopes,
            caller=caller,
            now_ms=now_ms,
            until_ms=None if not lasting_ms else now_ms + lasting_ms,
        )
        bind(connection, issued.key, teams, caller=caller, now_ms=now_ms)
        return issued.token

    return await _changed(request, change, f"the key of {name}")


@router.post("/access/keys/{key_id}/rotate")
async def rotate(request: Request, key_id: str) -> Response:
    """Exchange a key; the old one counts for a day."""
    caller = caller_of(request)

    def change(connection: Connection, now_ms: int) -> str:
        grace_ms = GRACE_HOURS * MS_PER_HOUR
        issued = rotate_key(connection, key_id, grace_ms=grace_ms, caller=caller, now_ms=now_ms)
        return issued.token

    return await _changed(request, change, "the new key")


@router.post("/access/keys/{key_id}/revoke")
async def revoke(request: Request, key_id: str) -> Response:
    """Let a key count no more."""
    caller = caller_of(request)

    def change(connection: Connection, now_ms: int) -> str:
        revoke_key(connection, key_id, caller=caller, now_ms=now_ms)
        return ""

    return await _changed(request, change)


@router.get("/actions")
async def actions(
    request: Request, before: Annotated[int | None, Query(ge=1, lt=2**62)] = None
) -> Response:
    """Show the newest actions, or those before one."""
    return await asyncio.to_thread(_actions_page, request, before)


def _actions_page(request: Request, before: int | None) -> Response:
    with service_of(request).ledger.reading() as connection:
        rows = latest_actions(connection, ACTIONS_A_PAGE, before_seq=before)
    shown = [asdict(row) | {"at": rfc3339(row.known_at_ms)} for row in rows]
    is_full = len(rows) == ACTIONS_A_PAGE
    return html("access/actions.html", actions=shown, older=rows[-1].seq if is_full else None)


@router.get("/v1/actions")
async def export(request: Request) -> Response:
    """Send all actions as JSON, one a line, the oldest first."""
    return StreamingResponse(_lines(request), media_type=NDJSON)


def _lines(request: Request) -> Iterator[bytes]:
    lines: list[bytes] = []
    with service_of(request).ledger.reading() as connection:
        for row in all_actions(connection):
            shape: dict[str, Any] = asdict(row) | {"at": rfc3339(row.known_at_ms)}
            lines.append(orjson.dumps(shape, option=orjson.OPT_APPEND_NEWLINE))
            if len(lines) == ROWS_AT_ONCE:
                yield b"".join(lines)
                lines.clear()
    yield b"".join(lines)
