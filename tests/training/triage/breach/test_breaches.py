"""Breaches as recorded, else by resolution and deadline; each with the moment it was known at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.triage.breach.breaches import MIN_AGREEMENT, Resolutions, read_breaches

NAN = np.nan
UNTIL = 1_000.0


def read(*, recorded=None, outcome_at=None, due=None, resolved=None, resolution_at=None):
    """Read breaches of exceptions; what is not given is not recorded."""
    n = len(next(v for v in (recorded, due, resolved) if v is not None))
    recorded, outcome_at, due, resolved, resolution_at = (
        np.full(n, NAN) if values is None else np.array(values, float)
        for values in (recorded, outcome_at, due, resolved, resolution_at)
    )
    return read_breaches(
        recorded=recorded,
        recorded_known_at=outcome_at,
        due_at=due,
        resolutions=Resolutions(resolved, resolution_at),
        until=UNTIL,
    )


def test_breaches_that_are_recorded_alone_are_taken_as_they_are():
    breached, known_at = read(recorded=[1, 0, NAN], outcome_at=[50, 60, NAN])

    np.testing.assert_array_equal(breached, [1, 0, NAN])
    np.testing.assert_array_equal(known_at, [50, 60, NAN])


def test_an_end_after_the_deadline_is_a_breach_and_one_before_it_is_none():
    breached, _ = read(due=[100, 100, 100], resolved=[90, 100, 110], resolution_at=[95, 105, 115])

    assert breached.tolist() == [0, 0, 1]


def test_an_end_in_time_is_known_with_the_resolution_and_a_late_one_at_the_deadline():
    _, known_at = read(due=[100, 100], resolved=[90, 500], resolution_at=[95, 505])

    assert known_at.tolist() == [95, 100]


def test_a_deadline_that_passed_without_a_resolution_is_a_breach_known_at_the_deadline():
    breached, known_at = read(due=[100, 200], resolved=[90, NAN], resolution_at=[95, NAN])

    assert (breached[1], known_at[1]) == (1, 200)


def test_a_deadline_that_is_still_to_come_says_nothing():
    breached, known_at = read(due=[100, UNTIL + 1], resolved=[90, NAN], resolution_at=[95, NAN])

    assert np.isnan([breached[1], known_at[1]]).all()


def test_an_exception_without_a_deadline_is_not_labelled():
    breached, _ = read(due=[100, NAN], resolved=[90, 90], resolution_at=[95, 95])

    assert np.isnan(breached[1])


def test_deadlines_of_a_history_without_resolutions_say_nothing():
    breached, _ = read(due=[100, 200], resolved=[NAN, NAN])

    assert np.isnan(breached).all()


def test_an_outcome_without_its_resolution_does_not_make_a_passed_deadline_a_breach():
    breached, _ = read(
        recorded=[NAN, NAN],
        outcome_at=[95, 95],
        due=[100, 100],
        resolved=[90, NAN],
        resolution_at=[95, NAN],
    )

    assert np.isnan(breached[1])


@pytest.fixture
def agreeing():
    """Forty ends, half of them late, of which the record says what the deadlines say."""
    resolved = np.tile([90.0, 110.0], 20)
    return {
        "recorded": (resolved > 100).astype(float),
        "outcome_at": np.full(40, 300.0),
        "due": np.full(40, 100.0),
        "resolved": resolved,
        "resolution_at": resolved + 5,
    }


def test_what_both_say_is_known_from_the_earlier_moment(agreeing):
    _, known_at = read(**agreeing)

    np.testing.assert_array_equal(known_at, np.tile([95.0, 100.0], 20))


def test_where_both_say_something_the_record_is_believed(agreeing):
    agreeing["recorded"][0] = 1

    breached, known_at = read(**agreeing)

    assert (breached[0], known_at[0]) == (1, 300)


def test_deadlines_that_agree_label_what_has_no_record(agreeing):
    agreeing["recorded"][:2] = NAN
    agreeing["outcome_at"][:2] = NAN

    breached, _ = read(**agreeing)

    assert breached[:2].tolist() == [0, 1]


def test_deadlines_that_contradict_the_record_are_not_believed(agreeing):
    agreeing["recorded"][:3] = 1 - agreeing["recorded"][:3]
    agreeing["recorded"][3:5] = NAN

    breached, known_at = read(**agreeing)

    assert MIN_AGREEMENT > 37 / 40
    np.testing.assert_array_equal(breached, agreeing["recorded"])
    assert (known_at[~np.isnan(breached)] == 300).all()


ticks = st.floats(1, 2_000)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, NAN]), ticks, ticks, ticks | st.just(NAN)),
        min_size=1,
        max_size=30,
    )
)
def test_nothing_is_known_after_the_end_of_the_record(cases):
    recorded, outcome_at, due, resolved = np.array(cases, float).T
    outcome_at = np.where(np.isnan(recorded), NAN, np.minimum(outcome_at, UNTIL))
    resolved = np.where(resolved > UNTIL, NAN, resolved)

    breached, known_at = read(
        recorded=recorded,
        outcome_at=outcome_at,
        due=due,
        resolved=resolved,
        resolution_at=np.minimum(resolved + 5, UNTIL),
    )

    assert (known_at[~np.isnan(breached)] <= UNTIL).all()
    np.testing.assert_array_equal(np.isnan(breached), np.isnan(known_at))
