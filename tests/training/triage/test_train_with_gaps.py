"""Training on a history with gaps: the rest is trained and says what is missing."""

import pytest

from training.triage.train import train_triage


def _without(tables, removed):
    """Take columns away; a table whose columns are not named is left out whole."""
    return {
        name: rows.drop(columns=list(removed.get(name, ())))
        for name, rows in tables.items()
        if removed.get(name) != "all"
    }


LABELS = ("team", "category", "priority")


@pytest.fixture(scope="module")
def of_steps_and_deadlines(shop, fit, a_history):
    """Models that are trained where no label and no outcome is recorded."""
    tables = _without(shop.tables, {"outcomes": "all", "exception_events": LABELS})
    return fit(a_history(tables), shop.as_of)


@pytest.fixture(scope="module")
def of_steps_alone(shop, fit, a_history):
    """Models that are trained where no deadline is recorded either."""
    removed = {"outcomes": "all", "exception_events": LABELS, "exceptions": ["due_at"]}
    return fit(a_history(_without(shop.tables, removed)), shop.as_of)


def test_where_only_the_steps_are_recorded_the_time_to_resolve_is_trained(of_steps_alone):
    assert of_steps_alone.resolve is not None
    assert not of_steps_alone.classes
    assert set(of_steps_alone.untrained) == {"category", "team", "priority", "harm", "touch"}


def test_steps_and_deadlines_are_enough_for_the_chance_of_a_breach(of_steps_and_deadlines):
    assert of_steps_and_deadlines.breach_risk is not None
    assert "harm" not in of_steps_and_deadlines.untrained


def test_each_untrained_part_says_what_is_missing(of_steps_alone):
    reasons = of_steps_alone.untrained

    assert reasons["harm"] == "no window holds 20 known breaches and as many others"
    assert reasons["touch"] == "too few touch times are recorded"
    assert reasons["team"].startswith("team: 0 where at least 200 are needed")


def test_where_only_the_category_is_recorded_it_is_trained(shop, fit, a_history):
    outcomes = ["exception_id", "known_at", "category"]
    tables = {name: shop.tables[name] for name in ("orders", "exceptions")}
    tables["outcomes"] = shop.tables["outcomes"][outcomes]

    result = fit(a_history(tables), shop.as_of)

    assert set(result.classes) == {"category"}
    assert set(result.untrained) == {"team", "priority", "resolve", "harm", "touch"}


def test_where_exceptions_are_bare_ids_the_classes_are_their_usual_shares(shop, fit, a_history):
    raised, outcomes = shop.tables["exceptions"], shop.tables["outcomes"]
    tables = {
        "exceptions": raised[["exception_id", "detected_at", "known_at"]],
        "outcomes": outcomes[["exception_id", "known_at", "category"]],
    }

    result = fit(a_history(tables), shop.as_of)

    assert result.classes["category"].prior.sum() == pytest.approx(1)


def test_where_nothing_can_be_trained_nothing_is_promoted(shop, a_history, empty_store):
    few = a_history({"exceptions": shop.tables["exceptions"].head(30)})

    result = train_triage(few, shop.end, empty_store, lambda _: None)

    assert not result.decision.promoted
    assert "nothing could be trained" in result.decision.reason
    assert len(result.untrained) == 6
