"""Teams that an account or a key is bound to: it shows their exceptions alone."""

from collections.abc import Iterable
from dataclasses import replace

import orjson
from sqlalchemy import Connection

from data.domain import BadInputError
from data.ledger.access import Account, ApiKey, bind_api_key, save_account
from data.ledger.action_log import record_action
from serving.caller import Caller

MAX_TEAMS = 100
MAX_TEAM_LENGTH = 255


def stored_teams(names: Iterable[str]) -> str | None:
    """Return teams as they are stored; None where there are none, which binds to nothing.

    Raises:
        BadInputError: They are too many, or a name is too long.

    >>> stored_teams([" fraud", "addresses", "fraud", ""]), stored_teams([])
    ('["addresses","fraud"]', None)
    """
    teams = sorted({name.strip() for name in names} - {""})
    if len(teams) > MAX_TEAMS or any(len(team) > MAX_TEAM_LENGTH for team in teams):
        cure = f"Name at most {MAX_TEAMS} of at most {MAX_TEAM_LENGTH} characters."
        raise BadInputError("the teams", "there are too many, or a name is too long", cure)
    return orjson.dumps(teams).decode() if teams else None


def teams_of(stored: str | None) -> frozenset[str] | None:
    """Return the teams that are stored of an account or a key; None for all.

    >>> sorted(teams_of('["addresses","fraud"]')), teams_of(None)
    (['addresses', 'fraud'], None)
    """
    return None if stored is None else frozenset(orjson.loads(stored))


def bind(
    connection: Connection,
    holder: Account | ApiKey,
    teams: Iterable[str],
    *,
    caller: Caller,
    now_ms: int,
) -> str | None:
    """Bind an account or a key to teams, or to none; return them as they are stored.

    Raises:
        BadInputError: By `stored_teams`.
    """
    stored = stored_teams(teams)
    if holder.teams == stored:
        return stored
    if isinstance(holder, Account):
        kind, name = "account", holder.name
        save_account(connection, replace(holder, teams=stored))
    else:
        kind, name = "key", holder.id
        bind_api_key(connection, holder.id, stored)
    action = caller.action(f"bind {kind}", name, now_ms=now_ms, teams=stored or "all")
    record_action(connection, action)
    return stored
