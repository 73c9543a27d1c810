"""Incidents of a running service: found on what is accepted, one row, kept through any end."""

import random
import re
import time

import pytest

from tests.serving.conftest import HOUR_MS, NOON_MS

DAYS = 12
CARRIERS = ("dhl", "ups", "gls", "dpd", "fedex")


def rfc3339(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000)) + f".{ms % 1000:03d}Z"


@pytest.fixture
def usual(an_exception):
    """Twelve quiet days until noon: some forty exceptions a day, evenly over five carriers."""
    chance = random.Random(5)
    ticks = sorted(NOON_MS - int(chance.uniform(0, DAYS * 24) * HOUR_MS) for _ in range(40 * DAYS))
    return [
        an_exception(f"U-{i}", detected_at=rfc3339(tick), status="closed",
                     updated_at=rfc3339(tick), due_at=None,
                     attributes={"carrier": chance.choice(CARRIERS)})
        for i, tick in enumerate(ticks)
    ]  # fmt: skip


@pytest.fixture
def burst(an_exception):
    """So many exceptions of one carrier, half a minute apart, from noon on."""

    def build(count, begin=0, carrier="dhl"):
        return [
            an_exception(f"B-{carrier}-{i}", detected_at=rfc3339(NOON_MS + 30_000 * i),
                         due_at="2026-03-01T20:00:00Z",
                         attributes={"carrier": carrier})
            for i in range(begin, begin + count)
        ]  # fmt: skip

    return build


def post(client, told):
    answer = client.post("/v1/exceptions", json={"exceptions": told}).json()
    assert answer["refused"] == 0, answer
    return [one["id"] for one in answer["results"]]


def rows(client):
    return client.get("/v1/worklist?limit=500").json()["rows"]


def when(holds, patience_seconds=10):
    """Wait until something holds; return it."""
    end = time.monotonic() + patience_seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return found


def incidents(client):
    return [row for row in rows(client) if row["kind"] == "incident"]


@pytest.fixture
def busy(client, usual, burst, clock):
    """A service on which a burst of twelve has come up; their ids."""
    post(client, usual)
    clock.pass_hours(0.4)
    ids = post(client, burst(12))
    when(lambda: incidents(client) and incidents(client)[0]["members"] == 12)
    return ids


def test_a_burst_is_one_row_with_its_cause_in_words(client, busy):
    (row,) = rows(client)

    assert (row["kind"], row["members"]) == ("incident", 12)
    assert re.match(r"carrier dhl, since 1\d:\d\d, 1\d orders, ", row["message"])
    assert row["id"] == row["incident_id"]


def test_an_incident_loses_what_its_members_lose_together(client, busy):
    (row,) = rows(client)
    members = client.get("/v1/worklist", params={"incident_id": row["id"]}).json()["rows"]

    assert sorted(one["id"] for one in members) == sorted(busy)
    for name in ("money_at_stake", "expected_loss_now", "expected_loss_if_deferred"):
        together = sum(float(one[name]["amount"]) for one in members)
        assert float(row[name]["amount"]) == pytest.approx(together, abs=0.1)
    assert row["score"] == pytest.approx(sum(one["score"] for one in members), rel=1e-3)


def test_an_exception_names_its_incident(client, busy):
    (row,) = rows(client)

    assert client.get(f"/v1/exceptions/{busy[0]}").json()["incident_id"] == row["id"]


def test_the_fifth_makes_the_incident(client, usual, burst, clock):
    post(client, usual)
    clock.pass_hours(0.4)
    post(client, burst(5))

    assert when(lambda: incidents(client))[0]["members"] == 5


def test_what_comes_later_joins(client, busy, burst):
    post(client, burst(3, begin=12))

    when(lambda: incidents(client)[0]["members"] == 15)
    assert len(rows(client)) == 1


def test_a_resolved_member_is_none_any_more(client, busy):
    client.post(f"/v1/exceptions/{busy[0]}/resolve", json={})

    assert [row["members"] for row in rows(client)] == [11]


def test_quiet_days_are_no_incident(client, usual):
    post(client, usual)
    time.sleep(0.3)

    assert rows(client) == []


def test_a_restart_keeps_incident_and_members(running, usual, burst, clock):
    with running() as client:
        post(client, usual)
        clock.pass_hours(0.4)
        post(client, burst(12))
        when(lambda: [one for one in incidents(client) if one["members"] == 12])
        before = rows(client)
    with running() as again:
        assert [row["id"] for row in rows(again)] == [row["id"] for row in before]
        post(again, burst(2, begin=12))
        assert when(lambda: [one for one in incidents(again) if one["members"] == 14])
        assert len(rows(again)) == 1
