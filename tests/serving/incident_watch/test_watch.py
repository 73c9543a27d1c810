"""Incidents of a running service: found on what is accepted, one row, kept through any end."""

import re
import time

import pytest

from serving.incident_watch.burst_reader import arrivals_of
from tests.serving.conftest import Incidents


@pytest.fixture
def twelve(incidents, burst):
    """The ids of a burst of twelve that has come up."""
    ids = incidents.post(burst(12))
    incidents.wait_for(members=12)
    return ids


def test_a_burst_is_one_row_with_its_cause_in_words(incidents, twelve):
    (row,) = incidents.rows()

    assert (row["kind"], row["members"], row["type"]) == ("incident", 12, "incident")
    assert re.match(r"carrier dhl, since 1\d:\d\d, 1\d orders, ", row["message"])
    assert (row["team"], row["category"]["label"]) == ("addresses", "incorrect_address")
    assert row["id"] == row["incident_id"]


def test_an_incident_loses_what_its_members_lose_together(incidents, twelve):
    (row,) = incidents.rows()
    members = incidents.rows(incident_id=row["id"])

    assert sorted(member["id"] for member in members) == sorted(twelve)
    for name in ("money_at_stake", "expected_loss_now", "expected_loss_if_deferred"):
        together = sum(float(member[name]["amount"]) for member in members)
        assert float(row[name]["amount"]) == pytest.approx(together, abs=0.1)
    assert row["score"] == pytest.approx(sum(member["score"] for member in members), rel=1e-3)


def test_an_exception_names_its_incident(incidents, twelve):
    view = incidents.client.get(f"/v1/exceptions/{twelve[0]}").json()

    assert view["incident_id"] == incidents.rows()[0]["id"]
    assert view["rank"] == 1


def test_the_fifth_makes_the_incident(incidents, burst):
    incidents.post(burst(5))

    assert incidents.wait_for(members=5)["kind"] == "incident"


def test_what_comes_later_joins(incidents, twelve, burst):
    incidents.post(burst(3, begin=12))
    incidents.wait_for(members=15)

    assert len(incidents.rows()) == 1


def test_a_resolved_member_is_none_any_more(incidents, twelve):
    incidents.client.post(f"/v1/exceptions/{twelve[0]}/resolve", json={})

    assert [row["members"] for row in incidents.rows()] == [11]


def test_quiet_days_are_no_incident(incidents):
    time.sleep(0.3)

    assert incidents.client.get("/v1/incidents").json()["incidents"] == []


def test_a_restart_keeps_incident_and_members(running, usual, burst, clock):
    with running() as client:
        before = Incidents(client)
        before.post(usual)
        clock.pass_hours(0.34)
        before.post(burst(12))
        row = before.wait_for(members=12)
    with running() as client:
        after = Incidents(client)
        assert [row_after["id"] for row_after in after.rows()] == [row["id"]]
        after.post(burst(2, begin=12))

        assert after.wait_for(members=14)["id"] == row["id"]


def test_a_past_list_shows_the_incident_of_then(incidents, twelve, burst, clock):
    then = incidents.rows()
    clock.pass_hours(0.01)
    incidents.post(burst(3, begin=12))
    incidents.wait_for(members=15)

    past = incidents.rows(at="2026-03-01T12:20:24.001Z")
    assert [(row["id"], row["message"]) for row in past] == [
        (row["id"], row["message"]) for row in then
    ]


def test_what_a_model_predicts_makes_no_burst(client, burst, incidents):
    """Else a burst would depend on which predictions are hidden from the people who judge."""
    incidents.post(burst(3))
    events = client.app.state.service.ledger.events_after(0, ("created",), 10)

    assert all(event.opinion for event in events)
    assert not any("category" in arrival.values for arrival in arrivals_of(events))
