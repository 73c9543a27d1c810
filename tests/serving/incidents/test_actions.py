"""Actions of people on incidents: claim, resolve as a whole, split."""

import time

import pytest

ANA, BEN = {"by": "ana"}, {"by": "ben"}
FIXED = {"category": "carrier_issue", "team": "logistics", "touch_minutes": 30, "by": "ana"}


@pytest.fixture
def ten(incidents, burst):
    """The ids of a burst of ten that has come up."""
    ids = incidents.post(burst(10))
    incidents.wait_for(members=10)
    return ids


@pytest.fixture
def url(incidents, ten):
    """The address of its incident."""
    return f"/v1/incidents/{incidents.rows()[0]['id']}"


def outcomes(client, ids):
    return [client.get(f"/v1/exceptions/{exception_id}").json()["outcome"] for exception_id in ids]


def results(answer):
    return {result["id"]: result["result"] for result in answer.json()["results"]}


def test_one_action_resolves_all_members(client, incidents, ten, url):
    answer = client.post(f"{url}/resolve", json=FIXED).json()

    assert (answer["status"], answer["resolved"], answer["left"]) == ("closed", 10, 0)
    assert incidents.rows() == []
    labels = [(o["category"], o["team"], o["by"]) for o in outcomes(client, ten)]
    assert labels == [("carrier_issue", "logistics", "ana")] * 10


def test_the_work_and_the_loss_are_shared_evenly(client, ten, url):
    client.post(f"{url}/resolve", json=FIXED | {"loss": {"amount": "100", "currency": "EUR"}})

    assert {o["touch_minutes"] for o in outcomes(client, ten)} == {3.0}
    assert {o["loss"]["amount"] for o in outcomes(client, ten)} == {"10.000000"}


def test_a_member_that_another_has_is_told_and_stays(client, incidents, ten, url):
    client.post(f"/v1/exceptions/{ten[3]}/claim", json=BEN)
    answer = client.post(f"{url}/resolve", json=FIXED)

    assert results(answer)[ten[3]] == "claimed"
    assert (answer.json()["status"], answer.json()["resolved"]) == ("open", 9)
    assert incidents.rows()[0]["members"] == 1


def test_a_member_that_ended_meanwhile_is_told(client, ten, url):
    client.post(f"/v1/exceptions/{ten[0]}/resolve", json={"category": "fraud_risk"})
    answer = client.post(f"{url}/resolve", json=FIXED | {"members": [{"id": i} for i in ten]})

    assert results(answer)[ten[0]] == "ended"
    assert answer.json()["status"] == "closed"
    assert outcomes(client, ten[:1])[0]["category"] == "fraud_risk"


def test_a_member_that_changed_since_it_was_seen_is_told(client, burst, incidents, ten, url):
    members = [{"id": id_, "revision": 1} for id_ in ten[:2]]
    client.post("/v1/exceptions", json=burst(1)[0] | {"message": "Another word"})
    answer = client.post(f"{url}/resolve", json=FIXED | {"members": members})

    assert results(answer) == {ten[0]: "changed", ten[1]: "resolved"}
    assert incidents.rows()[0]["members"] == 9


def test_what_is_no_member_is_told(client, incidents, ten, url, an_exception):
    (other,) = incidents.post([an_exception("other", attributes={"carrier": "ups"})])
    answer = client.post(f"{url}/resolve", json=FIXED | {"members": [{"id": other}]})

    assert results(answer) == {other: "no_member"}


def test_an_incident_that_another_has_is_not_resolved(client, url):
    client.post(f"{url}/claim", json=BEN)
    refused = client.post(f"{url}/resolve", json=FIXED)

    assert (refused.status_code, refused.json()["claimed_by"]) == (409, "ben")
    assert client.post(f"{url}/split", json=ANA).status_code == 409


def test_an_incident_is_claimed_as_a_row(client, incidents, url):
    claimed = client.post(f"{url}/claim", json=ANA)

    assert incidents.rows()[0]["claimed_by"] == "ana"
    assert claimed.headers["ETag"] == client.get(url).headers["ETag"]
    assert client.post(f"{url}/release", json=ANA).json()["claimed_by"] is None


def test_the_same_key_resolves_once(client, url):
    key = {"Idempotency-Key": "k"}
    first = client.post(f"{url}/resolve", json=FIXED, headers=key)
    again = client.post(f"{url}/resolve", json=FIXED, headers=key)

    assert again.json() == first.json()
    assert client.post(f"{url}/resolve", json=FIXED).status_code == 409


def test_an_incident_that_grew_since_it_was_seen_is_not_resolved(
    client, incidents, burst, ten, url
):
    revision = client.get(url).headers["ETag"]
    incidents.post(burst(1, begin=10))
    incidents.wait_for(members=11)

    headers = {"If-Match": revision}
    assert client.post(f"{url}/resolve", json=FIXED, headers=headers).status_code == 412


def test_members_that_are_split_off_are_rows_again(client, incidents, ten, url):
    answer = client.post(f"{url}/split", json=ANA | {"members": ten[:2]}).json()

    assert (answer["status"], answer["split_off"]) == ("open", ten[:2])
    assert sorted(row["kind"] for row in incidents.rows()) == ["exception", "exception", "incident"]
    assert client.get(f"/v1/exceptions/{ten[0]}").json()["incident_id"] is None


def test_what_was_split_off_is_not_merged_again(client, incidents, burst, ten, url):
    client.post(f"{url}/split", json=ANA | {"members": ten[:2]})
    incidents.post(burst(5, begin=10))
    incidents.wait_for(members=13)

    assert len(incidents.rows()) == 3


def test_what_is_no_incident_is_split_as_a_whole_and_makes_no_other(
    client, incidents, burst, ten, url
):
    answer = client.post(f"{url}/split", json=ANA).json()
    incidents.post(burst(8, begin=10))
    watch_reads(client)

    assert answer["status"] == "closed"
    assert [row["kind"] for row in incidents.rows()] == ["exception"] * 18


def test_after_it_was_resolved_the_cause_may_burst_again(client, incidents, burst, ten, url):
    client.post(f"{url}/resolve", json=FIXED)
    incidents.post(burst(12, begin=10))

    assert incidents.client.get(url).json()["status"] == "closed"
    assert incidents.wait_for(members=12)["id"] not in url


def test_an_incident_shows_its_members_page_by_page(client, ten, url):
    first = client.get(url, params={"limit": 6}).json()
    rest = client.get(url, params={"limit": 6, "cursor": first["next_cursor"]}).json()

    assert (first["total"], first["ended"], first["split_off"]) == (10, first["ended"], 0)
    shown = [row["id"] for row in first["members"] + rest["members"]]
    assert sorted(shown) == sorted(ten)
    assert rest["next_cursor"] is None


def test_a_closed_incident_can_still_be_looked_at(client, url):
    client.post(f"{url}/resolve", json=FIXED)
    view = client.get(url).json()

    assert (view["status"], view["row"], view["total"]) == ("closed", None, 0)


def test_what_is_not_there_is_not_found(client):
    assert client.get(f"/v1/incidents/inc_{'0' * 26}").status_code == 404


def watch_reads(client):
    """Wait until the watch has read all that came in, and kept it."""
    service = client.app.state.service
    end = time.monotonic() + 10
    while service.ledger.events_after(service.incidents.seq, ("created",), 1):
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.05)
