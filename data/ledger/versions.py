"""Policy and champion versions in use, with their begin: the basis of past answers.

A row is written before what it names comes into use, so nothing was ever in use that is not here.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from data.ledger.tables import VERSIONS

POLICY = "policy"
CHAMPION = "champion"


@dataclass(frozen=True)
class VersionInUse:
    """A version in use from a moment on; fields of `data.ledger.tables.VERSIONS`.

    Attributes:
        kind: `POLICY` or `CHAMPION`.
        label: Version; None where there was no champion.
        known_at_ms: From when.
        body: Text of the policy, else None.
    """

    kind: str
    label: str | None
    known_at_ms: int
    body: str | None = None


def record_version(connection: Connection, version: VersionInUse) -> None:
    """Record that a version comes into use; one in use already is not written twice."""
    latest = version_in_use(connection, version.kind, at_ms=version.known_at_ms)
    if latest is None or (latest.label, latest.body) != (version.label, version.body):
        connection.execute(insert(VERSIONS), [vars(version)])


def version_in_use(connection: Connection, kind: str, *, at_ms: int) -> VersionInUse | None:
    """Return the version in use at a moment, None if none was recorded yet."""
    columns = VERSIONS.c
    query = select(columns.kind, columns.label, columns.known_at_ms, columns.body)
    query = query.where(columns.kind == kind, columns.known_at_ms <= at_ms)
    query = query.order_by(columns.known_at_ms.desc(), columns.seq.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else VersionInUse(**row)


def recorded_since(connection: Connection) -> int | None:
    """Return the moment from which on this is recorded, None where it never was."""
    return connection.execute(select(func.min(VERSIONS.c.known_at_ms))).scalar_one()
