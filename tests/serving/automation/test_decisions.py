"""Decisions that are automatic or suggested, and the answer of `/v1/promises` about them."""

from dataclasses import replace

import orjson

from serving.scoring.assessment import Assessment


def test_an_automatic_decision_names_the_promise_that_it_rests_on(posted, client, an_exception):
    category = posted(client, an_exception())["category"]

    assert category["decision"] == "auto"
    rests_on = category["promise"]
    assert (rests_on["error"], rests_on["model_version"]) == (0.05, "7")
    assert rests_on["confidence"] >= 0.95
    assert rests_on["threshold"] <= category["probability"]


def test_the_team_is_decided_as_the_category_is(posted, client, an_exception):
    answer = posted(client, an_exception())

    assert answer["routing"]["label"] == answer["team"] == "addresses"
    assert answer["routing"]["decision"] == "auto"


def test_what_is_not_promised_is_suggested(posted, client, an_exception):
    category = posted(client, an_exception(type="fraud_risk"))["category"]

    assert (category["decision"], category["promise"]) == ("suggest", None)


def test_without_promises_nothing_is_automatic(posted, running, shelf, a_triage, an_exception):
    champion = a_triage()
    champion.evidence = {}
    shelf.promote(champion)
    with running() as client:
        answer = posted(client, an_exception())

    assert "auto" not in (answer["category"]["decision"], answer["routing"]["decision"])


def test_promises_say_what_they_rest_on(promise, client):
    state = promise(client)

    assert state["state"] == "kept"
    assert state["calibration"]["accepted"] == 400
    assert state["calibration"]["upper_bound"] <= state["promised_error"]
    assert state["automatic_share"] == 0.8


def test_a_class_without_a_promise_says_what_it_lacks(promise, client):
    state = promise(client, "fraud_risk")

    assert state["state"] in ("abstained", "too_few")
    assert (state["threshold"], state["automatic_share"]) == (None, 0)


def test_the_hidden_share_judges_the_model(judged, hidden, an_exception):
    with hidden() as client:
        judged(client, an_exception, "incorrect_address", 3)
        judged(client, an_exception, "fraud_risk", 1, first=3)
        summaries = client.get("/v1/promises").json()["labels"]
        labels = {summary["label"]: summary for summary in summaries}

    assert labels["category"]["hidden"] == {"n": 4, "right": 3, "accuracy": 0.75}
    assert labels["team"]["hidden"]["n"] == 0


def test_without_a_champion_nothing_is_promised(without_champion):
    answer = without_champion.get("/v1/promises").json()

    assert (answer["degraded"], answer["promises"]) == (True, [])


def test_opinions_are_read_as_they_were_written(posted, client, an_exception):
    record = client.app.state.service.ledger.record(posted(client, an_exception())["id"])
    assessment = Assessment.from_json(record.opinion)

    audited = assessment.withholding("audit")
    assert Assessment.from_json(audited.to_json()) == audited


def test_opinions_of_ledgers_before_teams_were_decided_are_read(posted, client, an_exception):
    record = client.app.state.service.ledger.record(posted(client, an_exception())["id"])
    assessment = Assessment.from_json(record.opinion)
    old = vars(assessment) | {"team": "fraud", "team_probability": 0.5}
    text = orjson.dumps({k: v for k, v in old.items() if k not in ("routing", "withheld")})

    assert Assessment.from_json(text.decode()).team == "fraud"


def test_a_label_that_the_api_does_not_name_is_not_shown_as_a_category(running, shelf, a_triage):
    triage = a_triage()
    triage.classes["priority"] = replace(triage.classes["category"], label="priority")
    triage.evidence["priority"] = replace(triage.evidence["category"], label="priority")
    shelf.promote(triage)

    with running() as client:
        shown = client.get("/v1/promises").json()

    assert [label["label"] for label in shown["labels"]] == ["category", "team"]
    names = [(promise["label"], promise["name"]) for promise in shown["promises"]]
    assert len(names) == len(set(names)) == 4
