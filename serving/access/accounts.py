"""Accounts of people: added, changed, closed; passwords are set by a link that works once."""

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from data.domain import BadInputError, ConflictError, NotFoundError, UnknownChoiceError
from data.ledger.access import (
    Account,
    LoginLink,
    Session,
    account_of,
    account_of_subject,
    accounts,
    add_account,
    add_login_link,
    add_session,
    end_sessions,
    linked_account,
    save_account,
)
from data.ledger.action_log import record_action
from data.ticks import MS_PER_HOUR
from serving.access.tokens import digest, new_token
from serving.caller import AccountRole, Caller
from serving.http.problems import NotAllowedError

LINK_HOURS = 24
FIRST_ACCOUNT = "admin"
MAX_NAME_LENGTH = 120


class LinkedAccount(NamedTuple):
    """An account, and the token of the link by which its person sets a password."""

    account: Account
    token: str


class AccountRights(NamedTuple):
    """Rights of an account: its role, and whether its person may sign in."""

    role: str
    is_active: bool


def plain_name(name: str) -> str:
    """Return the name of an account as it is stored: `Ana` and `ana ` are one person.

    >>> plain_name(" Ana ")
    'ana'
    """
    return " ".join(name.split()).casefold()


def new_account(
    connection: Connection,
    name: str,
    role: str,
    *,
    caller: Caller,
    now_ms: int,
) -> LinkedAccount:
    """Add an account without a password; its person sets one by the link.

    Raises:
        BadInputError: The name is empty or too long.
        UnknownChoiceError: The role is none.
        ConflictError: There is an account of this name.
    """
    name = plain_name(name)
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        cure = f"Take 1 to {MAX_NAME_LENGTH} characters."
        raise BadInputError("the name of the account", f"has {len(name)} characters", cure)
    account = Account(name, _role(role), None, is_active=True, created_at_ms=now_ms)
    add_account(connection, account)
    action = caller.action("new account", name, now_ms=now_ms, role=role)
    record_action(connection, action)
    return LinkedAccount(account, _linked(connection, name, now_ms))


def _role(role: str) -> str:
    try:
        return AccountRole(role).value
    except ValueError:
        raise UnknownChoiceError("role", role, [each.value for each in AccountRole]) from None


def _linked(connection: Connection, name: str, now_ms: int) -> str:
    token = new_token()
    link = LoginLink(digest(token), name, now_ms + LINK_HOURS * MS_PER_HOUR)
    add_login_link(connection, link)
    return token


def new_link(connection: Connection, name: str, *, caller: Caller, now_ms: int) -> LinkedAccount:
    """Let the person of an account set a password anew; the present one counts until then.

    Raises:
        NotFoundError: There is no such account.
    """
    account = account_of(connection, plain_name(name))
    record_action(connection, caller.action("new link", account.name, now_ms=now_ms))
    return LinkedAccount(account, _linked(connection, account.name, now_ms))


def first_account(connection: Connection, *, caller: Caller, now_ms: int) -> LinkedAccount | None:
    """Return the first admin with a link, as long as no admin can sign in; None after that."""
    stored = accounts(connection)
    admins = [a for a in stored if a.role == AccountRole.ADMIN and a.is_active]
    if any(account.password_hash or account.openid_subject for account in admins):
        return None
    if admins:
        return new_link(connection, admins[0].name, caller=caller, now_ms=now_ms)
    return new_account(connection, FIRST_ACCOUNT, AccountRole.ADMIN, caller=caller, now_ms=now_ms)


def change_account(
    connection: Connection,
    name: str,
    rights: AccountRights,
    *,
    caller: Caller,
    now_ms: int,
) -> Account:
    """Change the role of an account, or close it; a closed one is signed out.

    Raises:
        NotFoundError: There is no such account.
        UnknownChoiceError: The role is none.
        ConflictError: Nobody would be left who can change accounts.
    """
    account = account_of(connection, plain_name(name))
    role, is_active = _role(rights.role), rights.is_active
    changed = replace(account, role=role, is_active=is_active)
    others = [a for a in accounts(connection) if a.role == AccountRole.ADMIN and a.is_active]
    stays_admin = is_active and role == AccountRole.ADMIN
    if not stays_admin and all(other.name == account.name for other in others):
        raise ConflictError(name, "it is the last admin", "Make another account admin first.")
    save_account(connection, changed)
    if not is_active:
        end_sessions(connection, account.name)
    action = caller.action(
        "change account" if is_active else "close account",
        account.name,
        now_ms=now_ms,
        role=role,
    )
    record_action(connection, action)
    return changed


def set_password(
    connection: Connection, name: str, password_hash: str, *, caller: Caller, now_ms: int
) -> None:
    """Store the password of an account; all its sessions and links end.

    Raises:
        NotFoundError: There is no such account.
    """
    account = account_of(connection, name)
    save_account(connection, replace(account, password_hash=password_hash))
    end_sessions(connection, account.name)
    record_action(connection, caller.action("set password", account.name, now_ms=now_ms, by=name))


def openid_account(
    connection: Connection,
    subject: str,
    *,
    name: str,
    role: AccountRole,
    caller: Caller,
    now_ms: int,
) -> Account:
    """Return the account of a person whom an identity provider has signed in.

    It is made at the first time. Its role follows the provider each time.

    Raises:
        NotAllowedError: The account is closed, or another person has its name.
    """
    account = account_of_subject(connection, subject)
    if account is None:
        name = plain_name(name)[:MAX_NAME_LENGTH]
        account = Account(
            name, role, None, is_active=True, created_at_ms=now_ms, openid_subject=subject
        )
        try:
            add_account(connection, account)
        except ConflictError:
            raise NotAllowedError(f"There is another account '{name}'. Ask an admin.") from None
        action = caller.action("new account", name, now_ms=now_ms, role=role, by=name)
        record_action(connection, action)
    if not account.is_active:
        raise NotAllowedError("This account is closed. Ask an admin.")
    if account.role != role:
        account = replace(account, role=role.value)
        save_account(connection, account)
        name = account.name
        action = caller.action("change account", name, now_ms=now_ms, role=role, by=name)
        record_action(connection, action)
    return account


def account_of_link(connection: Connection, token: str, *, now_ms: int) -> Account:
    """Return the account of a link.

    Raises:
        NotFoundError: The link was used, is too old, or never was.
    """
    name = linked_account(connection, digest(token), now_ms=now_ms)
    account = None if name is None else account_of(connection, name)
    if account is None or not account.is_active:
        raise NotFoundError("link", "that still counts: ask for a new one")
    return account


def open_session(
    connection: Connection, name: str, *, hours: float, caller: Caller, now_ms: int
) -> str:
    """Sign in an account; return the token of the session."""
    token = new_token()
    until_ms = now_ms + int(hours * MS_PER_HOUR)
    add_session(connection, Session(digest(token), name, now_ms, until_ms))
    record_action(connection, caller.action("sign in", name, now_ms=now_ms, by=name))
    return token
