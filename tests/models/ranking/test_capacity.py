"""Work that a team finishes, and the worth of an hour more or less."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.policy.policy import TeamShift
from data.ticks import MS_PER_HOUR
from models.ranking.capacity import QueuedWork, team_reach
from models.ranking.inputs import WorkHours
from models.ranking.pricing import KNOT_GAPS_HOURS
from models.ranking.rule import rank
from models.ranking.start_loss import losses_if_begun
from models.worktime.shifts import TeamHours

FIVE_PM = 1_772_470_800_000  # Monday 2026-03-02T17:00:00Z
RULE = {"look_ahead_hours": 0.1, "oldest_hours": 336.0, "safe_risk": 0.1}


@pytest.fixture(scope="module")
def a_crew():
    """Days from eight to six, in UTC, from the one under way at a moment."""

    def build(people=1, now=FIVE_PM):
        week = TeamShift(
            people=people, weekdays=["mon", "tue", "wed", "thu", "fri"], opens="08:00",
            closes="18:00",
        )  # fmt: skip
        return TeamHours.from_shift(week, "UTC", now, now + 14 * 24 * MS_PER_HOUR)

    return build


def reached_by(items, touch_hours, shifts, now):
    """Count the work that a team finishes, with one row for each item."""
    rows, touch_hours = np.arange(len(touch_hours)), np.array(touch_hours, float)
    return team_reach(QueuedWork(crewed(items, shifts, now), rows, rows, touch_hours), shifts, now)


def crewed(items, shifts, now):
    """Items whose time counts in the hours of a team."""
    usual = items.in_work_hours()
    hours = [
        np.where(ahead > 0, shifts.open_hours(now, now + np.nan_to_num(ahead) * MS_PER_HOUR), ahead)
        for ahead in (usual.to_due, usual.to_ages)
    ]
    to_due = np.where(np.isnan(items.hours_to_due), np.nan, hours[0])
    return replace(items, work=WorkHours(to_due, hours[1] + KNOT_GAPS_HOURS, usual.late_hours))


def test_the_line_is_where_the_hours_of_the_shift_are_used_up(an_item_of, a_crew):
    reached = reached_by(an_item_of(3), [0.5, 0.6, 0.2], a_crew(), FIVE_PM)

    assert reached.reached.tolist() == [True, True, False]


def test_more_people_reach_further(an_item_of, a_crew):
    reached = reached_by(an_item_of(3), [0.5, 0.6, 0.2], a_crew(people=2), FIVE_PM)

    assert reached.reached.all()


def test_there_is_no_line_while_nobody_is_there(an_item_of, a_crew):
    seven_pm = FIVE_PM + 2 * MS_PER_HOUR

    assert reached_by(an_item_of(1), [0.5], a_crew(now=seven_pm), seven_pm) is None


def test_it_is_told_when_the_shift_ends_and_when_the_next_one_begins(an_item_of, a_crew):
    reached = reached_by(an_item_of(1), [0.5], a_crew(), FIVE_PM)

    assert (reached.until, reached.next_at) == (FIVE_PM + MS_PER_HOUR, FIVE_PM + 15 * MS_PER_HOUR)


def test_rows_below_the_line_lose_what_falls_due_before_somebody_is_back(an_item_of, a_crew):
    items = an_item_of(2, hours_to_due=[5.0, 5.0], loss=[80.0, 100.0])
    reached = reached_by(items, [1.0, 1.0], a_crew(), FIVE_PM)

    assert reached.lost_below == pytest.approx(100, abs=2)


def test_an_hour_more_saves_the_row_that_would_not_live_through_the_night(an_item_of, a_crew):
    items = an_item_of(2, hours_to_due=[5.0, 5.0], loss=[80.0, 100.0])
    reached = reached_by(items, [1.0, 1.0], a_crew(), FIVE_PM)

    assert reached.one_more_hour_saves == pytest.approx(100, abs=2)


def test_an_hour_more_is_worth_nothing_where_all_gets_done(an_item_of, a_crew):
    reached = reached_by(an_item_of(2), [0.2, 0.2], a_crew(), FIVE_PM)

    assert reached.one_more_hour_saves == 0


def test_one_less_of_one_leaves_all_for_the_next_morning(an_item_of, a_crew):
    items = an_item_of(1, hours_to_due=[5.0], loss=[100.0])
    reached = reached_by(items, [0.5], a_crew(), FIVE_PM)

    assert reached.one_person_less_costs == pytest.approx(100, abs=2)


def test_a_row_of_many_loses_what_they_lose_together(an_item_of, a_crew):
    items = an_item_of(3, hours_to_due=[5.0, 5.0, 5.0], loss=[80.0, 100.0, 50.0])
    items = crewed(items, a_crew(), FIVE_PM)
    incident_first = QueuedWork(items, np.arange(3), np.array([1, 0, 0]), np.array([1.0, 1.0]))

    reached = team_reach(incident_first, a_crew(), FIVE_PM)

    assert reached.lost_below == pytest.approx(80, abs=2)


def test_no_rows_lose_nothing(an_item_of, a_crew):
    reached = reached_by(an_item_of(1).take(np.zeros(0, int)), [], a_crew(), FIVE_PM)

    assert (reached.lost_below, reached.one_more_hour_saves) == (0, 0)


@given(
    touch=st.lists(st.floats(0.01, 30), min_size=1, max_size=30),
    seed=st.integers(0, 1_000),
    people=st.integers(1, 5),
)
def test_more_work_saves_and_less_costs_whatever_the_rows(some_items, a_crew, touch, seed, people):
    reached = reached_by(some_items(len(touch), seed), touch, a_crew(people), FIVE_PM)

    assert reached.lost_below >= 0
    assert reached.one_more_hour_saves >= -1e-6
    assert reached.one_person_less_costs >= -1e-6
    assert (np.diff(reached.reached.astype(int)) <= 0).all()


@given(seed=st.integers(0, 1_000))
def test_the_loss_of_no_wait_is_that_of_the_rule(some_items, seed):
    items = some_items(20, seed)

    losses = losses_if_begun(items, np.zeros((1, 1)))[:, 0]

    np.testing.assert_allclose(losses, rank(items, **RULE).loss_now)


@given(seed=st.integers(0, 1_000))
def test_a_longer_wait_never_costs_less_and_never_more_than_is_at_stake(some_items, seed):
    items, waits = some_items(20, seed), np.array([[0.0, 0.5, 1.0, 5.0, 24.0, 200.0]])

    losses = losses_if_begun(items, waits)

    assert (np.diff(losses, axis=1) >= -1e-6).all()
    assert (losses <= items.loss[:, None] + 1e-6).all()


@pytest.fixture(scope="module")
def some_items(an_item_of):
    """Items of chance."""

    def build(n, seed):
        random = np.random.default_rng(seed)
        due = np.where(random.random(n) < 0.5, np.nan, random.uniform(-2, 60, n))
        return an_item_of(
            n,
            age_hours=random.uniform(0, 90, n),
            hours_to_due=due,
            loss=random.uniform(0, 300, n),
            curve=np.sort(random.random((n, 11)), axis=1),
            late_share=random.random(n),
            late_hours=random.uniform(1, 200, n),
            lost=random.random(n) < 0.1,
        )

    return build
