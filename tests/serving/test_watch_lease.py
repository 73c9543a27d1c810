"""The lease on the watches: taken over, given back, and no use to one that woke up too late."""

import asyncio
import threading

import pytest

from data.domain import LeaseLostError
from data.ledger.leases import lease_of
from data.ledger.ledger import Ledger
from data.ledger.writer import LedgerWriter
from serving.background import MIN_BYTES_FOR_A_THREAD, run_sized
from serving.watch_lease import LEASE_SECONDS, WATCHES, LeasedWriter, WatchLease


class Monotonic:
    """A clock that is moved by hand."""

    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def monotonic():
    return Monotonic()


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.close()


@pytest.fixture
def pair(ledger, monotonic):
    """Two processes; the first has the lease."""
    first, second = WatchLease(ledger, monotonic=monotonic), WatchLease(ledger, monotonic=monotonic)
    first.step()
    second.step()
    assert (first.current is None, second.current is None) == (False, True)
    return first, second


def test_a_lease_that_is_renewed_is_never_taken(pair, monotonic):
    first, second = pair
    for _ in range(20):
        monotonic.seconds += LEASE_SECONDS / 2
        first.step()
        second.step()

    assert second.current is None


def test_a_lease_whose_holder_is_gone_is_taken_over_once_it_is_over(pair, monotonic):
    _, second = pair
    monotonic.seconds += LEASE_SECONDS - 0.1
    second.step()
    assert second.current is None
    monotonic.seconds += 0.1
    second.step()

    assert second.current is not None
    assert second.current.token == 2


def test_a_lease_that_was_given_back_is_free_at_once(pair):
    first, second = pair
    first.release()
    second.step()

    assert second.current is not None


def test_a_holder_that_woke_up_too_late_writes_nothing(pair, monotonic, ledger):
    first, second = pair
    monotonic.seconds += LEASE_SECONDS
    second.step()
    writer = LedgerWriter(ledger)
    ran = []

    with pytest.raises(LeaseLostError):
        asyncio.run(LeasedWriter(writer, first).run(ran.append))
    asyncio.run(LeasedWriter(writer, second).run(ran.append))
    writer.close()
    first.step()

    assert (len(ran), first.current) == (1, None)
    with ledger.reading() as connection:
        assert lease_of(connection, WATCHES) == second.current


def test_without_the_lease_nothing_is_written(pair, ledger):
    writer = LedgerWriter(ledger)
    with pytest.raises(LeaseLostError):
        asyncio.run(LeasedWriter(writer, pair[1]).run(lambda _: None))
    writer.close()


@pytest.mark.parametrize(("size", "is_apart"), [(10, False), (MIN_BYTES_FOR_A_THREAD, True)])
def test_a_large_request_is_worked_on_beside_the_calls_of_others(size, is_apart):
    thread = asyncio.run(run_sized(size, threading.current_thread))

    assert (thread is not threading.current_thread()) is is_apart
