"""The later an exception ends, the likelier its breach; each group by its own clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.breach.breach_label import (
    DEADLINE_GROUP,
    MIN_GROUP_ROWS,
    BreachByLateness,
    ClosedExceptions,
    usual_lag,
)

some_ended = st.lists(
    st.tuples(
        st.sampled_from(["high", "low", "", DEADLINE_GROUP]), st.floats(-50, 400), st.booleans()
    ),
    min_size=1,
    max_size=120,
).map(
    lambda rows: ClosedExceptions(
        np.array([group for group, _, _ in rows], object),
        np.array([hours for _, hours, _ in rows]),
        np.array([breached for _, _, breached in rows]),
    )
)


@pytest.fixture
def ended_by():
    """Many exceptions of each group, breached where they end after the group's deadline."""

    def build(n=200, **deadlines):
        hours = np.tile(np.linspace(0, 100, n), len(deadlines))
        limit = np.repeat(list(deadlines.values()), n)
        return ClosedExceptions(np.repeat(list(deadlines), n).astype(object), hours, hours > limit)

    return build


def chance(clock, group, hours, due=np.nan):
    hours = np.atleast_2d(hours)
    return clock.chance(np.array([group], object), hours, np.array([due]))[0]


@given(ended=some_ended, lag=st.floats(0, 100), due=st.one_of(st.just(np.nan), st.floats(-9, 99)))
def test_the_chance_never_falls_with_the_hours(ended, lag, due):
    clock = BreachByLateness.fit(ended, lag)

    for group in ("high", "low", "", "new"):
        result = chance(clock, group, np.linspace(0, 6_000, 200), due)
        assert (np.diff(result) >= 0).all()
        assert (result > 0).all()
        assert (result < 1).all()


def test_each_group_finds_its_hidden_deadline(ended_by):
    clock = BreachByLateness.fit(ended_by(high=10, low=60), 0.0)

    assert chance(clock, "high", [5.0, 30.0]) == pytest.approx([0.0, 1.0], abs=0.01)
    assert chance(clock, "low", [30.0, 80.0]) == pytest.approx([0.0, 1.0], abs=0.01)


def test_a_known_deadline_is_what_the_clock_counts_from(ended_by):
    ended = ended_by(**{DEADLINE_GROUP: 50})
    counted = ClosedExceptions(ended.group, ended.lateness_hours - 50, ended.breached)
    clock = BreachByLateness.fit(counted, 0.0)

    assert chance(clock, "high", [20.0, 40.0], due=30.0) == pytest.approx([0, 1], abs=0.01)
    assert chance(clock, "high", [20.0, 40.0], due=80.0) == pytest.approx([0, 0], abs=0.01)


def test_a_deadline_is_not_read_where_none_was_in_the_history(ended_by):
    clock = BreachByLateness.fit(ended_by(high=10), 0.0)

    with_due = chance(clock, "high", [5.0, 30.0], due=1.0)

    np.testing.assert_array_equal(with_due, chance(clock, "high", [5.0, 30.0]))


def test_small_groups_share_a_curve(ended_by):
    few = MIN_GROUP_ROWS - 1
    parts = [ended_by(few, rare=20), ended_by(few, scarce=20), ended_by(300, common=80)]
    names = ("group", "lateness_hours", "breached")
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in names]

    clock = BreachByLateness.fit(ClosedExceptions(*joined), 0.0)

    assert set(clock.curves) == {"common", ""}
    assert chance(clock, "rare", [40.0])[0] > 0.9
    assert chance(clock, "common", [40.0])[0] < 0.1


def test_a_group_never_seen_reads_the_shared_curve(ended_by):
    clock = BreachByLateness.fit(ended_by(high=10), 0.0)

    np.testing.assert_array_equal(chance(clock, "new", [4.0, 40.0]), chance(clock, "", [4.0, 40.0]))


def test_the_lag_to_the_close_counts(ended_by):
    clock = BreachByLateness.fit(ended_by(high=50), 20.0)

    assert chance(clock, "high", [29.0, 31.0]) == pytest.approx([0, 1], abs=0.05)


def test_one_row_alone_is_read_as_among_others(ended_by):
    clock = BreachByLateness.fit(ended_by(high=10, low=60), 2.0)
    groups = np.array(["high", "low", "new"], object)
    hours, due = np.array([[1.0, 50.0]] * 3), np.array([np.nan, 5.0, np.nan])

    result = clock.chance(groups, hours, due)

    for i in range(3):
        own = clock.chance(groups[i : i + 1], hours[i : i + 1], due[i : i + 1])
        np.testing.assert_array_equal(own[0], result[i])


def test_a_clock_read_back_shows_the_same(ended_by):
    clock = BreachByLateness.fit(ended_by(high=10, low=60), 2.0)

    again = BreachByLateness.from_json(clock.to_json())

    hours = np.linspace(0, 200, 50)
    np.testing.assert_array_equal(chance(again, "low", hours), chance(clock, "low", hours))


def test_the_usual_lag_is_the_median_of_the_days():
    resolved, day = np.zeros(6), np.array([1, 1, 2, 2, 3, 3])

    assert usual_lag(resolved, np.array([5.0, 7.0, 8.0, 8.0, 20.0, 22.0]), day) == 8.0


def test_a_day_on_which_all_was_closed_at_one_go_does_not_move_the_lag():
    resolved = np.zeros(1_030)
    ended = np.concatenate([np.full(30, 5.0), np.full(1_000, 700.0)])
    day = np.concatenate([np.arange(30), np.full(1_000, 40)])

    assert usual_lag(resolved, ended, day) == 5.0


def test_no_lag_is_learned_where_no_resolution_is_recorded():
    assert usual_lag(np.full(3, np.nan), np.ones(3), np.zeros(3)) == 0.0


def test_a_close_before_the_resolution_is_no_lag():
    assert usual_lag(np.array([9.0]), np.array([4.0]), np.zeros(1)) == 0.0
