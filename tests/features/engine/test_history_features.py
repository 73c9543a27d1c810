"""The engine gives what its definition says, whatever the order, the batch or the segments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.domain import BadInputError
from data.ticks import MS_PER_DAY
from features.engine.event_log import LogRows, Segment
from features.engine.history_features import HistoryFeature, HistoryIndex

NAMES = ["anna", "ben", "", None]


def _feature(log, entity, statistic, value="", days=None, smoothing=0.0):
    return HistoryFeature(log, entity, statistic, "", "", (), value, days, smoothing)


FEATURES = [
    _feature(log, entity, *rest)
    for log in ("calls", "visits")
    for entity in ("who", "where")
    for rest in (
        ("count", "", 1),
        ("count", "", None),
        ("sum", "pay", 0.5),
        ("mean", "pay", 2, 0.0),
        ("mean", "pay", 2, 10.0),
        ("mean", "tip", None, 3.0),
    )
]

# Half days: as many ties, and as many rows on the very edge of a window, as can be.
ticks = st.integers(0, 8).map(lambda half_days: half_days * MS_PER_DAY // 2)
amounts = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))
rows = st.lists(
    st.tuples(ticks, st.sampled_from(NAMES), st.sampled_from(NAMES), amounts, amounts), max_size=12
)
questions = st.lists(
    st.tuples(ticks, st.sampled_from([*NAMES, "new"]), st.sampled_from(NAMES)),
    min_size=1,
    max_size=6,
)
logs = st.fixed_dictionaries({"calls": rows, "visits": rows})


def _texts(values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _log(rows):
    ticks, who, where, pay, tip = zip(*rows, strict=True) if rows else ((),) * 5
    return LogRows(
        np.array(ticks, np.int64),
        {"who": _texts(who), "where": _texts(where)},
        {"pay": np.array(pay, float), "tip": np.array(tip, float)},
    )


def _keys(questions):
    return {
        "who": _texts([who for _, who, _ in questions]),
        "where": _texts([where for _, _, where in questions]),
    }


def _moments(questions):
    return np.array([tick for tick, _, _ in questions], np.int64)


def _ask(index, questions):
    return index.compute(_keys(questions), _moments(questions))


def _definition(feature, logs, question):
    """One feature, one question, one row after the other."""
    as_of, *names = question
    column = {"who": 0, "where": 1}[feature.entity]
    since = -np.inf if feature.days is None else as_of - feature.days * MS_PER_DAY
    in_window = [row for row in logs[feature.log] if since <= row[0] < as_of]
    own = [
        row for row in in_window if row[1 + column] is not None and row[1 + column] == names[column]
    ]
    if feature.statistic == "count":
        return len(own)
    value = {"pay": 3, "tip": 4}[feature.value]

    def recorded(rows):
        return [round(row[value] * 65_536) for row in rows if not np.isnan(row[value])]

    amounts, everyone = recorded(own), recorded(in_window)
    if feature.statistic == "sum":
        return sum(amounts) / 65_536
    imaginary = feature.smoothing if everyone else 0.0
    prior = sum(everyone) / 65_536 / max(len(everyone), 1)
    if not len(amounts) + imaginary:
        return np.nan
    return (sum(amounts) / 65_536 + imaginary * prior) / (len(amounts) + imaginary)


@given(logs=logs, questions=questions)
def test_the_engine_is_its_definition(logs, questions):
    index = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in logs.items()})

    expected = [[_definition(f, logs, question) for f in FEATURES] for question in questions]

    np.testing.assert_array_equal(_ask(index, questions), np.array(expected, float))


@settings(max_examples=50)
@given(logs=logs, questions=questions)
def test_one_question_at_a_time_is_answered_as_all_at_once(logs, questions):
    index = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in logs.items()})

    single = np.concatenate([_ask(index, [question]) for question in questions])

    np.testing.assert_array_equal(_ask(index, questions), single)


@settings(max_examples=50)
@given(logs=logs, questions=questions, shuffle=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(logs, questions, shuffle):
    mixed = {name: shuffle.sample(rows, len(rows)) for name, rows in logs.items()}

    straight = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in logs.items()})
    shuffled = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in mixed.items()})

    np.testing.assert_array_equal(_ask(straight, questions), _ask(shuffled, questions))


@settings(max_examples=50)
@given(logs=logs, questions=questions, cut=st.integers(0, 12))
def test_a_large_past_and_a_recent_part_give_what_one_log_gives(logs, questions, cut):
    whole = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in logs.items()})
    past = HistoryIndex(FEATURES, {name: _log(rows[:cut]) for name, rows in logs.items()})

    parted = past.with_recent({name: _log(rows[cut:]) for name, rows in logs.items()})

    np.testing.assert_array_equal(_ask(whole, questions), _ask(parted, questions))


@settings(max_examples=50)
@given(logs=logs, questions=questions)
def test_a_new_recent_part_takes_the_place_of_the_one_before(logs, questions):
    recent = {name: _log(rows) for name, rows in logs.items()}
    past = HistoryIndex(FEATURES, {})

    once = past.with_recent(recent)
    twice = once.with_recent(recent)

    np.testing.assert_array_equal(_ask(once, questions), _ask(twice, questions))


@settings(max_examples=50)
@given(logs=logs, questions=questions)
def test_rows_known_at_or_after_the_question_change_nothing(logs, questions):
    first = min(tick for tick, *_ in questions)
    now = [(first, *names) for _, *names in questions]
    past = {name: [row for row in rows if row[0] < first] for name, rows in logs.items()}

    with_future = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in logs.items()})
    without = HistoryIndex(FEATURES, {name: _log(rows) for name, rows in past.items()})

    np.testing.assert_array_equal(_ask(with_future, now), _ask(without, now))


def test_the_bulk_path_of_many_thousand_questions_answers_the_same():
    random = np.random.default_rng(0)
    ticks = random.integers(0, 9, 500) * MS_PER_DAY
    who = _texts([NAMES[i] for i in random.integers(0, 4, 500)])
    values = {"pay": random.random(500), "tip": random.random(500)}
    index = HistoryIndex(FEATURES, {"calls": LogRows(ticks, {"who": who, "where": who}, values)})
    subjects = [(int(t), "anna", "ben") for t in random.integers(0, 9 * MS_PER_DAY, 5_000)]

    bulk = _ask(index, subjects)

    few = np.concatenate([_ask(index, subjects[i : i + 100]) for i in range(0, 5_000, 100)])
    np.testing.assert_array_equal(bulk, few)


def test_a_name_tells_value_window_and_entity():
    named = _feature("ended", "carrier", "mean", "breached", 30)

    assert named.name == "breached_mean_30d_by_carrier"


def test_an_infinite_value_counts_as_not_recorded():
    row = [(0, "anna", "ben", np.inf, 1.0)]
    index = HistoryIndex([_feature("calls", "who", "mean", "pay")], {"calls": _log(row)})

    assert np.isnan(_ask(index, [(1, "anna", "ben")])).all()


def test_dates_too_far_apart_to_index_are_refused():
    centuries = np.array([0, 10**18], np.int64)
    names = _texts(["anna", "ben"])
    rows = LogRows(centuries, {"a": names, "b": names, "c": names}, {})

    with pytest.raises(BadInputError, match="centuries off"):
        Segment({"log": rows}, {"log": []}, {"log": ["a", "b", "c"]})


def test_known_before_keeps_what_was_known():
    log = _log([(5, "anna", None, 1.0, 2.0), (6, "ben", None, 3.0, 4.0)])

    before = log.known_before(6)

    assert before.known_at.tolist() == [5]
    assert before.keys["who"].tolist() == ["anna"]
    assert before.values["pay"].tolist() == [1.0]
