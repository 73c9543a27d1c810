"""Audits of automatic decisions, and suspended promises, in the ledger.

What is written is written inside the caller's one transaction.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, insert, select

from data.ledger.tables import AUDITS, EXCEPTIONS, IDENTITY, OUTCOMES, SUSPENSIONS


class PromiseKey(NamedTuple):
    """Names one promise."""

    label: str
    name: str
    model_version: str


@dataclass(frozen=True)
class Audit:
    """Audit of one blinded decision by people; fields of `AUDITS`."""

    exception_id: str
    label: str
    name: str
    model_version: str
    actual: str
    known_at_ms: int

    @property
    def key(self) -> PromiseKey:
        """The promise that it is about."""
        return PromiseKey(self.label, self.name, self.model_version)

    @property
    def is_wrong(self) -> bool:
        """True if the automatic decision would have been wrong."""
        return self.actual != self.name


@dataclass(frozen=True)
class Suspension:
    """Suspension of a promise, or its end; fields of `SUSPENSIONS`."""

    label: str
    name: str
    model_version: str
    is_lifted: bool
    known_at_ms: int
    by: str | None
    reason: str

    @property
    def key(self) -> PromiseKey:
        """The promise that it is about."""
        return PromiseKey(self.label, self.name, self.model_version)


class AuditResult(NamedTuple):
    """Content of an audit, without the time at which it became known."""

    key: PromiseKey
    actual: str


class BlindedOutcome(NamedTuple):
    """Outcome of an exception whose suggestion was hidden at random (blinded)."""

    exception_id: str
    category: str | None
    team: str | None
    assessment: str


def salt_of(connection: Connection) -> str:
    """Return the salt of this ledger's random draws."""
    return connection.execute(select(IDENTITY.c.salt)).scalar_one()


def replace_audits(connection: Connection, exception_id: str, audits: Sequence[Audit]) -> bool:
    """Replace the audits of one exception.

    Returns:
        Whether they differ from the audits before.
    """
    before = {_result(audit) for audit in audits_of_exception(connection, exception_id)}
    if before == {_result(audit) for audit in audits}:
        return False
    connection.execute(delete(AUDITS).where(AUDITS.c.exception_id == exception_id))
    if audits:
        connection.execute(insert(AUDITS), [asdict(audit) for audit in audits])
    return True


def _result(audit: Audit) -> AuditResult:
    return AuditResult(audit.key, audit.actual)


def audits_of_exception(connection: Connection, exception_id: str) -> list[Audit]:
    """Return the audits of one exception."""
    query = select(*_columns(AUDITS, Audit)).where(AUDITS.c.exception_id == exception_id)
    return [Audit(**row) for row in connection.execute(query).mappings()]


def audits_of(connection: Connection, model_version: str) -> list[Audit]:
    """Return all audits of the promises of one model, the first known first."""
    query = select(*_columns(AUDITS, Audit)).where(AUDITS.c.model_version == model_version)
    rows = connection.execute(query.order_by(AUDITS.c.seq)).mappings()
    return [Audit(**row) for row in rows]


def suspend(connection: Connection, suspension: Suspension) -> None:
    """Record the suspension of a promise, or its end."""
    connection.execute(insert(SUSPENSIONS), [asdict(suspension)])


def suspensions_of(connection: Connection, model_version: str | None = None) -> list[Suspension]:
    """Return withdrawals and their ends, of one model or of all, the first first."""
    query = select(*_columns(SUSPENSIONS, Suspension)).order_by(SUSPENSIONS.c.seq)
    if model_version is not None:
        query = query.where(SUSPENSIONS.c.model_version == model_version)
    return [Suspension(**row) for row in connection.execute(query).mappings()]


def suspensions_after(connection: Connection, seq: int) -> list[Suspension]:
    """Return withdrawals and their ends that were written after a number, in order."""
    query = select(*_columns(SUSPENSIONS, Suspension)).where(SUSPENSIONS.c.seq > seq)
    rows = connection.execute(query.order_by(SUSPENSIONS.c.seq)).mappings()
    return [Suspension(**row) for row in rows]


def blinded_outcomes(connection: Connection, limit: int) -> list[BlindedOutcome]:
    """Return how exceptions of the hidden share ended, the last known first."""
    query = (
        select(OUTCOMES.c.exception_id, OUTCOMES.c.category, OUTCOMES.c.team, EXCEPTIONS.c.opinion)
        .join(EXCEPTIONS, EXCEPTIONS.c.id == OUTCOMES.c.exception_id)
        .where(OUTCOMES.c.suggestion_hidden)
        .order_by(OUTCOMES.c.known_at_ms.desc(), OUTCOMES.c.exception_id)
        .limit(limit)
    )
    return [BlindedOutcome(*row) for row in connection.execute(query)]


def _columns(table: Table, kind: type[Audit] | type[Suspension]) -> list[Any]:
    return [table.c[field.name] for field in fields(kind)]
