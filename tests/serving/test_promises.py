"""Promises at work: what is automatic, what is withheld, audits, the alarm, `/v1/promises`."""

from collections import Counter
from contextlib import ExitStack

import orjson
import pytest

from data.ledger import Ledger
from data.ledger_promises import salt_of
from serving.opinions import Opinion
from serving.withholding import Draws

ALL_AUDITED = {"audit_share": 1.0}
ALL_HIDDEN = {"hidden_share": 1.0}
WRONG_UNTIL_WITHDRAWN = 5
"""So many audits in a row, all wrong, withdraw a promise of 5 %."""


@pytest.fixture
def audited(running, shelf, a_triage, policy_with):
    """Start a service whose automatic decisions are all audited."""
    shelf.promote(a_triage())
    return lambda **changes: running(policy=policy_with(**ALL_AUDITED), **changes)


@pytest.fixture
def hidden(running, shelf, a_triage, policy_with):
    """Start a service that shows no suggestion at all."""
    shelf.promote(a_triage())
    return lambda: running(policy=policy_with(**ALL_HIDDEN))


def posted(client, one):
    return client.post("/v1/exceptions", json=one).json()


def resolved(client, exception_id, **told):
    answer = client.post(f"/v1/exceptions/{exception_id}/resolve", json=told)
    assert answer.status_code == 200, answer.text
    return client.get(f"/v1/exceptions/{exception_id}").json()


def judged(client, an_exception, category, times, first=0):
    """Post exceptions and let people say what each was."""
    for i in range(first, first + times):
        resolved(client, posted(client, an_exception(f"J-{i}"))["id"], category=category)


def decision(client, exception_id):
    """What is decided of the category, be it told or not."""
    record = client.app.state.desk.ledger.record(exception_id)
    return Opinion.from_json(record.opinion).verdicts["category"].decision


def promise(client, name="incorrect_address", label="category"):
    told = client.get("/v1/promises").json()["promises"]
    return next(one for one in told if (one["label"], one["name"]) == (label, name))


def test_an_automatic_decision_names_the_promise_that_it_rests_on(client, an_exception):
    category = posted(client, an_exception())["category"]

    assert category["decision"] == "auto"
    rests_on = category["promise"]
    assert (rests_on["error"], rests_on["model_version"]) == (0.05, "7")
    assert rests_on["confidence"] >= 0.95
    assert rests_on["threshold"] <= category["probability"]


def test_the_team_is_decided_as_the_category_is(client, an_exception):
    answer = posted(client, an_exception())

    assert answer["routing"]["label"] == answer["team"] == "addresses"
    assert answer["routing"]["decision"] == "auto"


def test_what_is_not_promised_is_suggested(client, an_exception):
    category = posted(client, an_exception(type="fraud_risk"))["category"]

    assert (category["decision"], category["promise"]) == ("suggest", None)


def test_without_promises_nothing_is_automatic(running, shelf, a_triage, an_exception):
    champion = a_triage()
    champion.evidence = {}
    shelf.promote(champion)
    with running() as client:
        answer = posted(client, an_exception())

    assert "auto" not in (answer["category"]["decision"], answer["routing"]["decision"])


def test_an_audited_decision_is_not_told(audited, an_exception):
    with audited() as client:
        told = posted(client, an_exception())
        seen = client.get(f"/v1/exceptions/{told['id']}").json()
        (row,) = client.get("/v1/worklist").json()["rows"]

    for answer in (told, seen, row):
        assert (answer["category"]["label"], answer["team"]) == (None, None)
        assert answer["category"]["decision"] == answer["routing"]["decision"] == "abstain"
        assert "category" not in {reason["code"] for reason in answer["reasons"]}
    assert seen["history"][0]["decided"]["category"] is None


def test_nobody_can_tell_an_audit_from_the_hidden_share(audited, hidden, an_exception):
    same = ("category", "team", "team_probability", "routing", "suggestion_hidden", "reasons")
    with audited() as client:
        audit = posted(client, an_exception("A"))
    with hidden() as client:
        sample = posted(client, an_exception("H"))

    assert [audit[part] for part in same] == [sample[part] for part in same]


def test_an_audited_row_is_in_the_list_of_no_category_but_that_it_was_raised_as(
    audited, an_exception
):
    with audited() as client:
        posted(client, an_exception(type="incorrect_address"))
        of_team = client.get("/v1/worklist?team=addresses").json()["total"]
        of_type = client.get("/v1/worklist?category=incorrect_address").json()["total"]

    assert (of_team, of_type) == (0, 1)


def test_what_was_withheld_is_told_once_people_have_judged(audited, an_exception):
    with audited() as client:
        seen = resolved(client, posted(client, an_exception())["id"], category="fraud_risk")

    assert seen["category"]["label"] == "incorrect_address"
    assert seen["history"][0]["decided"]["category"] == "incorrect_address"


def test_a_suggestion_that_was_not_shown_was_not_accepted(hidden, an_exception):
    told = {"category": "fraud_risk", "label_origin": "accepted", "team": "fraud"}
    with hidden() as client:
        outcome = resolved(client, posted(client, an_exception())["id"], **told)["outcome"]

    assert (outcome["label_origin"], outcome["team_origin"]) == ("typed", "typed")
    assert outcome["suggestion_hidden"] is True


def test_what_was_shown_and_accepted_is_recorded_so(client, an_exception):
    told = {"category": "incorrect_address", "label_origin": "accepted",
            "team": "fraud", "team_origin": "typed"}  # fmt: skip
    outcome = resolved(client, posted(client, an_exception())["id"], **told)["outcome"]

    assert (outcome["label_origin"], outcome["team_origin"]) == ("accepted", "typed")
    assert outcome["suggestion_hidden"] is False


def test_an_origin_is_of_a_label_that_was_given(client, an_exception):
    outcome = resolved(client, posted(client, an_exception())["id"], touch_minutes=3)["outcome"]

    assert (outcome["label_origin"], outcome["team_origin"]) == (None, None)


def test_a_decision_that_nobody_touched_ends_as_automatic(client, an_exception):
    told = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z"))
    posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", status="closed"))
    outcome = client.get(f"/v1/exceptions/{told['id']}").json()["outcome"]

    assert (outcome["category"], outcome["label_origin"]) == ("incorrect_address", "automatic")
    assert (outcome["team"], outcome["team_origin"]) == ("addresses", "automatic")


@pytest.mark.parametrize("kind", ["fraud_risk", "something else"])
def test_what_was_only_suggested_ends_untold(client, an_exception, kind):
    told = posted(client, an_exception(type=kind, updated_at="2026-03-01T10:00:00Z"))
    posted(client, an_exception(type=kind, updated_at="2026-03-01T11:00:00Z", status="closed"))

    assert client.get(f"/v1/exceptions/{told['id']}").json()["outcome"] is None


def test_an_audited_decision_that_the_source_closes_ends_untold(audited, an_exception):
    with audited() as client:
        told = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z"))
        posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", status="closed"))
        assert client.get(f"/v1/exceptions/{told['id']}").json()["outcome"] is None


def test_an_audit_counts_what_people_found(audited, an_exception):
    with audited() as client:
        judged(client, an_exception, "incorrect_address", 3)
        judged(client, an_exception, "fraud_risk", 1, first=3)
        audits = promise(client)["audits"]

    assert (audits["n"], audits["wrong"]) == (4, 1)
    assert [one["actual"] for one in audits["history"]][-1] == "fraud_risk"


def test_a_resolution_said_again_is_one_audit(audited, an_exception):
    with audited() as client:
        exception_id = posted(client, an_exception())["id"]
        for _ in range(2):
            resolved(client, exception_id, category="fraud_risk")

        assert promise(client)["audits"]["n"] == 1


def test_a_corrected_resolution_corrects_its_audit(audited, an_exception):
    with audited() as client:
        exception_id = posted(client, an_exception())["id"]
        resolved(client, exception_id, category="fraud_risk")
        url = f"/v1/exceptions/{exception_id}"
        tag = {"If-Match": client.get(url).headers["ETag"]}
        client.post(f"{url}/resolve", json={"category": "incorrect_address"}, headers=tag)
        audits = promise(client)["audits"]

    assert (audits["n"], audits["wrong"]) == (1, 0)


def test_what_is_shown_is_no_audit(client, an_exception):
    judged(client, an_exception, "fraud_risk", 2)

    assert promise(client)["audits"]["n"] == 0


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_audits_that_go_wrong_withdraw_a_promise_for_good(
    request, audited, settings, an_exception, database
):
    url = settings.database_url
    if database == "postgresql":
        url = request.getfixturevalue("postgres_url")
    # None of the three closes before the next one starts: as if it was killed.
    with ExitStack() as services:
        first, second, third = (
            lambda: services.enter_context(audited(database_url=url)) for _ in range(3)
        )
        client = first()
        judged(client, an_exception, "fraud_risk", 1)
        assert promise(client)["state"] == "kept"
        client = second()
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN - 1, first=1)
        assert promise(client)["state"] == "suspended"
        client = third()
        told = promise(client)
        assert (told["state"], told["audits"]["wrong"]) == ("suspended", told["audits"]["n"])
        assert told["audits"]["wealth"] >= told["audits"]["limit"]
        assert decision(client, posted(client, an_exception("after"))["id"]) == "suggest"


def test_a_withdrawn_promise_of_one_class_leaves_the_others(audited, an_exception):
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)

        assert promise(client, "addresses", "team")["state"] == "kept"


def test_another_champion_promises_anew(audited, an_exception, shelf, a_triage):
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)
    shelf.promote(a_triage("8"))
    with audited() as client:
        assert promise(client)["state"] == "kept"


def test_what_was_decided_stays_decided_when_the_promise_is_withdrawn(client, an_exception):
    told = posted(client, an_exception())
    withdraw = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "drift"}
    assert client.post("/v1/promises/suspend", json=withdraw).status_code == 200

    assert posted(client, an_exception("new"))["category"]["decision"] == "suggest"
    seen = client.get(f"/v1/exceptions/{told['id']}").json()
    assert seen["category"]["decision"] == "auto"


def test_a_promise_given_again_is_automatic_again(client, an_exception, clock):
    told = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "why"}
    client.post("/v1/promises/suspend", json=told)
    clock.pass_hours(1)
    answer = client.post("/v1/promises/lift", json=told | {"reason": "the form was mended"})

    assert answer.json()["state"] == "kept"
    assert posted(client, an_exception())["category"]["decision"] == "auto"
    assert promise(client)["reason"] == "the form was mended"


def test_a_promise_given_again_is_not_withdrawn_by_its_old_audits(audited, an_exception, clock):
    told = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "mended"}
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)
        clock.pass_hours(1)
        client.post("/v1/promises/lift", json=told)
        clock.pass_hours(1)
        judged(client, an_exception, "incorrect_address", 2, first=WRONG_UNTIL_WITHDRAWN)
        again = promise(client)

    assert (again["state"], again["audits"]["n"]) == ("kept", 2)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"name": "fraud_risk"}, 404), ({"label": "priority"}, 422), ({"reason": " "}, 422)],
)
def test_only_a_promise_that_is_made_is_withdrawn_and_with_a_reason(client, changes, status):
    told = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "drift"}

    assert client.post("/v1/promises/suspend", json=told | changes).status_code == status


def test_a_promise_is_not_given_again_that_holds(client):
    told = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "why not"}

    assert client.post("/v1/promises/lift", json=told).status_code == 409


def test_promises_say_what_they_rest_on(client):
    told = promise(client)

    assert told["state"] == "kept"
    assert told["calibration"]["accepted"] == 400
    assert told["calibration"]["upper_bound"] <= told["promised_error"]
    assert told["automatic_share"] == 0.8


def test_a_class_without_a_promise_says_what_it_lacks(client):
    told = promise(client, "fraud_risk")

    assert told["state"] in ("abstained", "too_few")
    assert (told["threshold"], told["automatic_share"]) == (None, 0)


def test_the_hidden_share_judges_the_model(hidden, an_exception):
    with hidden() as client:
        judged(client, an_exception, "incorrect_address", 3)
        judged(client, an_exception, "fraud_risk", 1, first=3)
        labels = {one["label"]: one for one in client.get("/v1/promises").json()["labels"]}

    assert labels["category"]["hidden"] == {"n": 4, "right": 3, "accuracy": 0.75}
    assert labels["team"]["hidden"]["n"] == 0


def test_without_a_champion_nothing_is_promised(without_champion):
    answer = without_champion.get("/v1/promises").json()

    assert (answer["degraded"], answer["promises"]) == (True, [])


def test_decisions_audits_and_suspensions_are_counted(audited, an_exception):
    with audited() as client:
        judged(client, an_exception, "fraud_risk", WRONG_UNTIL_WITHDRAWN)
        counts = client.get("/metrics").text

    for line in (
        'expedite_decisions_total{decision="withheld",label="category"}',
        'expedite_audits_total{found="wrong",label="category"}',
        'expedite_suspensions_total{label="category"}',
    ):
        assert line in counts


def test_a_new_champion_keeps_what_was_decided_and_what_was_withheld(client, an_exception):
    before = posted(client, an_exception())
    opinion = Opinion.from_json(client.app.state.desk.ledger.record(before["id"]).opinion)
    other = opinion.withholding("hidden")
    anew = Opinion.from_json(opinion.to_json().replace('"auto"', '"suggest"'))

    assert anew.after(opinion).category == opinion.category
    assert anew.after(other).withheld is not None


def test_opinions_are_read_as_they_were_written(client, an_exception):
    record = client.app.state.desk.ledger.record(posted(client, an_exception())["id"])
    opinion = Opinion.from_json(record.opinion)

    assert Opinion.from_json(opinion.withholding("audit").to_json()) == opinion.withholding("audit")


def test_opinions_of_ledgers_before_teams_were_decided_are_read(client, an_exception):
    record = client.app.state.desk.ledger.record(posted(client, an_exception())["id"])
    opinion = Opinion.from_json(record.opinion)
    old = vars(opinion) | {"team": "fraud", "team_probability": 0.5}
    text = orjson.dumps({k: v for k, v in old.items() if k not in ("routing", "withheld")})

    assert Opinion.from_json(text.decode()).team == "fraud"


def test_the_draw_is_even():
    draws = Draws("salt", 0.0, 0.0)
    tenths = Counter(int(10 * draws.number("shop", f"PE-{i}")) for i in range(20_000))

    # Chi squared with nine degrees of freedom: above 33.7 once in ten thousand.
    assert sum((tenths[i] - 2_000) ** 2 / 2_000 for i in range(10)) < 33.7


def test_the_draw_of_an_exception_is_the_same_again():
    assert Draws("a", 0, 0).number("s", "1") == Draws("a", 0, 0).number("s", "1")


def test_ledgers_draw_differently(tmp_path):
    salts = set()
    for name in "ab":
        ledger = Ledger.open(f"sqlite:///{tmp_path / name}")
        with ledger.reading() as connection:
            salts.add(salt_of(connection))
        ledger.close()

    assert len(salts) == 2


def test_shares_are_as_the_policy_says(client, an_exception):
    opinion = Opinion.from_json(
        client.app.state.desk.ledger.record(posted(client, an_exception())["id"]).opinion
    )
    draws = Draws("salt", audit_share=0.05, hidden_share=0.02)
    why = Counter(
        held.why if (held := draws.applied(opinion, "shop", str(i)).withheld) else ""
        for i in range(20_000)
    )

    assert why["hidden"] == pytest.approx(400, abs=80)
    assert why["audit"] == pytest.approx(600, abs=100)
