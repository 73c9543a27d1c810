"""Builders of the tests of promises: services that withhold, and people who judge."""

import pytest

from serving.scoring.assessment import Assessment


@pytest.fixture
def audited(running, shelf, a_triage, policy_with):
    """Start a service whose automatic decisions are all audited."""
    shelf.promote(a_triage())
    return lambda **changes: running(policy=policy_with(audit_share=1.0), **changes)


@pytest.fixture
def hidden(running, shelf, a_triage, policy_with):
    """Start a service that shows no suggestion at all."""
    shelf.promote(a_triage())
    return lambda: running(policy=policy_with(hidden_share=1.0))


@pytest.fixture
def posted():
    """Post one exception; return the answer."""

    def post(client, exception):
        return client.post("/v1/exceptions", json=exception).json()

    return post


@pytest.fixture
def resolved():
    """Say how one ended; return it as it is shown then."""

    def resolve(client, exception_id, **resolution):
        answer = client.post(f"/v1/exceptions/{exception_id}/resolve", json=resolution)
        assert answer.status_code == 200, answer.text
        return client.get(f"/v1/exceptions/{exception_id}").json()

    return resolve


@pytest.fixture
def judged(posted, resolved):
    """Post exceptions, and let people say what each was."""

    def judge(client, an_exception, category, times, first=0):
        for i in range(first, first + times):
            resolved(client, posted(client, an_exception(f"J-{i}"))["id"], category=category)

    return judge


@pytest.fixture
def decision():
    """The decision on the category of an exception, hidden from people or not."""

    def find(client, exception_id):
        record = client.app.state.service.ledger.record(exception_id)
        return Assessment.from_json(record.opinion).decisions["category"].decision

    return find


@pytest.fixture
def promise():
    """One promise, as the service tells it."""

    def find(client, name="incorrect_address", label="category"):
        promises = client.get("/v1/promises").json()["promises"]
        return next(entry for entry in promises if (entry["label"], entry["name"]) == (label, name))

    return find
