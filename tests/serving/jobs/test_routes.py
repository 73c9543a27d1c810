"""Jobs over HTTP and on the page: started, listed, cancelled, and refused."""

import re

import pytest

from data.ledger.action_log import latest_actions

AS_OF = "2026-03-01T00:00:00Z"


@pytest.fixture
def jobs_client(running, tmp_path):
    with running(history=tmp_path / "history") as client:
        client.timeout = 60
        yield client


def start(client, headers=None, **payload):
    return client.post("/v1/jobs", json=payload, headers=headers)


def test_a_job_is_started_once_of_a_kind_listed_and_cancelled(jobs_client):
    started = start(jobs_client, kind="forecast", as_of=AS_OF, horizon=4)
    job = started.json()
    second = start(jobs_client, kind="forecast")
    other = start(jobs_client, kind="drift", days=7).json()

    assert (started.status_code, job["status"], second.status_code) == (202, "waiting", 409)
    assert job["parameters"] == {"as_of": "2026-03-01T00:00:00.000Z", "horizon": 4}
    listed = jobs_client.get("/v1/jobs").json()
    assert not listed["has_worker"]
    assert {each["id"] for each in listed["jobs"]} == {job["id"], other["id"]}

    cancelled = jobs_client.post(f"/v1/jobs/{job['id']}/cancel", json={}).json()
    assert cancelled["status"] == jobs_client.get(f"/v1/jobs/{job['id']}").json()["status"]
    assert cancelled["status"] == "cancelled"
    assert jobs_client.post(f"/v1/jobs/{job['id']}/cancel", json={}).status_code == 409
    assert start(jobs_client, kind="forecast").status_code == 202
    with jobs_client.app.state.service.ledger.reading() as connection:
        actions = [(action.action, action.subject) for action in latest_actions(connection, 9)]
    assert ("cancel_job", job["id"]) in actions
    assert ("start_job", other["id"]) in actions


def test_a_job_that_can_not_be_run_so_is_refused(jobs_client, running):
    wrong = start(jobs_client, kind="drift", horizon=3)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/horizon")
    assert start(jobs_client, kind="shell").status_code == 422
    assert start(jobs_client, kind="drift", days="--x").status_code == 422
    assert jobs_client.get(f"/v1/jobs/job_{'0' * 26}").status_code == 404
    assert jobs_client.get("/v1/jobs/none").status_code == 422
    with running(history=None) as client:
        assert "EXPEDITE_HISTORY" in start(client, kind="triage").json()["detail"]


def test_a_start_that_is_sent_again_with_its_key_is_the_same_job(jobs_client):
    key = {"Idempotency-Key": "nightly"}
    first = start(jobs_client, key, kind="rescore").json()

    assert start(jobs_client, key, kind="rescore").json()["id"] == first["id"]
    assert start(jobs_client, key, kind="export").status_code == 422
    assert len(jobs_client.get("/v1/jobs").json()["jobs"]) == 1


def test_the_page_starts_and_cancels_a_job(jobs_client):
    form = {"kind": "export"}
    assert jobs_client.post("/jobs", data=form, headers={"HX-Request": "true"}).status_code == 303
    page = jobs_client.get("/jobs").text
    (job_id,) = set(re.findall(r"job_[0-9a-z]{26}", page))

    assert "No worker is there" in page
    cancel = jobs_client.post(f"/jobs/{job_id}/cancel", headers={"HX-Request": "true"})
    assert cancel.status_code == 303
    assert '<span class="mark">cancelled</span>' in jobs_client.get("/jobs/list").text
