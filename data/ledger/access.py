"""Accounts, sessions and API keys: reads and writes inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select, update

from data.domain import ConflictError, NotFoundError
from data.ledger.access_tables import (
    ACCOUNTS,
    API_KEYS,
    FAILED_ATTEMPTS,
    LOGIN_LINKS,
    SESSIONS,
)


@dataclass(frozen=True)
class Account:
    """One person; the fields are those of `data.ledger.access_tables.ACCOUNTS`."""

    name: str
    role: str
    password_hash: str | None
    is_active: bool
    created_at_ms: int
    openid_subject: str | None = None
    teams: str | None = None


@dataclass(frozen=True)
class FailedAttempt:
    """Failed attempts of one subject; the fields are those of `FAILED_ATTEMPTS`."""

    subject: str
    failures: int
    last_at_ms: int


@dataclass(frozen=True)
class Session:
    """One browser in which an account is signed in, by the SHA-256 of its token."""

    token_sha256: str
    account: str
    created_at_ms: int
    until_ms: int


@dataclass(frozen=True)
class LoginLink:
    """A link by which a password is set, once, by the SHA-256 of its token."""

    token_sha256: str
    account: str
    until_ms: int


@dataclass(frozen=True)
class ApiKey:
    """One key of a program; the fields are those of `data.ledger.access_tables.API_KEYS`."""

    id: str
    name: str
    token_sha256: str
    scopes: str
    created_at_ms: int
    until_ms: int | None = None
    teams: str | None = None

    def is_valid(self, now_ms: int) -> bool:
        """Return whether it opens anything at a moment."""
        return self.until_ms is None or now_ms < self.until_ms


def accounts(connection: Connection) -> list[Account]:
    """Return all accounts by name."""
    query = select(ACCOUNTS).order_by(ACCOUNTS.c.name)
    return [Account(**row) for row in connection.execute(query).mappings()]


def has_accounts(connection: Connection) -> bool:
    """Return whether there is any account."""
    return bool(connection.execute(select(func.count()).select_from(ACCOUNTS)).scalar_one())


def account_of(connection: Connection, name: str) -> Account:
    """Return an account, locked until the end of a transaction that writes.

    Raises:
        NotFoundError: There is none of this name.
    """
    query = select(ACCOUNTS).where(ACCOUNTS.c.name == name).with_for_update()
    account = _one_account(connection, query)
    if account is None:
        raise NotFoundError("account", name)
    return account


def _one_account(connection: Connection, query: Select[Any]) -> Account | None:
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Account(**row)


def account_of_subject(connection: Connection, openid_subject: str) -> Account | None:
    """Return the account of a person of an identity provider, None if there is none."""
    query = select(ACCOUNTS).where(ACCOUNTS.c.openid_subject == openid_subject)
    return _one_account(connection, query)


def add_account(connection: Connection, account: Account) -> None:
    """Store a new account.

    Raises:
        ConflictError: There is one of this name.
    """
    query = select(ACCOUNTS.c.name).where(ACCOUNTS.c.name == account.name)
    if connection.execute(query).one_or_none() is not None:
        raise ConflictError(account.name, "there is such an account", "Take another name.")
    connection.execute(insert(ACCOUNTS), [asdict(account)])


def save_account(connection: Connection, account: Account) -> None:
    """Replace an account that is stored."""
    values = asdict(account)
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.name == account.name).values(**values))


def add_session(connection: Connection, session: Session) -> None:
    """Store a session; delete those that are over."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.until_ms <= session.created_at_ms))
    connection.execute(insert(SESSIONS), [asdict(session)])


def account_in(connection: Connection, token_sha256: str, *, now_ms: int) -> Account | None:
    """Return the active account that is signed in by a token; None if there is none."""
    query = select(ACCOUNTS).join(SESSIONS, SESSIONS.c.account == ACCOUNTS.c.name)
    is_valid = (SESSIONS.c.until_ms > now_ms, ACCOUNTS.c.is_active)
    query = query.where(SESSIONS.c.token_sha256 == token_sha256, *is_valid)
    return _one_account(connection, query)


def end_session(connection: Connection, token_sha256: str) -> None:
    """End one session, by the SHA-256 of its token, if it is there."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_sha256 == token_sha256))


def end_sessions(connection: Connection, account: str) -> None:
    """End all sessions of an account, and its links."""
    tables: tuple[Table, ...] = (SESSIONS, LOGIN_LINKS)
    for table in tables:
        connection.execute(delete(table).where(table.c.account == account))


def add_login_link(connection: Connection, link: LoginLink) -> None:
    """Store a link; earlier ones of the account end."""
    connection.execute(delete(LOGIN_LINKS).where(LOGIN_LINKS.c.account == link.account))
    connection.execute(insert(LOGIN_LINKS), [asdict(link)])


def linked_account(connection: Connection, token_sha256: str, *, now_ms: int) -> str | None:
    """Return the account of a link that still counts; None if it does not."""
    columns = LOGIN_LINKS.c
    query = select(columns.account).where(columns.token_sha256 == token_sha256)
    return connection.execute(query.where(columns.until_ms > now_ms)).scalar_one_or_none()


def api_keys(connection: Connection) -> list[ApiKey]:
    """Return all keys, those that ended too, the oldest first."""
    query = select(API_KEYS).order_by(API_KEYS.c.created_at_ms, API_KEYS.c.id)
    return [ApiKey(**row) for row in connection.execute(query).mappings()]


def api_key(connection: Connection, token_sha256: str) -> ApiKey | None:
    """Return the key of a token, None if there is none."""
    query = select(API_KEYS).where(API_KEYS.c.token_sha256 == token_sha256)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else ApiKey(**row)


def api_key_of(connection: Connection, key_id: str) -> ApiKey:
    """Return the key of an id, locked until the end of a transaction that writes.

    Raises:
        NotFoundError: There is none of this id.
    """
    query = select(API_KEYS).where(API_KEYS.c.id == key_id).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("key", key_id)
    return ApiKey(**row)


def add_api_key(connection: Connection, key: ApiKey) -> None:
    """Store a new key."""
    connection.execute(insert(API_KEYS), [asdict(key)])


def bind_api_key(connection: Connection, key_id: str, teams: str | None) -> None:
    """Store the teams whose exceptions alone a key shows; None for all."""
    connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(teams=teams))


def end_api_key(connection: Connection, key_id: str, *, until_ms: int) -> None:
    """Let a key count until a moment, and no longer than before."""
    ends_later = API_KEYS.c.until_ms.is_(None) | (API_KEYS.c.until_ms > until_ms)
    query = update(API_KEYS).where(API_KEYS.c.id == key_id, ends_later)
    connection.execute(query.values(until_ms=until_ms))


def failed_attempts(connection: Connection, subjects: Sequence[str]) -> dict[str, FailedAttempt]:
    """Return the failed attempts of some subjects; one without any is left out."""
    query = select(FAILED_ATTEMPTS).where(FAILED_ATTEMPTS.c.subject.in_(subjects))
    rows = connection.execute(query).mappings()
    return {row["subject"]: FailedAttempt(**row) for row in rows}


def save_failed_attempts(
    connection: Connection, attempts: Sequence[FailedAttempt], *, older_than_ms: int
) -> None:
    """Replace the failed attempts of some subjects; delete all that are older than a moment."""
    subjects = [attempt.subject for attempt in attempts]
    columns = FAILED_ATTEMPTS.c
    replaced = columns.subject.in_(subjects) | (columns.last_at_ms < older_than_ms)
    connection.execute(delete(FAILED_ATTEMPTS).where(replaced))
    stored = [asdict(attempt) for attempt in attempts if attempt.failures]
    if stored:
        connection.execute(insert(FAILED_ATTEMPTS), stored)
