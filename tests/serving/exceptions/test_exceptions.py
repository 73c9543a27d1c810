"""`/v1/exceptions`: taking in, looking at, resolving."""

import pytest

from data.policy.policy import DEFAULT_POLICY


def posted(client, exception, **headers):
    return client.post("/v1/exceptions", json=exception, headers=headers)


def resolved(client, exception_id, body=None, **headers):
    url = f"/v1/exceptions/{exception_id}/resolve"
    return client.post(url, json={} if body is None else body, headers=headers)


def shown(client, exception_id):
    return client.get(f"/v1/exceptions/{exception_id}").json()


def ids_on_the_list(client):
    return [row["external_id"] for row in client.get("/v1/worklist").json()["rows"]]


def test_a_new_exception_is_created_scored_and_on_the_list(client, an_exception):
    answer = posted(client, an_exception("PE-1"))

    assert answer.status_code == 201
    assert answer.json()["id"].startswith("exc_")
    assert answer.json()["score"] is not None
    assert ids_on_the_list(client) == ["PE-1"]


def test_the_same_again_changes_nothing(client, an_exception):
    first = posted(client, an_exception())
    again = posted(client, an_exception())

    assert (again.status_code, again.json()["result"]) == (200, "unchanged")
    assert again.json()["id"] == first.json()["id"]
    assert len(shown(client, first.json()["id"])["history"]) == 1


def test_a_newer_one_replaces_what_was_told(client, an_exception):
    first = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z")).json()
    posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", message="Now mended"))

    assert shown(client, first["id"])["message"] == "Now mended"


def test_one_that_arrives_late_is_noted_and_overwrites_nothing(client, an_exception):
    first = posted(client, an_exception(updated_at="2026-03-01T11:00:00Z")).json()
    late = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z", message="Old news"))

    view = shown(client, first["id"])
    assert late.json()["result"] == "late"
    assert view["message"] == "Postcode does not match city"
    assert [event["event"] for event in view["history"]] == ["created", "late"]


def test_a_version_counts_for_more_than_a_clock(client, an_exception):
    posted(client, an_exception(version=5, updated_at="2026-03-01T10:00:00Z"))
    late = posted(client, an_exception(version=4, updated_at="2026-03-01T11:00:00Z"))

    assert late.json()["result"] == "late"


def test_a_higher_version_reopens_what_its_source_closed(client, an_exception):
    states = ["open", "closed", "open"]
    batch = [an_exception(version=i + 1, status=status) for i, status in enumerate(states)]

    answer = client.post("/v1/exceptions", json={"exceptions": batch}).json()

    results = [(result["result"], result["status"]) for result in answer["results"]]
    assert results == [("created", "open"), ("closed", "resolved"), ("reopened", "open")]
    assert ids_on_the_list(client) == ["PE-1"]


@pytest.mark.parametrize("field", ["updated_at", "detected_at"])
def test_a_time_from_the_future_counts_as_the_arrival_and_is_told(client, an_exception, field):
    first = posted(client, an_exception(**{field: "2099-01-01T00:00:00Z"})).json()
    again = posted(client, an_exception(updated_at="2026-03-01T12:00:00Z", severity="high")).json()

    assert [warning["pointer"] for warning in first["warnings"]] == [f"/{field}"]
    assert (again["result"], again["warnings"]) == ("updated", [])
    assert f'expedite_future_times_total{{field="{field}"}}' in client.get("/metrics").text


def test_a_resolution_in_the_future_counts_as_now(client, an_exception):
    created = posted(client, an_exception()).json()
    answer = resolved(client, created["id"], {"resolved_at": "2099-01-01T00:00:00Z"}).json()

    assert answer["resolved_at"] == "2026-03-01T12:00:00.000Z"
    assert [warning["pointer"] for warning in answer["warnings"]] == ["/resolved_at"]


def order_in(currency, amount):
    return {"total": {"amount": amount, "currency": currency}}


def test_money_without_a_rate_is_not_known_and_is_told(without_champion, an_exception):
    orders = {"EUR": "100.00", "JPY": "15000", "KWD": "100.000", "XXX": "9"}
    for currency, amount in orders.items():
        posted(without_champion, an_exception(currency, order=order_in(currency, amount)))

    rows = without_champion.get("/v1/worklist").json()["rows"]

    stakes = {
        row["external_id"]: (row["money_at_stake"]["amount"], row["order_value_basis"])
        for row in rows
    }
    assert rows[0]["external_id"] == "EUR"
    unknown = dict.fromkeys(("JPY", "KWD", "XXX"), ("30.60", "unknown"))
    assert stakes == {"EUR": ("36.00", "as_sent")} | unknown
    notes = [
        [r["text"] for r in row["reasons"] if r["code"] == "order_value_unknown"] for row in rows
    ]
    assert sum(map(len, notes)) == 3
    assert [row["order_total"]["amount"] for row in rows if row["external_id"] == "JPY"] == [
        "15000"
    ]


def test_money_with_a_rate_is_converted(running, an_exception, tmp_path):
    policy = tmp_path / "rates.toml"
    policy.write_text(DEFAULT_POLICY.read_text().replace("[rates]", "[rates]\nJPY = 0.006", 1))
    with running(policy=policy) as client:
        answer = posted(client, an_exception(order=order_in("JPY", "15000"))).json()

    assert answer["order_value"] == {"amount": "90.00", "currency": "EUR"}
    assert answer["money_at_stake"]["amount"] == "33.30"
    assert {"code": "order_value", "text": "JPY 15,000 counts as EUR 90"} in answer["reasons"]


def test_two_of_the_same_in_one_batch_end_as_the_newer(client, an_exception):
    newer = an_exception(updated_at="2026-03-01T11:00:00Z", severity="high")
    older = an_exception(updated_at="2026-03-01T10:00:00Z", severity="low")

    answer = client.post("/v1/exceptions", json={"exceptions": [newer, older]}).json()

    assert [result["result"] for result in answer["results"]] == ["created", "late"]


def test_one_bad_row_never_fails_the_rest(client, an_exception):
    batch = {"exceptions": [an_exception("a"), {"nothing": 1}, 3, an_exception("b")]}

    answer = client.post("/v1/exceptions", json=batch).json()

    results = [result["result"] for result in answer["results"]]
    assert results == ["created", "refused", "refused", "created"]
    assert sorted(ids_on_the_list(client)) == ["a", "b"]


def test_a_request_sent_again_with_its_key_gets_the_same_answer(client, an_exception):
    key = {"Idempotency-Key": "k-1"}
    first = posted(client, an_exception(), **key)
    again = posted(client, an_exception(), **key)

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_key_with_another_request_is_refused(client, an_exception):
    posted(client, an_exception("a"), **{"Idempotency-Key": "k-1"})
    other = posted(client, an_exception("b"), **{"Idempotency-Key": "k-1"})

    assert other.status_code == 422
    assert ids_on_the_list(client) == ["a"]


def test_an_unknown_type_becomes_other_and_keeps_its_own_word(client, an_exception):
    created = posted(client, an_exception(type="Gremlins")).json()

    view = shown(client, created["id"])
    assert (view["type"], view["source_value"]) == ("other", "Gremlins")


def test_a_type_is_read_in_any_case(client, an_exception):
    created = posted(client, an_exception(type="FRAUD_RISK")).json()

    assert shown(client, created["id"])["type"] == "fraud_risk"


def test_an_exception_is_kept_as_it_was_posted(client, an_exception):
    payload = an_exception(colour="red")

    assert shown(client, posted(client, payload).json()["id"])["payload"] == payload


def test_one_that_its_source_closed_is_not_on_the_list(client, an_exception):
    posted(client, an_exception(updated_at="2026-03-01T10:00:00Z"))
    closed = posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", status="Resolved"))

    assert closed.json()["result"] == "closed"
    assert ids_on_the_list(client) == []


def test_a_resolved_one_leaves_the_list(client, an_exception):
    created = posted(client, an_exception()).json()
    answer = resolved(client, created["id"], {"category": "incorrect_address", "by": "ana"})

    assert answer.status_code == 200
    assert ids_on_the_list(client) == []


def test_a_resolution_is_kept_with_when_it_was_known(client, an_exception, clock):
    created = posted(client, an_exception()).json()
    clock.pass_hours(1)
    loss = {"amount": "12.50", "currency": "EUR"}
    body = {"category": "fraud_risk", "team": "fraud", "touch_minutes": 7, "loss": loss,
            "breached": False, "label_origin": "accepted", "team_origin": "typed",
            "by": "ana"}  # fmt: skip
    resolved(client, created["id"], body)

    outcome = shown(client, created["id"])["outcome"]

    moments = {key: outcome.pop(key) for key in ("known_at", "resolved_at")}
    assert outcome == body | {"suggestion_hidden": False}
    assert moments["known_at"] == "2026-03-01T13:00:00.000Z"


def test_resolving_again_alike_changes_nothing(client, an_exception):
    created = posted(client, an_exception()).json()
    first = resolved(client, created["id"], {"team": "fraud"})
    again = resolved(client, created["id"], {"team": "fraud"})

    assert again.status_code == 200
    assert again.headers["ETag"] == first.headers["ETag"]


def test_resolving_otherwise_without_an_etag_is_a_conflict(client, an_exception):
    created = posted(client, an_exception()).json()
    resolved(client, created["id"], {"team": "fraud"})

    assert resolved(client, created["id"], {"team": "addresses"}).status_code == 409


def test_a_resolution_is_corrected_by_who_saw_the_present_one(client, an_exception):
    created = posted(client, an_exception()).json()
    first = resolved(client, created["id"], {"team": "fraud"})
    tag = {"If-Match": first.headers["ETag"]}

    assert resolved(client, created["id"], {"team": "addresses"}, **tag).status_code == 200
    assert shown(client, created["id"])["outcome"]["team"] == "addresses"


def test_an_etag_of_the_past_is_refused(client, an_exception):
    first = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z"))
    posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", severity="high"))

    tag = {"If-Match": first.headers["ETag"]}

    assert resolved(client, first.json()["id"], **tag).status_code == 412


def test_a_source_that_had_not_heard_of_the_resolution_does_not_reopen(client, an_exception):
    created = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z")).json()
    resolved(client, created["id"])
    posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", severity="high"))

    assert shown(client, created["id"])["status"] == "resolved"


def test_a_source_that_opens_it_after_the_resolution_reopens(client, an_exception):
    created = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z")).json()
    resolved(client, created["id"])
    again = posted(client, an_exception(updated_at="2026-03-01T12:30:00Z", severity="high"))

    assert again.json()["result"] == "reopened"
    assert shown(client, created["id"])["outcome"] is None


@pytest.mark.parametrize("exception_id", ["exc_" + "0" * 26, "nonsense", "exc_%00"])
def test_an_unknown_id_is_a_problem(client, exception_id):
    answer = client.get(f"/v1/exceptions/{exception_id}")

    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_history_says_what_was_decided_by_which_model(client, an_exception):
    created = posted(client, an_exception()).json()

    decided = shown(client, created["id"])["history"][0]["decided"]

    assert (decided["team"], decided["model_version"]) == ("addresses", "7")


def test_what_was_accepted_is_there_after_a_restart(running, an_exception):
    with running() as client:
        posted(client, an_exception("a"))
        gone = posted(client, an_exception("b")).json()
        resolved(client, gone["id"])

    with running() as client:
        assert ids_on_the_list(client) == ["a"]
        assert shown(client, gone["id"])["status"] == "resolved"


def test_a_moment_that_does_not_exist_is_not_called_missing(client, an_exception):
    answer = client.post("/v1/exceptions", json=an_exception(detected_at="2026-02-30T09:13Z"))

    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/detected_at"
    assert error["detail"] != "Field required"
