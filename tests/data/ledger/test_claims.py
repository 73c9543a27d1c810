"""Claims in the ledger, on SQLite and on PostgreSQL alike."""

import subprocess
import sys
import threading

import pytest

from data.domain import ClaimedError
from data.ledger.claims import Claim, active_claims, claim, revision_of_open
from data.ledger.intake import accept
from data.ledger.message_order import Incoming

NOON_MS = 1_772_366_400_000
LEASE_MS = 1_800_000

CLAIMING = """
import sys
from data.domain import ClaimedError
from data.ledger.ledger import Ledger
from data.ledger.claims import Claim, claim, revision_of_open
url, subject, by = sys.argv[1:]
ledger = Ledger.open(url)
sys.stdin.readline()
with ledger.writing() as connection:
    revision_of_open(connection, subject, None)
    try:
        claim(connection, Claim(subject, by, 1_772_366_400_000, 1_772_368_200_000))
        print("won")
    except ClaimedError:
        print("lost")
"""


@pytest.fixture
def subject(ledger):
    incoming = Incoming("s", "PE-1", is_open=True, version=None, updated_at_ms=NOON_MS,
                    detected_at_ms=NOON_MS, payload="{}", opinion="{}")  # fmt: skip
    with ledger.writing() as connection:
        return accept(connection, [incoming], now_ms=NOON_MS)[0].record.id


def claimed(ledger, subject, by):
    with ledger.writing() as connection:
        revision_of_open(connection, subject, None)
        return claim(connection, Claim(subject, by, NOON_MS, NOON_MS + LEASE_MS))


def holders(ledger):
    with ledger.reading() as connection:
        return [held_claim.by for held_claim in active_claims(connection, now_ms=NOON_MS)]


def test_of_many_threads_that_claim_at_once_exactly_one_wins(ledger, subject):
    won, together = [], threading.Barrier(8)

    def try_it(by):
        together.wait()
        try:
            claimed(ledger, subject, by)
        except ClaimedError:
            return
        won.append(by)

    threads = [threading.Thread(target=try_it, args=(f"p{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert holders(ledger) == won


def test_of_two_processes_that_claim_at_once_exactly_one_wins(ledger, each_ledger_url, subject):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, each_ledger_url, subject, by],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for by in ("ana", "ben")
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert sorted(answers) == ["lost", "won"]
    assert len(holders(ledger)) == 1
