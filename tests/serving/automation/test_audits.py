"""Audits, the alarm, and promises withdrawn and given again."""

from contextlib import ExitStack

import pytest

WRONG_UNTIL_WITHDRAWN = 5
"""So many audits in a row, all wrong, withdraw a promise of 5 %."""


def test_an_audit_counts_what_people_found(judged, promise, audited, an_exception):
    with audited() as client:
        judged(client, an_exception, "incorrect_address", 3)
        judged(client, an_exception, "fraud_risk", 1, first=3)
        audits = promise(client)["audits"]

    assert (audits["n"], audits["wrong"]) == (4, 1)
    assert [audit["actual"] for audit in audits["history"]][-1] == "fraud_risk"


def test_a_resolution_said_again_is_one_audit(posted, resolved, promise, audited, an_exception):
    with audited() as client:
        exception_id = posted(client, an_exception())["id"]
        for _ in range(2):
            resolved(client, exception_id, category="fraud_risk")

        assert promise(client)["audits"]["n"] == 1


def test_a_corrected_resolution_corrects_its_audit(
    posted, resolved, promise, audited, an_exception
):
    with audited() as client:
        exception_id = posted(client, an_exception())["id"]
        resolved(client, exception_id, category="fraud_risk")
        url = f"/v1/exceptions/{exception_id}"
        tag = {"If-Match": client.get(url).headers["ETag"]}
        client.post(f"{url}/resolve", json={"category": "incorrect_address"}, headers=tag)
        audits = promise(client)["audits"]

    assert (audits["n"], audits["wrong"]) == (1, 0)


def test_what_is_shown_is_no_audit(judged, promise, client, an_exception):
    judged(client, an_exception, "fraud_risk", 2)

    assert promise(client)["audits"]["n"] == 0


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_audits_that_go_wrong_withdraw_a_promise_for_good(
    posted, judged, promise, decision, request, audited, settings, an_exception, database
):
    url = settings.database_url
    if database == "postgresql":
        url = request.getfixturevalue("postgres_url")
    calm = {"poll_seconds": 1.0, "recent_seconds": 60.0}
    # None of the three closes before the next one starts: as if it was killed.
    with ExitStack() as services:
        first, second, third = (
            lambda: services.enter_context(audited(database_url=url, **calm)) for _ in range(3)
        )
        client = first()
        judged(client, an_exception, "fraud_risk", 1)
        assert promise(client)["state"] == "kept"
        client = second()
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN - 1, first=1)
        assert promise(client)["state"] == "suspended"
        client = third()
        state = promise(client)
        assert (state["state"], state["audits"]["wrong"]) == ("suspended", state["audits"]["n"])
        assert state["audits"]["wealth"] >= state["audits"]["limit"]
        assert decision(client, posted(client, an_exception("after"))["id"]) == "suggest"


def test_a_withdrawn_promise_of_one_class_leaves_the_others(judged, promise, audited, an_exception):
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)

        assert promise(client, "addresses", "team")["state"] == "kept"


def test_another_champion_promises_anew(judged, promise, audited, an_exception, shelf, a_triage):
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)
    shelf.promote(a_triage("8"))
    with audited() as client:
        assert promise(client)["state"] == "kept"


def test_what_was_decided_stays_decided_when_the_promise_is_withdrawn(posted, client, an_exception):
    created = posted(client, an_exception())
    withdraw = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "drift"}
    assert client.post("/v1/promises/suspend", json=withdraw).status_code == 200

    assert posted(client, an_exception("new"))["category"]["decision"] == "suggest"
    view = client.get(f"/v1/exceptions/{created['id']}").json()
    assert view["category"]["decision"] == "auto"


def test_a_promise_given_again_is_automatic_again(posted, promise, client, an_exception, clock):
    action = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "why"}
    client.post("/v1/promises/suspend", json=action)
    clock.pass_hours(1)
    answer = client.post("/v1/promises/lift", json=action | {"reason": "the form was mended"})

    assert answer.json()["state"] == "kept"
    assert posted(client, an_exception())["category"]["decision"] == "auto"
    assert promise(client)["reason"] == "the form was mended"


def test_a_promise_given_again_is_not_withdrawn_by_its_old_audits(
    judged, promise, audited, an_exception, clock
):
    action = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "mended"}
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)
        clock.pass_hours(1)
        client.post("/v1/promises/lift", json=action)
        clock.pass_hours(1)
        judged(client, an_exception, "incorrect_address", 2, first=WRONG_UNTIL_WITHDRAWN)
        again = promise(client)

    assert (again["state"], again["audits"]["n"]) == ("kept", 2)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"name": "fraud_risk"}, 404), ({"label": "priority"}, 422), ({"reason": " "}, 422)],
)
def test_only_a_promise_that_is_made_is_withdrawn_and_with_a_reason(client, changes, status):
    action = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "drift"}

    assert client.post("/v1/promises/suspend", json=action | changes).status_code == status


def test_a_promise_is_not_given_again_that_holds(client):
    action = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "why not"}

    assert client.post("/v1/promises/lift", json=action).status_code == 409


def test_decisions_audits_and_suspensions_are_counted(judged, audited, an_exception):
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)
        counts = client.get("/metrics").text

    for line in (
        'expedite_decisions_total{decision="withheld",label="category"}',
        'expedite_audits_total{found="wrong",label="category"}',
        'expedite_suspensions_total{label="category"}',
    ):
        assert line in counts
