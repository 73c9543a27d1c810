"""`python -m serving keys`, `accounts` and `actions`: access, at the console beside the ledger."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from data.domain import ExpediteError
from data.ledger.access import account_of, api_key_of, api_keys
from data.ledger.access import accounts as stored_accounts
from data.ledger.action_log import all_actions
from data.ledger.ledger import Ledger
from data.settings import Settings
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from serving.access.accounts import (
    AccountRights,
    change_account,
    new_account,
    new_link,
    plain_name,
)
from serving.access.keys import issue_key, revoke_key, rotate_key
from serving.access.teams import bind, teams_of
from serving.caller import CONSOLE
from serving.clock import clock_from
from serving.wire.formats import rfc3339

Result = TypeVar("Result")


def _commands(text: str) -> typer.Typer:
    return typer.Typer(
        help=text, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )


keys = _commands("Keys of programs that call the service.")
accounts = _commands("Accounts of people who sign in.")
actions = _commands("The log of actions: who did what, and when.")
Id = Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it")]
AccountName = Annotated[str, typer.Argument(help="Name of the person")]
Teams = Annotated[
    list[str] | None,
    typer.Option(help="Name of a team; `none` is for exceptions without one. Repeat it"),
]
RoleName = Annotated[str, typer.Option(help="viewer, operator, lead or admin")]


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    """Open the ledger of the settings; end with the message of an error that people can cure."""
    try:
        ledger = Ledger.open(Settings.read().database_url)
        try:
            yield ledger
        finally:
            ledger.close()
    except ExpediteError as error:
        sys.exit(str(error))


def _changed(change: Callable[[Connection, int], Result]) -> Result:
    """Run one transaction as of the present; return its result."""
    with open_ledger() as ledger:
        clock = clock_from(Settings.read().clock)
        with ledger.writing() as connection:
            return change(connection, clock())


@keys.command("new")
def new_key(
    name: Annotated[str, typer.Argument(help="Name of the program; actions are logged by it")],
    scope: Annotated[list[str], typer.Option(help="score, read, operate, train, admin")],
    days: Annotated[int, typer.Option(min=0, help="Days that it counts; 0 is for ever")] = 0,
) -> None:
    """Make a key. It is shown once: only its SHA-256 is stored."""
    issued = _changed(
        lambda connection, now_ms: issue_key(
            connection,
            name,
            scope,
            caller=CONSOLE,
            now_ms=now_ms,
            until_ms=now_ms + days * MS_PER_DAY if days else None,
        )
    )
    typer.echo(issued.token)


@keys.command("list")
def list_keys() -> None:
    """Print all keys, also those that count no more. The keys themselves are not stored."""
    with open_ledger() as ledger, ledger.reading() as connection:
        stored = api_keys(connection)
    columns = ("id", "name", "scopes", "teams", "made", "counts until")
    rows = [
        (
            key.id,
            key.name,
            key.scopes,
            _team_names(key.teams),
            rfc3339(key.created_at_ms),
            "" if key.until_ms is None else rfc3339(key.until_ms),
        )
        for key in stored
    ]
    _print_table(columns, rows)


@keys.command("rotate")
def rotate(
    key_id: Id,
    grace_hours: Annotated[
        float, typer.Option(min=0, help="Hours that the old key still counts")
    ] = 24.0,
) -> None:
    """Make a key of the same name and scopes, which is shown once; the old one ends later."""
    issued = _changed(
        lambda connection, now_ms: rotate_key(
            connection,
            key_id,
            grace_ms=int(grace_hours * MS_PER_HOUR),
            caller=CONSOLE,
            now_ms=now_ms,
        )
    )
    typer.echo(issued.token)


@keys.command("bind")
def bind_key_to(key_id: Id, team: Teams = None) -> None:
    """Bind a key to teams, whose exceptions alone it reads and changes; none binds to all."""
    stored = _changed(
        lambda connection, now_ms: bind(
            connection,
            api_key_of(connection, key_id),
            team or (),
            caller=CONSOLE,
            now_ms=now_ms,
        )
    )
    typer.echo(f"{key_id}: {_team_names(stored)}")


@keys.command("revoke")
def revoke(key_id: Id) -> None:
    """Let a key count no more. A running service refuses it after a second."""
    _changed(
        lambda connection, now_ms: revoke_key(connection, key_id, caller=CONSOLE, now_ms=now_ms)
    )
    typer.echo(f"{key_id} counts no more.")


@accounts.command("new")
def add(name: AccountName, role: RoleName) -> None:
    """Add an account; print the link by which its person sets a password."""
    linked = _changed(
        lambda connection, now_ms: new_account(
            connection, name, role, caller=CONSOLE, now_ms=now_ms
        )
    )
    typer.echo(f"/login/link/{linked.token}")


@accounts.command("link")
def link(name: AccountName) -> None:
    """Print a link by which the person of an account sets a new password, within a day."""
    linked = _changed(
        lambda connection, now_ms: new_link(connection, name, caller=CONSOLE, now_ms=now_ms)
    )
    typer.echo(f"/login/link/{linked.token}")


@accounts.command("change")
def change(
    name: AccountName,
    role: RoleName,
    *,
    close: Annotated[bool, typer.Option("--close", help="Nobody signs in by it any more")] = False,
) -> None:
    """Change the role of an account, or close it."""
    changed = _changed(
        lambda connection, now_ms: change_account(
            connection,
            name,
            AccountRights(role, is_active=not close),
            caller=CONSOLE,
            now_ms=now_ms,
        )
    )
    typer.echo(f"{changed.name}: {changed.role if changed.is_active else 'closed'}")


@accounts.command("bind")
def bind_account_to(name: AccountName, team: Teams = None) -> None:
    """Bind a viewer or operator to teams, whose exceptions alone they see; none binds to all."""
    stored = _changed(
        lambda connection, now_ms: bind(
            connection,
            account_of(connection, plain_name(name)),
            team or (),
            caller=CONSOLE,
            now_ms=now_ms,
        )
    )
    typer.echo(f"{name}: {_team_names(stored)}")


@accounts.command("list")
def list_accounts() -> None:
    """Print all accounts."""
    with open_ledger() as ledger, ledger.reading() as connection:
        stored = stored_accounts(connection)
    rows = [
        (
            account.name,
            account.role if account.is_active else "closed",
            _team_names(account.teams),
            "set" if account.password_hash else "not set",
        )
        for account in stored
    ]
    _print_table(("name", "role", "teams", "password"), rows)


@actions.command("export")
def export() -> None:
    """Print all actions as JSON, one a line, the oldest first."""
    with open_ledger() as ledger, ledger.reading() as connection:
        for action in all_actions(connection):
            typer.echo(orjson.dumps(asdict(action)))


@actions.callback()
def _actions() -> None:
    """Make `export` a command of its own."""


def _team_names(stored: str | None) -> str:
    """Return the teams of an account or a key, for people."""
    teams = teams_of(stored)
    return "all teams" if teams is None else ", ".join(sorted(teams))


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
