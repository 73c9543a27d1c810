"""Leases: work that one process does at a time.

A lease counts its renewals. A process that wants it watches the count by its own clock: if it
stands still for as long as a lease lasts, the holder is gone. So clocks of two machines are never
compared.

A lease has a token, which grows with each holder. A transaction of leased work checks the token
first (fencing): a holder that was paused, and was replaced meanwhile, writes nothing.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, insert, select, update

from data.domain import LeaseLostError
from data.ledger.tables import LEASES


@dataclass(frozen=True)
class Lease:
    """State of one lease; the fields are those of `data.ledger.tables.LEASES`.

    Attributes:
        name: The work.
        holder: Process that does it; None once it was released.
        token: Number of the holder, from 1.
        renewals: How often this holder renewed it.
    """

    name: str
    holder: str | None
    token: int
    renewals: int


def lease_of(connection: Connection, name: str) -> Lease | None:
    """Return the state of a lease; None where it was never taken."""
    row = connection.execute(select(LEASES).where(LEASES.c.name == name)).mappings().one_or_none()
    return None if row is None else Lease(**row)


def take_lease(
    connection: Connection, name: str, holder: str, *, observed: Lease | None
) -> Lease | None:
    """Take a lease that is free, or whose holder is gone; None if it has changed meanwhile.

    Args:
        connection: A transaction that writes.
        name: The work.
        holder: Process that takes it.
        observed: State by which the caller judged that the lease can be taken.
    """
    if lease_of(connection, name) != observed:
        return None
    if observed is None:
        taken = Lease(name, holder, 1, 0)
        connection.execute(insert(LEASES), [vars(taken)])
        return taken
    taken = Lease(name, holder, observed.token + 1, 0)
    _write(connection, taken)
    return taken


def renew_lease(connection: Connection, lease: Lease) -> Lease:
    """Count one more renewal.

    Raises:
        LeaseLostError: Another process took it.
    """
    renewed = replace(check_lease(connection, lease), renewals=lease.renewals + 1)
    _write(connection, renewed)
    return renewed


def check_lease(connection: Connection, lease: Lease) -> Lease:
    """Check, inside a transaction that writes, that a lease still has its holder; return it.

    Raises:
        LeaseLostError: Another process took it.
    """
    current = lease_of(connection, lease.name)
    if current is None or (current.token, current.holder) != (lease.token, lease.holder):
        raise LeaseLostError(lease.name)
    return current


def release_lease(connection: Connection, lease: Lease) -> None:
    """Give a lease back; nothing happens where another process took it."""
    current = lease_of(connection, lease.name)
    if current is not None and current.token == lease.token:
        _write(connection, replace(current, holder=None))


def _write(connection: Connection, lease: Lease) -> None:
    connection.execute(update(LEASES).where(LEASES.c.name == lease.name).values(**vars(lease)))
