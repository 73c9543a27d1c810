"""Where a history does not record something, the rest is trained and says what is missing."""

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
def of_steps_alone(shop, fit, a_history):
    """What is trained where no label and no outcome is recorded."""
    tables = _without(shop.tables, {"outcomes": "all", "exception_events": LABELS})
    return fit(a_history(tables), shop.as_of)


def test_where_only_the_steps_are_recorded_the_time_to_resolve_is_trained(of_steps_alone):
    assert of_steps_alone.resolve is not None
    assert not of_steps_alone.classes
    assert set(of_steps_alone.untrained) == {"category", "team", "priority", "harm", "touch"}


def test_each_untrained_part_says_what_is_missing(of_steps_alone):
    said = of_steps_alone.untrained

    assert said["harm"] == "fewer than 200 outcomes say whether they were breached"
    assert said["touch"] == "too few touch times are recorded"
    assert said["team"].startswith("team: 0 where at least 200 are needed")


def test_where_only_the_category_is_recorded_it_is_trained(shop, fit, a_history):
    outcomes = ["exception_id", "known_at", "category"]
    tables = {name: shop.tables[name] for name in ("orders", "exceptions")}
    tables["outcomes"] = shop.tables["outcomes"][outcomes]

    found = fit(a_history(tables), shop.as_of)

    assert set(found.classes) == {"category"}
    assert set(found.untrained) == {"team", "priority", "resolve", "harm", "touch"}


def test_where_exceptions_are_bare_ids_the_classes_are_their_usual_shares(shop, fit, a_history):
    raised, outcomes = shop.tables["exceptions"], shop.tables["outcomes"]
    tables = {
        "exceptions": raised[["exception_id", "detected_at", "known_at"]],
        "outcomes": outcomes[["exception_id", "known_at", "category"]],
    }

    found = fit(a_history(tables), shop.as_of)

    assert found.classes["category"].prior.sum() == pytest.approx(1)


def test_where_nothing_can_be_trained_nothing_is_promoted(shop, a_history, empty_store):
    few = a_history({"exceptions": shop.tables["exceptions"].head(30)})

    found = train_triage(few, shop.end, empty_store, lambda _: None)

    assert not found.decision.promoted
    assert "nothing could be trained" in found.decision.reason
    assert len(found.untrained) == 6
