"""A label counts from when it was known, and no moment before."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract.tables import TABLES
from data.ticks import MS_PER_HOUR
from training.triage.class_labels import ClassLabels
from training.triage.labels import (
    MIN_HIDDEN_LABELS,
    Trust,
    read_labels,
    unswayed,
)

START = pd.Timestamp("2024-03-01", tz="UTC")
START_TICK = START.value // 1_000_000


def at(hours):
    return START + pd.Timedelta(hours, "h")


def tick(hours):
    return START_TICK + int(hours * MS_PER_HOUR)


def table(name, rows, *, known_from="occurred_at"):
    """Rows of a table, known as they happen if nothing else is said."""
    frame = pd.DataFrame(rows)
    if "known_at" not in frame and len(frame):
        frame["known_at"] = frame[known_from]
    return TABLES[name].schema.validate(frame) if len(frame) else TABLES[name].schema.empty()


@pytest.fixture
def labels_of():
    """Read the labels of exceptions e0 and e1, detected at the start."""

    def read(events=(), outcomes=()):
        raised = [{"exception_id": f"e{i}", "detected_at": START} for i in range(2)]
        return read_labels(
            table("exceptions", raised, known_from="detected_at"),
            table("exception_events", list(events)),
            table("outcomes", list(outcomes)),
        )

    return read


def resolved(hours, exception="e0", **more):
    step = {"exception_id": exception, "occurred_at": at(hours), "event": "resolved"}
    return step | more


def ended(hours, exception="e0", **more):
    return {"exception_id": exception, "known_at": at(hours), **more}


def test_a_class_counts_after_the_moment_it_was_known_at(labels_of):
    teams = labels_of([resolved(5, team="blue")]).classes["team"]

    assert teams.at(tick(5), 2).tolist() == [None, None]
    assert teams.at(tick(5) + 1, 2).tolist() == ["blue", None]


def test_a_class_that_the_outcome_corrects_counts_anew(labels_of):
    events, outcomes = [resolved(5, team="blue")], [ended(9, team="red")]
    teams = labels_of(events, outcomes).classes["team"]

    assert [teams.at(tick(h), 1)[0] for h in (4, 6, 10)] == [None, "blue", "red"]


def test_a_class_told_twice_alike_is_one_label(labels_of):
    teams = labels_of([resolved(5, team="blue")], [ended(9, team="blue")]).classes["team"]

    assert len(teams.row) == 1


def test_a_step_that_does_not_resolve_tells_no_class(labels_of):
    events = [{"exception_id": "e0", "occurred_at": at(1), "event": "assigned", "team": "blue"}]

    assert labels_of(events).classes == {}


def test_a_resolution_known_late_counts_late(labels_of):
    labels = labels_of([resolved(5, team="blue", known_at=at(8))])

    assert labels.resolved_at[0] == tick(5)
    assert labels.resolved_known_at[0] == tick(8)
    assert labels.classes["team"].at(tick(6), 1).tolist() == [None]


def test_what_is_reopened_is_open(labels_of):
    reopened = resolved(6) | {"event": "reopened"}

    labels = labels_of([resolved(5), reopened], [ended(7, resolved_at=at(5))])

    assert np.isnan(labels.resolved_at[0])
    assert np.isnan(labels.resolved_known_at[0])


def test_what_is_resolved_again_counts_from_the_last_time(labels_of):
    reopened = resolved(6) | {"event": "reopened"}

    labels = labels_of([resolved(5), reopened, resolved(9)])

    assert labels.resolved_at[0] == labels.resolved_known_at[0] == tick(9)


def test_of_two_steps_at_one_moment_the_later_step_counts(labels_of):
    reopened = resolved(5, step=1) | {"event": "reopened"}

    assert np.isnan(labels_of([reopened, resolved(5, step=0)]).resolved_at[0])


def test_without_steps_the_outcome_tells_the_resolution_when_it_was_known(labels_of):
    labels = labels_of(outcomes=[ended(20, resolved_at=at(5))])

    assert labels.resolved_at[0] == tick(5)
    assert labels.resolved_known_at[0] == tick(20)


def test_an_outcome_counts_after_the_moment_it_was_known_at(labels_of):
    labels = labels_of(outcomes=[ended(5, breached=True, touch_minutes=12.0)])

    assert labels.outcome_known(tick(5)).tolist() == [False, False]
    assert labels.outcome_known(tick(5) + 1).tolist() == [True, False]


def test_what_was_not_recorded_is_not_a_guess(labels_of):
    labels = labels_of(outcomes=[ended(5, breached=None), ended(6, "e1", breached=False)])

    np.testing.assert_array_equal(labels.breached, [np.nan, 0.0])
    assert np.isnan(labels.touch_minutes).all()
    assert np.isnan(labels.loss).all()


def test_rows_of_exceptions_that_are_not_known_yet_are_left_out(labels_of):
    labels = labels_of([resolved(5, "stranger", team="blue")], [ended(6, "stranger")])

    assert labels.classes == {}
    assert np.isnan(labels.ended_known_at).all()


labelled = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.sampled_from("abc")), max_size=20
)


@given(labelled=labelled, moment=st.integers(0, 7))
def test_the_class_at_a_moment_is_the_one_told_last_before_it(labelled, moment):
    row, ticks, name = zip(*labelled, strict=True) if labelled else ((), (), ())
    labels = ClassLabels(np.array(row, int), np.array(ticks, np.int64), np.array(name, object))

    result = labels.at(moment, 5)

    for i in range(5):
        own = [(k, n) for r, k, n in labelled if r == i and k < moment]
        newest = max((k for k, _ in own), default=None)
        assert result[i] == next((n for k, n in reversed(own) if k == newest), None)


def test_what_was_set_automatically_is_no_label(labels_of):
    end = ended(6, category="late", label_origin="automatic", team="blue", team_origin="typed")
    labels = labels_of([resolved(5, category="late", team="blue")], [end])

    assert "category" not in labels.classes
    assert labels.automatic["category"].at(tick(7), 2).tolist() == ["late", None]
    assert labels.classes["team"].at(tick(7), 2).tolist() == ["blue", None]


def test_a_label_whose_origin_is_not_told_was_set_by_people(labels_of):
    labels = labels_of([], [ended(6, category="late")])

    assert labels.classes["category"].at(tick(7), 2).tolist() == ["late", None]
    assert not labels.automatic


@pytest.mark.parametrize(
    ("trust", "names", "weights"),
    [
        (Trust(), ["late", None], [1]),
        (Trust(accepted=0.5, automatic=0.25), ["late", "fraud"], [0.5, 0.25]),
        (Trust(accepted=0.0), [None, None], []),
    ],
)
def test_a_label_is_trusted_by_how_it_came_about(labels_of, trust, names, weights):
    accepted = ended(6, category="late", label_origin="accepted")
    automatic = ended(6, "e1", category="fraud", label_origin="automatic")

    learned, trusted = labels_of([], [accepted, automatic]).training_labels(
        "category", tick(7), trust
    )

    assert learned.tolist() == names
    assert [w for w, name in zip(trusted, names, strict=True) if name] == weights


def test_whether_the_suggestion_was_hidden_is_known(labels_of):
    labels = labels_of([], [ended(6, category="late", suggestion_hidden=True), ended(6, "e1")])

    assert labels.hidden.tolist() == [True, False]


def test_labels_without_a_suggestion_in_view_are_judged_by_where_there_are_enough():
    named, hidden = (
        np.ones(2 * MIN_HIDDEN_LABELS, bool),
        np.arange(2 * MIN_HIDDEN_LABELS) < MIN_HIDDEN_LABELS,
    )

    assert unswayed(named, hidden).sum() == MIN_HIDDEN_LABELS
    assert unswayed(named, hidden & (np.arange(len(hidden)) > 0)).all()


def test_no_minutes_of_work_are_no_touch_time_to_learn(labels_of):
    ends = [ended(5, touch_minutes=0.0), ended(6, "e1", touch_minutes=12.0)]

    np.testing.assert_array_equal(labels_of(outcomes=ends).touch_minutes, [np.nan, 12.0])
