"""Two services on one ledger: what one did to incidents and promises counts for both."""

import time

import pytest

from tests.serving.conftest import Incidents


@pytest.fixture
def both(running, shelf, a_triage):
    shelf.promote(a_triage())
    with running() as first, running() as second:
        yield first, second


def eventually(check):
    end = time.monotonic() + 30
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_incident_that_one_finds_is_split_by_the_other(both, usual, burst, clock):
    first, second = (Incidents(client) for client in both)
    first.post(usual)
    clock.pass_hours(0.34)
    first.post(burst(6))
    second.post(burst(6, begin=6))
    row = second.wait_for(members=12)
    assert first.wait_for(members=12)["id"] == row["id"]
    path = f"/v1/incidents/{row['id']}/split"
    second.client.post(path, json={"by": "ana"}).raise_for_status()

    eventually(lambda: {row["kind"] for row in first.rows()} == {"exception"})
    assert len(first.rows()) == 12
    assert sorted(row["id"] for row in second.rows()) == sorted(row["id"] for row in first.rows())


def test_only_one_of_two_has_the_watches(both):
    leases = [client.app.state.service.lease.current for client in both]

    assert [lease is None for lease in leases] == [False, True]


def test_a_promise_that_one_withdraws_is_kept_by_none(both):
    first, second = (client.app.state.service.guarantees for client in both)
    body = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "wrong"}
    both[0].post("/v1/promises/suspend", json=body).raise_for_status()

    eventually(lambda: second.latest == first.latest != {})
