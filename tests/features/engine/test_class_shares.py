"""Candidates and their counts are what counting one row after the other gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ticks import MS_PER_DAY
from features.engine.class_shares import (
    DRAWS,
    LABEL,
    RECENT_DAYS,
    ClassShares,
    share_features,
)
from features.engine.event_log import LogRows

ENTITIES = ("who", "where")
CLASSES = 4
NAMES = ["anna", "ben", "", None]
# A fortnight: many ties, and rows on the very edge of the recent time.
STEP = RECENT_DAYS // 2 * MS_PER_DAY

ticks = st.integers(0, 5).map(lambda fortnights: fortnights * STEP)
names = st.sampled_from(NAMES)
labels = st.integers(0, CLASSES - 1)
rows = st.lists(st.tuples(ticks, names, names, labels), max_size=25)
questions = st.lists(
    st.tuples(ticks, st.sampled_from([*NAMES, "new"]), names, st.integers(-1, CLASSES - 1)),
    min_size=1,
    max_size=5,
)


def _texts(values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _log(rows):
    ticks, who, where, label = zip(*rows, strict=True) if rows else ((),) * 4
    return LogRows(
        np.array(ticks, np.int64),
        {"who": _texts(who), "where": _texts(where)},
        {LABEL: np.array(label, float)},
    )


def _shares(rows):
    return ClassShares(_log(rows), ENTITIES, CLASSES)


def _ask(shares, questions, most=CLASSES):
    as_of, who, where, first = zip(*questions, strict=True)
    keys = {"who": _texts(who), "where": _texts(where)}
    return shares.count(keys, np.array(as_of, np.int64), np.array(first), most)


def _rows_of(rows, entity, question):
    """The rows known before a question that concern the same entity, the newest last."""
    as_of, key = question[0], question[1 + ENTITIES.index(entity)]
    column = 1 + ENTITIES.index(entity)
    matching = [r for r in rows if r[0] < as_of and key is not None and r[column] == key]
    return sorted(matching, key=lambda row: (row[0], row[3]))


def _lately(rows, question):
    return [row for row in rows if row[0] >= question[0] - RECENT_DAYS * MS_PER_DAY]


def _most_drawn(rows, question, overall, most):
    votes = overall.copy()
    for entity in ENTITIES:
        for row in _rows_of(rows, entity, question)[-DRAWS:]:
            votes[row[3]] += 1
    if question[3] >= 0:
        votes[question[3]] += 1e6
    return sorted(range(CLASSES), key=lambda code: -votes[code])[:most]


@given(rows=rows, questions=questions)
def test_counts_are_those_of_counting_by_hand(rows, questions):
    candidates, counts = _ask(_shares(rows), questions)

    for i, question in enumerate(questions):
        for j, entity in enumerate(ENTITIES):
            ever = _rows_of(rows, entity, question)
            for matching, span in ((_lately(ever, question), 0), (ever, 1)):
                own = [sum(row[3] == code for row in matching) for code in candidates[i]]
                assert counts.rows[span, i, j] == len(matching)
                assert counts.pairs[span, i, j].tolist() == own


@given(rows=rows, questions=questions, most=st.integers(1, CLASSES))
def test_candidates_are_what_came_out_last_and_what_was_given_at_first(rows, questions, most):
    shares = _shares(rows)
    candidates, _ = _ask(shares, questions, most)

    expected = [_most_drawn(rows, question, shares.overall, most) for question in questions]

    assert candidates.tolist() == expected


@given(past=rows, recent=rows, questions=questions, most=st.integers(1, CLASSES))
def test_a_past_continued_is_one_past(past, recent, questions, most):
    later = [(tick + 6 * STEP, *rest) for tick, *rest in recent]
    subjects = [*questions, *((tick + 6 * STEP, *rest) for tick, *rest in questions)]
    continued = _shares(past).with_recent(_log(later))
    whole = _shares(past + later)
    whole.overall = continued.overall  # what is usual stays as it was learned

    candidates, counts = _ask(continued, subjects, most)
    expected, expected_counts = _ask(whole, subjects, most)

    np.testing.assert_array_equal(candidates, expected)
    np.testing.assert_array_equal(counts.pairs, expected_counts.pairs)
    np.testing.assert_array_equal(counts.rows, expected_counts.rows)


@given(past=rows, future=rows, questions=questions)
def test_nothing_known_at_or_after_the_moment_is_seen(past, future, questions):
    before = _shares(past)
    last = max(question[0] for question in questions)
    later = [(tick + last, *rest) for tick, *rest in future]

    result = _ask(before.with_recent(_log(later)), questions)
    expected = _ask(before, questions)

    np.testing.assert_array_equal(result[0], expected[0])
    np.testing.assert_array_equal(result[1].pairs, expected[1].pairs)
    np.testing.assert_array_equal(result[1].rows, expected[1].rows)


@given(rows=rows, questions=questions)
def test_one_question_alone_is_answered_as_among_others(rows, questions):
    shares = _shares(rows)
    candidates, counts = _ask(shares, questions)

    for i, question in enumerate(questions):
        alone, own = _ask(shares, [question])
        np.testing.assert_array_equal(alone[0], candidates[i])
        np.testing.assert_array_equal(own.pairs[:, 0], counts.pairs[:, i])
        np.testing.assert_array_equal(own.rows[:, 0], counts.rows[:, i])


def test_thousands_of_questions_are_answered_as_a_few():
    random = np.random.default_rng(3)
    rows = [
        (int(t) * STEP, NAMES[a], NAMES[b], int(c))
        for t, a, b, c in random.integers(0, 4, (300, 4))
    ]
    shares = _shares(rows)
    subjects = [
        (int(t) * STEP, NAMES[a], NAMES[b], int(c) - 1)
        for t, a, b, c in random.integers(0, 4, (3_000, 4))
    ]

    candidates, counts = _ask(shares, subjects)
    few, few_counts = _ask(shares, subjects[:7])

    np.testing.assert_array_equal(candidates[:7], few)
    np.testing.assert_array_equal(counts.pairs[:, :7], few_counts.pairs)


@pytest.mark.parametrize("as_of", [1_999, 2_000])
def test_a_row_in_the_same_second_is_not_seen(as_of):
    shares = _shares([(1_001, "anna", None, 2)])

    _, counts = _ask(shares, [(as_of, "anna", None, -1)])

    assert counts.rows[1, 0, 0] == 0


def test_a_row_of_the_second_before_is_seen():
    shares = _shares([(1_001, "anna", None, 2)])

    _, counts = _ask(shares, [(3_000, "anna", None, -1)])

    assert counts.rows[1, 0, 0] == 1


def test_a_past_of_nobody_known_answers_by_what_is_usual():
    shares = _shares([(0, None, None, 2), (STEP, None, None, 2)])

    candidates, counts = _ask(shares, [(5 * STEP, "anna", "ben", -1)], most=1)

    assert candidates.tolist() == [[2]]
    assert counts.rows.sum() == 0


def test_no_past_at_all_has_candidates_too():
    none = dict.fromkeys(ENTITIES, np.empty(0, object))
    nothing = LogRows(np.empty(0, np.int64), none, {LABEL: np.empty(0)})
    shares = ClassShares(nothing, ENTITIES, CLASSES)

    candidates, _ = _ask(shares, [(STEP, "anna", None, 3)])

    assert candidates.tolist() == [[3, 0, 1, 2]]


@given(rows=rows, questions=questions)
def test_shares_lie_between_none_and_all(rows, questions):
    shares = _shares(rows)
    candidates, counts = _ask(shares, questions)
    first = np.array([question[3] for question in questions])

    table = share_features(candidates, counts, shares.overall, first)

    assert table.shape == (len(questions), CLASSES, 3 * len(ENTITIES) + 3)
    own = table[:, :, : 2 * len(ENTITIES)]
    assert (own > 0).all()
    assert (own < 1).all()
    assert (table[:, :, -2].sum(axis=1) == (first >= 0)).all()
