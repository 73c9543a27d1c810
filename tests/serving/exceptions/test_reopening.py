"""An end can be undone: what was resolved is on the list again, and resolved anew."""

import pytest

BY = {"by": "ana"}
FIRST = {"category": "incorrect_address", "team": "addresses", "by": "ana"}


@pytest.fixture
def resolved(client, an_exception):
    """An exception that was resolved: its address."""
    posted = client.post("/v1/exceptions", json=an_exception()).json()
    address = f"/v1/exceptions/{posted['id']}"
    assert client.post(f"{address}/resolve", json=FIRST).status_code == 200
    return address


def listed(client):
    return [row["id"] for row in client.get("/v1/worklist").json()["rows"]]


def test_what_is_reopened_is_on_the_list_again_without_its_outcome(client, resolved):
    answer = client.post(f"{resolved}/reopen", json=BY)

    shown = client.get(resolved).json()
    assert answer.json()["status"] == shown["status"] == "open"
    assert shown["outcome"] is None
    assert listed(client) == [shown["id"]]


def test_who_reopened_it_is_in_its_history(client, resolved):
    client.post(f"{resolved}/reopen", json=BY)

    last = client.get(resolved).json()["history"][-1]
    assert (last["event"], last["by"]) == ("reopened", "ana")


def test_reopening_an_open_one_changes_nothing(client, resolved):
    first = client.post(f"{resolved}/reopen", json=BY).json()

    assert client.post(f"{resolved}/reopen", json=BY).json() == first


def test_it_can_be_resolved_otherwise_then(client, resolved, clock):
    client.post(f"{resolved}/reopen", json=BY)
    clock.pass_hours(1)

    again = client.post(f"{resolved}/resolve", json={**FIRST, "category": "fraud_risk"})

    assert again.status_code == 200
    assert client.get(resolved).json()["outcome"]["category"] == "fraud_risk"
    assert listed(client) == []


def test_one_that_changed_meanwhile_is_not_reopened(client, resolved):
    answer = client.post(f"{resolved}/reopen", json=BY, headers={"If-Match": '"1"'})

    assert answer.status_code == 412


def test_a_past_list_shows_it_as_it_was_then(client, resolved, clock):
    clock.pass_hours(1)
    before = client.get("/v1/worklist", params={"at": "2026-03-01T12:30:00Z"}).json()["rows"]
    client.post(f"{resolved}/reopen", json=BY)
    clock.pass_hours(1)

    at_noon, later = (
        client.get("/v1/worklist", params={"at": f"2026-03-01T{moment}:00Z"}).json()["rows"]
        for moment in ("12:30", "13:30")
    )
    assert at_noon == before == []
    assert len(later) == 1
