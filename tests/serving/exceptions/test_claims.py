"""Claims over HTTP: a row is one person's for a while."""

import pytest

from data.ticks import MS_PER_HOUR

ANA, BEN = {"by": "ana"}, {"by": "ben"}


@pytest.fixture
def url(client, an_exception):
    """The address of an open exception."""
    return f"/v1/exceptions/{client.post('/v1/exceptions', json=an_exception()).json()['id']}"


def row(client):
    (only,) = client.get("/v1/worklist").json()["rows"]
    return only


def test_a_claim_says_who_and_until_when(client, url):
    claimed = client.post(f"{url}/claim", json=ANA)

    assert claimed.status_code == 200
    holder = {name: claimed.json()[name] for name in ("claimed_by", "claimed_until")}
    assert holder == {"claimed_by": "ana", "claimed_until": "2026-03-01T12:30:00.000Z"}
    assert claimed.headers["ETag"] == client.get(url).headers["ETag"]


def test_a_claim_is_shown_in_the_list_and_on_the_exception(client, url):
    client.post(f"{url}/claim", json=ANA)

    assert row(client)["claimed_by"] == client.get(url).json()["claimed_by"] == "ana"


def test_what_somebody_has_nobody_else_gets(client, url):
    client.post(f"{url}/claim", json=ANA)
    refused = client.post(f"{url}/claim", json=BEN)

    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["claimed_by"], problem["claimed_until"]) == ("ana", "2026-03-01T12:30:00.000Z")
    assert "'ana' has it until 2026-03-01 12:30 UTC" in problem["detail"]


def test_claiming_again_renews_the_lease(client, url, clock):
    client.post(f"{url}/claim", json=ANA)
    clock.pass_hours(0.4)

    assert (
        client.post(f"{url}/claim", json=ANA).json()["claimed_until"].startswith("2026-03-01T12:54")
    )


def test_a_lease_that_ran_out_is_free_for_others(client, url, clock):
    client.post(f"{url}/claim", json=ANA)
    clock.pass_hours(0.5)

    assert row(client)["claimed_by"] is None
    assert client.post(f"{url}/claim", json=BEN).json()["claimed_by"] == "ben"


def test_what_was_released_is_free_for_others(client, url):
    client.post(f"{url}/claim", json=ANA)
    released = client.post(f"{url}/release", json=ANA).json()

    assert released["claimed_by"] is None
    assert client.post(f"{url}/claim", json=BEN).status_code == 200


def test_nobody_releases_what_another_has(client, url):
    client.post(f"{url}/claim", json=ANA)

    assert client.post(f"{url}/release", json=BEN).status_code == 409
    assert row(client)["claimed_by"] == "ana"


def test_releasing_what_is_free_changes_nothing(client, url):
    assert client.post(f"{url}/release", json=ANA).status_code == 200


def test_a_claimed_row_stays_where_it_is(client, an_exception):
    exceptions = [an_exception(str(i)) for i in range(3)]
    client.post("/v1/exceptions", json={"exceptions": exceptions})
    before = [listed["id"] for listed in client.get("/v1/worklist").json()["rows"]]
    client.post(f"/v1/exceptions/{before[1]}/claim", json=ANA)

    assert [listed["id"] for listed in client.get("/v1/worklist").json()["rows"]] == before


def test_a_resolved_exception_is_nobodys(client, url):
    client.post(f"{url}/claim", json=ANA)
    client.post(f"{url}/resolve", json=ANA)

    assert client.get(url).json()["claimed_by"] is None
    assert client.post(f"{url}/claim", json=BEN).status_code == 409


def test_an_exception_that_comes_back_is_free(client, url, an_exception, clock):
    client.post(f"{url}/claim", json=ANA)
    client.post(f"{url}/resolve", json=ANA)
    clock.pass_hours(0.1)
    client.post("/v1/exceptions", json=an_exception(updated_at="2026-03-01T12:05:00Z"))

    assert client.post(f"{url}/claim", json=BEN).status_code == 200


def test_what_changed_since_it_was_seen_is_not_claimed(client, url, an_exception):
    revision = client.get(url).headers["ETag"]
    client.post("/v1/exceptions", json=an_exception(message="Another word"))

    answer = client.post(f"{url}/claim", json=ANA, headers={"If-Match": revision})
    assert answer.status_code == 412


def test_the_same_key_gets_the_same_answer(client, url, clock):
    key = {"Idempotency-Key": "k"}
    first = client.post(f"{url}/claim", json=ANA, headers=key)
    clock.ms += MS_PER_HOUR // 10
    again = client.post(f"{url}/claim", json=ANA, headers=key)

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.post(f"{url}/release", json=ANA, headers=key).status_code == 422


def test_a_claim_without_a_name_is_refused(client, url):
    assert client.post(f"{url}/claim", json={}).json()["errors"][0]["pointer"] == "/by"


def test_what_is_not_there_can_not_be_claimed(client):
    assert client.post(f"/v1/exceptions/exc_{'0' * 26}/claim", json=ANA).status_code == 404


def test_claims_outlive_a_restart(running):
    with running() as client:
        payload = {"external_id": "a", "source": "s", "detected_at": "2026-03-01T09:13:02Z"}
        created_id = client.post("/v1/exceptions", json=payload).json()["id"]
        client.post(f"/v1/exceptions/{created_id}/claim", json=ANA)
    with running() as client:
        assert row(client)["claimed_by"] == "ana"


@pytest.mark.parametrize("body", [BEN, {}])
def test_what_somebody_has_nobody_else_resolves(client, url, body):
    client.post(f"{url}/claim", json=ANA)
    refused = client.post(f"{url}/resolve", json=body)

    assert (refused.status_code, refused.json()["claimed_by"]) == (409, "ana")
    assert client.get(url).json()["outcome"] is None
    assert client.post(f"{url}/resolve", json=ANA).status_code == 200
