"""Callers by their tokens: read from the ledger, and again after a second.

So a key that is revoked in one process counts in no other after that second, and a scoring call
costs a look into a dictionary. While the ledger does not answer, what was read last counts on.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from data.ledger.access import ApiKey, account_in, api_key
from data.ledger.ledger import Ledger
from serving.access.teams import teams_of
from serving.access.tokens import digest
from serving.caller import OVERRULING, ROLE_SCOPES, AccessScope, AccountRole, Caller
from serving.clock import Clock

REFRESH_SECONDS = 1.0
MAX_STALE_SECONDS = 3_600.0
MAX_ENTRIES = 10_000
Reader = Callable[[Connection, str, int], Caller | None]


@dataclass
class _Entry:
    caller: Caller
    read_at: float
    checked_at: float


class Credentials:
    """Callers by the tokens of keys and sessions."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    async def by_key(self, token: str) -> Caller | None:
        """Return the caller of a key, None if it does not count."""
        return await self._caller(digest(token), _key_caller)

    async def by_session(self, token: str) -> Caller | None:
        """Return the caller of a session, None if it does not count."""
        return await self._caller(digest(token), _session_caller)

    def forget(self, token: str) -> None:
        """Read a token anew at its next call."""
        self._entries.pop(digest(token), None)

    async def _caller(self, token_sha256: str, read: Reader) -> Caller | None:
        entry, now = self._entries.get(token_sha256), time.monotonic()
        if entry is not None:
            if now - entry.checked_at < REFRESH_SECONDS:
                return entry.caller
            entry.checked_at = now  # calls beside this one go on with what was read
        try:
            caller = await asyncio.to_thread(self._read, token_sha256, read)
        except SQLAlchemyError:
            if entry is not None and now - entry.read_at < MAX_STALE_SECONDS:
                return entry.caller
            raise
        if caller is None:
            self._entries.pop(token_sha256, None)
            return None
        self._entries[token_sha256] = _Entry(caller, now, now)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        return caller

    def _read(self, token_sha256: str, read: Reader) -> Caller | None:
        with self._ledger.reading() as connection:
            return read(connection, token_sha256, self._clock())


def _key_caller(connection: Connection, token_sha256: str, now_ms: int) -> Caller | None:
    key = api_key(connection, token_sha256)
    if key is None or not key.is_valid(now_ms):
        return None
    scopes = scopes_of(key)
    is_admin = AccessScope.ADMIN in scopes
    teams = None if is_admin else teams_of(key.teams)
    return Caller(key.name, "key", scopes, may_overrule=is_admin, teams=teams)


def _session_caller(connection: Connection, token_sha256: str, now_ms: int) -> Caller | None:
    account = account_in(connection, token_sha256, now_ms=now_ms)
    if account is None:
        return None
    role = AccountRole(account.role)
    return Caller(
        name=account.name,
        credential="session",
        scopes=ROLE_SCOPES[role],
        may_overrule=role in OVERRULING,
        teams=None if role in OVERRULING else teams_of(account.teams),
    )


def scopes_of(key: ApiKey) -> frozenset[AccessScope]:
    """Return the scopes of a key."""
    return frozenset(AccessScope(word) for word in key.scopes.split())
