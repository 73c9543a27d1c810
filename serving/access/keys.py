"""Keys of programs: made, exchanged for new ones, and revoked; each is written into the log."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

from data.domain import BadInputError, ConflictError, UnknownChoiceError
from data.ledger.access import ApiKey, add_api_key, api_key_of, bind_api_key, end_api_key
from data.ledger.action_log import record_action
from data.ledger.intake import new_id
from serving.access.tokens import KEY_PREFIX, digest, new_token
from serving.caller import AccessScope, Caller

MAX_NAME_LENGTH = 120


class IssuedKey(NamedTuple):
    """A new key and its token, which is shown now and never again."""

    key: ApiKey
    token: str


def issue_key(
    connection: Connection,
    name: str,
    scopes: Collection[str],
    *,
    caller: Caller,
    now_ms: int,
    until_ms: int | None = None,
) -> IssuedKey:
    """Make a key.

    Raises:
        BadInputError: It has no name or no scope.
        UnknownChoiceError: A scope is none.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        cure = f"Name the program that uses it, in 1 to {MAX_NAME_LENGTH} characters."
        raise BadInputError("the name of the key", f"has {len(name)} characters", cure)
    words = " ".join(sorted({_scope(word) for word in scopes}))
    if not words:
        raise BadInputError("the scopes of the key", "there are none", "Name at least one.")
    token = new_token(KEY_PREFIX)
    key = ApiKey(
        id=new_id(now_ms, "key"),
        name=name,
        token_sha256=digest(token),
        scopes=words,
        created_at_ms=now_ms,
        until_ms=until_ms,
    )
    add_api_key(connection, key)
    action = caller.action("new key", key.id, now_ms=now_ms, name=name, scopes=words)
    record_action(connection, action)
    return IssuedKey(key, token)


def _scope(word: str) -> str:
    try:
        return AccessScope(word).value
    except ValueError:
        raise UnknownChoiceError("scope", word, [scope.value for scope in AccessScope]) from None


def rotate_key(
    connection: Connection, key_id: str, *, grace_ms: int, caller: Caller, now_ms: int
) -> IssuedKey:
    """Make a key of the same name, scopes and teams; the old one counts for a while longer.

    Raises:
        NotFoundError: There is no such key.
        ConflictError: It does not count any more.
    """
    old = _valid_key(connection, key_id, now_ms)
    issued = issue_key(
        connection,
        old.name,
        old.scopes.split(),
        caller=caller,
        now_ms=now_ms,
        until_ms=old.until_ms,
    )
    bind_api_key(connection, issued.key.id, old.teams)
    end_api_key(connection, key_id, until_ms=now_ms + grace_ms)
    action = caller.action("rotate key", key_id, now_ms=now_ms, new_key=issued.key.id)
    record_action(connection, action)
    return issued


def revoke_key(connection: Connection, key_id: str, *, caller: Caller, now_ms: int) -> None:
    """Let a key count no more, from this moment on.

    Raises:
        NotFoundError: There is no such key.
        ConflictError: It does not count any more.
    """
    key = _valid_key(connection, key_id, now_ms)
    end_api_key(connection, key_id, until_ms=now_ms)
    record_action(connection, caller.action("revoke key", key_id, now_ms=now_ms, name=key.name))


def _valid_key(connection: Connection, key_id: str, now_ms: int) -> ApiKey:
    key = api_key_of(connection, key_id)
    if not key.is_valid(now_ms):
        raise ConflictError(key_id, "it does not count any more", "Make a new key.")
    return key
