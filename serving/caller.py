"""The caller of a request: an account, a key, or somebody unknown where access is open."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

import orjson

from data.ledger.action_log import Action


class AccessScope(StrEnum):
    """A kind of call that a key or a role may make."""

    READ = "read"
    SCORE = "score"
    OPERATE = "operate"
    TRAIN = "train"
    ADMIN = "admin"


class AccountRole(StrEnum):
    """Duties of the person of an account; each role may do more than the one before."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    LEAD = "lead"
    ADMIN = "admin"


ROLE_SCOPES: dict[AccountRole, frozenset[AccessScope]] = {
    AccountRole.VIEWER: frozenset({AccessScope.READ}),
    AccountRole.OPERATOR: frozenset({AccessScope.READ, AccessScope.SCORE, AccessScope.OPERATE}),
    AccountRole.LEAD: frozenset(set(AccessScope) - {AccessScope.ADMIN}),
    AccountRole.ADMIN: frozenset(AccessScope),
}
OVERRULING = frozenset({AccountRole.LEAD, AccountRole.ADMIN})
"""Roles that may resolve what somebody else has claimed."""


@dataclass(frozen=True)
class Caller:
    """Name of who calls, and what they may do.

    Attributes:
        name: Of the account or the key; None where access is open.
        credential: How the name is proven: `session`, `key`, or `open` (not at all).
        scopes: Calls that may be made.
        may_overrule: Whether a claim of somebody else is no obstacle.
        address: Network address; None where it is not known.
        teams: Teams whose exceptions alone the caller sees; None for all.
    """

    name: str | None
    credential: str
    scopes: frozenset[AccessScope]
    may_overrule: bool = False
    address: str | None = None
    teams: frozenset[str] | None = None

    def action(
        self, name: str, subject: str | None, /, *, now_ms: int, by: str | None = None, **body: str
    ) -> Action:
        """Return an action of this caller for the log.

        Args:
            name: Of the action.
            subject: Id or name of what it is done to.
            now_ms: The present.
            by: Name that the call states; it counts where no other is proven.
            body: More about it.
        """
        return Action(
            known_at_ms=now_ms,
            by=self.name or by,
            credential=self.credential,
            address=self.address,
            action=name,
            subject=subject,
            body=orjson.dumps(body).decode() if body else None,
        )


OPEN = Caller(name=None, credential="open", scopes=frozenset(AccessScope))
"""Anybody on this machine, where no account is needed."""
CONSOLE = Caller(name=None, credential="console", scopes=frozenset(AccessScope), may_overrule=True)
"""Anybody who can run commands beside the ledger."""

SIGNED_IN: ContextVar[str | None] = ContextVar("signed_in", default=None)
"""Name of the caller of the request at hand, for pages; None where access is open."""
