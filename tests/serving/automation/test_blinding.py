"""Decisions that are hidden from people, ends of exceptions, and the origin of their labels."""

import time
from collections import Counter

import pytest

from data.ledger.audits import salt_of
from data.ledger.ledger import Ledger
from serving.scoring.assessment import Assessment
from serving.scoring.decisions import BlindingDraws
from serving.scoring.recent_logs import RecentLogs


def test_an_audited_decision_is_not_told(posted, audited, an_exception):
    with audited() as client:
        created = posted(client, an_exception())
        view = client.get(f"/v1/exceptions/{created['id']}").json()
        (row,) = client.get("/v1/worklist").json()["rows"]

    for answer in (created, view, row):
        assert (answer["category"]["label"], answer["team"]) == (None, None)
        assert answer["category"]["decision"] == answer["routing"]["decision"] == "abstain"
        assert "category" not in {reason["code"] for reason in answer["reasons"]}
    assert view["history"][0]["decided"]["category"] is None


def test_nobody_can_tell_an_audit_from_the_hidden_share(posted, audited, hidden, an_exception):
    same = ("category", "team", "team_probability", "routing", "suggestion_hidden", "reasons")
    with audited() as client:
        audit = posted(client, an_exception("A"))
    with hidden() as client:
        sample = posted(client, an_exception("H"))

    assert [audit[part] for part in same] == [sample[part] for part in same]


def test_an_audited_row_is_in_the_list_of_no_category_but_that_it_was_raised_as(
    posted, audited, an_exception
):
    with audited() as client:
        posted(client, an_exception(type="incorrect_address"))
        of_team = client.get("/v1/worklist?team=addresses").json()["total"]
        of_type = client.get("/v1/worklist?category=incorrect_address").json()["total"]

    assert (of_team, of_type) == (0, 1)


def test_what_was_withheld_is_told_once_people_have_judged(posted, resolved, audited, an_exception):
    with audited() as client:
        view = resolved(client, posted(client, an_exception())["id"], category="fraud_risk")

    assert view["category"]["label"] == "incorrect_address"
    assert view["history"][0]["decided"]["category"] == "incorrect_address"


def test_a_suggestion_that_was_not_shown_was_not_accepted(posted, resolved, hidden, an_exception):
    resolution = {"category": "fraud_risk", "label_origin": "accepted", "team": "fraud"}
    with hidden() as client:
        outcome = resolved(client, posted(client, an_exception())["id"], **resolution)["outcome"]

    assert (outcome["label_origin"], outcome["team_origin"]) == ("typed", "typed")
    assert outcome["suggestion_hidden"] is True


def test_what_was_shown_and_accepted_is_recorded_so(posted, resolved, client, an_exception):
    resolution = {"category": "incorrect_address", "label_origin": "accepted",
            "team": "fraud", "team_origin": "typed"}  # fmt: skip
    outcome = resolved(client, posted(client, an_exception())["id"], **resolution)["outcome"]

    assert (outcome["label_origin"], outcome["team_origin"]) == ("accepted", "typed")
    assert outcome["suggestion_hidden"] is False


def test_an_origin_is_of_a_label_that_was_given(posted, resolved, client, an_exception):
    outcome = resolved(client, posted(client, an_exception())["id"], touch_minutes=3)["outcome"]

    assert (outcome["label_origin"], outcome["team_origin"]) == (None, None)


def test_a_decision_that_nobody_touched_ends_as_automatic(posted, client, an_exception):
    created = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z"))
    posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", status="closed"))
    outcome = client.get(f"/v1/exceptions/{created['id']}").json()["outcome"]

    assert (outcome["category"], outcome["label_origin"]) == ("incorrect_address", "automatic")
    assert (outcome["team"], outcome["team_origin"]) == ("addresses", "automatic")


@pytest.mark.parametrize("kind", ["fraud_risk", "something else"])
def test_what_was_only_suggested_ends_untold(posted, client, an_exception, kind):
    created = posted(client, an_exception(type=kind, updated_at="2026-03-01T10:00:00Z"))
    posted(client, an_exception(type=kind, updated_at="2026-03-01T11:00:00Z", status="closed"))

    assert client.get(f"/v1/exceptions/{created['id']}").json()["outcome"] is None


def test_an_audited_decision_that_the_source_closes_ends_untold(posted, audited, an_exception):
    with audited() as client:
        created = posted(client, an_exception(updated_at="2026-03-01T10:00:00Z"))
        posted(client, an_exception(updated_at="2026-03-01T11:00:00Z", status="closed"))
        assert client.get(f"/v1/exceptions/{created['id']}").json()["outcome"] is None


def test_a_new_champion_keeps_what_was_decided_and_what_was_withheld(posted, client, an_exception):
    before = posted(client, an_exception())
    assessment = Assessment.from_json(client.app.state.service.ledger.record(before["id"]).opinion)
    other = assessment.withholding("hidden")
    anew = Assessment.from_json(assessment.to_json().replace('"auto"', '"suggest"'))

    assert anew.after(assessment).category == assessment.category
    assert anew.after(other).withheld is not None


def test_the_draw_is_even():
    draws = BlindingDraws("salt", 0.0, 0.0)
    tenths = Counter(int(10 * draws.number("shop", f"PE-{i}")) for i in range(20_000))

    # Chi squared with nine degrees of freedom: above 33.7 once in ten thousand.
    assert sum((tenths[i] - 2_000) ** 2 / 2_000 for i in range(10)) < 33.7


def test_the_draw_of_an_exception_is_the_same_again():
    assert BlindingDraws("a", 0, 0).number("s", "1") == BlindingDraws("a", 0, 0).number("s", "1")


def test_ledgers_draw_differently(tmp_path):
    salts = set()
    for name in "ab":
        ledger = Ledger.open(f"sqlite:///{tmp_path / name}")
        with ledger.reading() as connection:
            salts.add(salt_of(connection))
        ledger.close()

    assert len(salts) == 2


def test_shares_are_as_the_policy_says(posted, client, an_exception):
    assessment = Assessment.from_json(
        client.app.state.service.ledger.record(posted(client, an_exception())["id"]).opinion
    )
    draws = BlindingDraws("salt", audit_share=0.05, hidden_share=0.02)
    why = Counter(
        blinded.why if (blinded := draws.applied(assessment, "shop", str(i)).withheld) else ""
        for i in range(20_000)
    )

    assert why["hidden"] == pytest.approx(400, abs=80)
    assert why["audit"] == pytest.approx(600, abs=100)


def test_a_promoted_champion_takes_back_no_decision(posted, client, shelf, a_triage, an_exception):
    created = posted(client, an_exception())
    promises_nothing = a_triage("8")
    promises_nothing.evidence = {}
    shelf.promote(promises_nothing)
    url, end = f"/v1/exceptions/{created['id']}", time.monotonic() + 20
    while (view := client.get(url).json())["model_version"] != "8":
        assert time.monotonic() < end, "it was never scored again"
        time.sleep(0.01)

    assert view["category"]["decision"] == "auto"
    assert view["category"]["promise"]["model_version"] == "7"
    assert posted(client, an_exception("new"))["category"]["decision"] == "suggest"


@pytest.mark.parametrize(("origin", "rows"), [("typed", 1), ("automatic", 0)])
def test_what_was_set_automatically_teaches_no_share_of_a_class(
    posted, resolved, client, a_triage, an_exception, origin, rows
):
    resolution = {"category": "fraud_risk", "label_origin": origin}
    resolved(client, posted(client, an_exception())["id"], **resolution)
    service = client.app.state.service
    recent = RecentLogs(service.ledger, service.policy)
    triage = a_triage()
    recent.read(triage)
    labels = recent.logs(triage).get("labels.category")

    assert (0 if labels is None else len(labels.known_at)) == rows
