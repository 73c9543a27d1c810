"""Several processes on one ledger, on SQLite and on PostgreSQL alike."""

import threading
import time

import pytest
from sqlalchemy import select

from data.ledger.intake import accept
from data.ledger.ledger import Ledger
from data.ledger.message_order import Incoming
from data.ledger.tables import EVENTS

NOON_MS = 1_772_366_400_000


@pytest.fixture
def ledgers(each_ledger_url):
    """Two ledgers of one address: they share nothing but the database."""
    opened = [Ledger.open(each_ledger_url), Ledger.open(each_ledger_url)]
    yield opened
    for ledger in opened:
        ledger.close()


def incoming(external_id):
    return Incoming(
        "shopify:acme", external_id, True, None, NOON_MS, NOON_MS, '{"n": 1}', "{}"
    )  # fmt: skip


def in_threads(*work):
    failures = []

    def run(function):
        try:
            function()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_several_that_start_on_an_empty_database_make_its_tables_once(each_ledger_url):
    def start():
        Ledger.open(each_ledger_url).close()

    in_threads(*[start] * 4)


def test_the_same_exceptions_from_two_processes_are_one_each(ledgers):
    def write(ledger):
        def run():
            for i in range(20):
                with ledger.writing() as connection:
                    accept(connection, [incoming(f"PE-{i}")], now_ms=NOON_MS)

        return run

    in_threads(*(write(ledger) for ledger in ledgers * 2))

    assert len(list(ledgers[0].open_records())) == 20


def test_a_reader_that_goes_on_after_the_last_event_skips_none(ledgers):
    """Numbers are in the order of the commits, also where a transaction takes its time."""
    read, done = [], threading.Event()

    def write(ledger, name):
        def run():
            for i in range(15):
                with ledger.writing() as connection:
                    accept(connection, [incoming(f"{name}-{i}")], now_ms=NOON_MS)
                    time.sleep(0.004 * (i % 3))

        return run

    def follow():
        while True:
            was_done = done.is_set()
            events = ledgers[0].events_after(read[-1] if read else 0, ("created",), 100)
            read.extend(event.seq for event in events)
            if was_done and not events:
                return

    follower = threading.Thread(target=follow)
    follower.start()
    in_threads(*(write(ledger, name) for name, ledger in zip("abc", ledgers * 2, strict=False)))
    done.set()
    follower.join()
    with ledgers[0].reading() as connection:
        stored = connection.execute(select(EVENTS.c.seq).order_by(EVENTS.c.seq)).scalars().all()

    assert read == stored
    assert len(read) == 45


def test_a_commit_of_another_process_is_signalled(ledgers):
    signal = ledgers[0].commit_signal()
    while signal.wait(0.05):
        pass
    began = time.monotonic()
    with ledgers[1].writing() as connection:
        accept(connection, [incoming("PE-1")], now_ms=NOON_MS)

    assert signal.wait(5)
    assert time.monotonic() - began < 1
    assert not signal.wait(0.05)
    signal.close()
