"""`POST /v1/score`."""

from datetime import datetime

import pytest


def test_a_score_says_by_what_and_when_it_was_made(client, an_exception):
    answer = client.post("/v1/score", json=an_exception()).json()

    assert answer["model_version"] == "7"
    assert answer["policy_version"].startswith("default-1+")
    assert answer["scored_at"] == "2026-03-01T12:00:00.000Z"
    assert answer["degraded"] is False


def test_a_score_is_money_an_hour_for_an_hour_of_work(client, an_exception):
    answer = client.post("/v1/score", json=an_exception()).json()

    now, later = (
        float(answer[f"expected_loss_{when}"]["amount"]) for when in ("now", "if_deferred")
    )
    assert answer["score"] > 0
    assert later >= now


def test_a_deadline_nearer_than_the_work_takes_scores_higher(client, an_exception):
    near = an_exception(due_at="2026-03-01T12:20:00Z")
    far = an_exception(due_at="2026-03-02T12:00:00Z")

    scores = [client.post("/v1/score", json=item).json()["score"] for item in (near, far)]

    assert scores[0] > scores[1]


def test_the_category_of_a_sure_model_is_automatic(client, an_exception):
    category = client.post("/v1/score", json=an_exception()).json()["category"]

    assert category["label"] == "incorrect_address"
    assert category["decision"] == "auto"


def test_the_category_of_an_unsure_model_is_suggested_with_its_likely_others(client, an_exception):
    category = client.post("/v1/score", json=an_exception(type="fraud_risk")).json()["category"]

    assert category["decision"] == "suggest"
    assert category["prediction_set"] == ["fraud_risk", "incorrect_address"]


def test_the_team_is_the_likeliest(client, an_exception):
    assert client.post("/v1/score", json=an_exception()).json()["team"] == "addresses"


def test_reasons_are_in_words_and_money(client, an_exception):
    texts = [r["text"] for r in client.post("/v1/score", json=an_exception()).json()["reasons"]]

    assert any(text.startswith("EUR ") and text.endswith("at stake") for text in texts)
    assert "due in 4 h 0 min" in texts


def test_without_a_champion_the_score_is_null_and_says_degraded(without_champion, an_exception):
    answer = without_champion.post("/v1/score", json=an_exception())

    assert answer.status_code == 200
    assert answer.json()["score"] is None
    assert answer.json()["degraded"] is True


def test_a_champion_that_fails_on_an_exception_degrades_the_answer(client, an_exception):
    service = client.app.state.service
    service.scorer.champion.current.classes["team"] = None  # any fault inside a model

    answer = client.post("/v1/score", json=an_exception())

    assert (answer.status_code, answer.json()["degraded"]) == (200, True)


def test_scoring_stores_nothing(client, an_exception):
    client.post("/v1/score", json=an_exception())

    assert client.get("/v1/worklist").json()["total"] == 0


def test_a_batch_answers_item_by_item_in_order(client, an_exception):
    batch = [an_exception("a"), an_exception("b", detected_at="yesterday"), an_exception("c")]

    answer = client.post("/v1/score", json={"exceptions": batch}).json()

    assert [result["result"] for result in answer["results"]] == ["scored", "refused", "scored"]
    assert [result["external_id"] for result in answer["results"]] == ["a", "b", "c"]
    assert (answer["scored"], answer["refused"]) == (2, 1)


def test_a_refused_item_is_pointed_at_within_its_batch(client, an_exception):
    batch = [an_exception("a"), an_exception("b", detected_at="yesterday")]

    refused = client.post("/v1/score", json={"exceptions": batch}).json()["results"][1]

    assert refused["errors"][0]["pointer"] == "/exceptions/1/detected_at"


def test_one_is_scored_alike_alone_and_among_others(client, an_exception):
    ones = [an_exception(str(i), type=t) for i, t in enumerate(["fraud_risk", "manual", None])]
    alone = [client.post("/v1/score", json=item).json() for item in ones]

    together = client.post("/v1/score", json={"exceptions": ones * 20}).json()["results"]

    assert together == alone * 20


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1, 2]", b"3", b'{"exceptions": 3}'])
def test_what_is_no_exception_is_refused_as_a_problem(client, body):
    answer = client.post("/v1/score", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("path", ["/v1/score", "/v1/exceptions"])
def test_an_amount_that_cannot_be_read_is_named_with_the_cure(client, an_exception, path):
    order = {"total": {"amount": "184,90", "currency": "EUR"}}

    answer = client.post(path, json=an_exception(order=order)).json()

    assert answer["order_value"] is None
    assert [warning["pointer"] for warning in answer["warnings"]] == ["/order/total/amount"]
    assert "decimal text" in answer["warnings"][0]["detail"]
    counted = 'expedite_unread_values_total{field="order.total.amount"}'
    assert (counted in client.get("/metrics").text) == (path == "/v1/exceptions")


@pytest.mark.parametrize(
    "moment",
    [
        "1 March 2026",
        1772356382,
        "2026-03-01T25:00:00Z",
        "0900-01-01T00:00:00Z",
    ],
)
def test_a_time_without_sense_is_refused(client, an_exception, moment):
    problem = client.post("/v1/score", json=an_exception(detected_at=moment))

    assert problem.status_code == 422
    assert problem.json()["errors"][0]["pointer"] == "/detected_at"


@pytest.mark.parametrize("at", ["", "2026-03-01T11:59", "2026-03-01 12:59:30,5+0100"])
def test_a_moment_of_a_query_is_read_as_one_of_a_body(client, at):
    answer = client.get("/v1/worklist", params={"at": at, "team": ""})
    assert not at or "is before what the ledger can tell" in answer.text
    assert at or answer.status_code == 200


def test_blank_fields_do_not_change_a_score(client, an_exception):
    bare = client.post("/v1/score", json=an_exception()).json()
    blank = client.post(
        "/v1/score", json=an_exception(reason_code="", severity=" ", due_at="")
    ).json()

    same = ("external_id", "category", "team", "degraded")
    assert {name: blank[name] for name in same} == {name: bare[name] for name in same}


def test_an_unknown_field_is_let_through(client, an_exception):
    assert client.post("/v1/score", json=an_exception(colour="red")).status_code == 200


def test_a_body_larger_than_the_limit_is_refused(running, an_exception):
    with running(largest_body_bytes=100) as client:
        assert client.post("/v1/score", json=an_exception()).status_code == 413


def test_a_batch_larger_than_the_limit_is_refused(running, an_exception):
    with running(largest_batch=2) as client:
        answer = client.post("/v1/score", json={"exceptions": [an_exception()] * 3})

    assert answer.status_code == 413


def test_scored_at_is_a_time_with_an_offset(client, an_exception):
    answer = client.post("/v1/score", json=an_exception()).json()

    assert datetime.fromisoformat(answer["latest_safe_start_at"]).tzinfo is not None
