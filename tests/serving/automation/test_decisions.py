"""What is automatic, what is suggested, and what `/v1/promises` says of it."""

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
    told = promise(client)

    assert told["state"] == "kept"
    assert told["calibration"]["accepted"] == 400
    assert told["calibration"]["upper_bound"] <= told["promised_error"]
    assert told["automatic_share"] == 0.8


def test_a_class_without_a_promise_says_what_it_lacks(promise, client):
    told = promise(client, "fraud_risk")

    assert told["state"] in ("abstained", "too_few")
    assert (told["threshold"], told["automatic_share"]) == (None, 0)


def test_the_hidden_share_judges_the_model(judged, hidden, an_exception):
    with hidden() as client:
        judged(client, an_exception, "incorrect_address", 3)
        judged(client, an_exception, "fraud_risk", 1, first=3)
        labels = {one["label"]: one for one in client.get("/v1/promises").json()["labels"]}

    assert labels["category"]["hidden"] == {"n": 4, "right": 3, "accuracy": 0.75}
    assert labels["team"]["hidden"]["n"] == 0


def test_without_a_champion_nothing_is_promised(without_champion):
    answer = without_champion.get("/v1/promises").json()

    assert (answer["degraded"], answer["promises"]) == (True, [])


def test_opinions_are_read_as_they_were_written(posted, client, an_exception):
    record = client.app.state.service.ledger.record(posted(client, an_exception())["id"])
    opinion = Assessment.from_json(record.opinion)

    assert Assessment.from_json(opinion.withholding("audit").to_json()) == opinion.withholding(
        "audit"
    )


def test_opinions_of_ledgers_before_teams_were_decided_are_read(posted, client, an_exception):
    record = client.app.state.service.ledger.record(posted(client, an_exception())["id"])
    opinion = Assessment.from_json(record.opinion)
    old = vars(opinion) | {"team": "fraud", "team_probability": 0.5}
    text = orjson.dumps({k: v for k, v in old.items() if k not in ("routing", "withheld")})

    assert Assessment.from_json(text.decode()).team == "fraud"
