"""Staffing around a moment, and working hours as they pass on the wall clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.policy.policy import ShiftTerms as ShiftRules
from data.policy.policy import TeamShift
from data.ticks import MS_PER_HOUR, MS_PER_MINUTE
from models.ranking.staffing import shifts_from, work_clock

FRIDAY_FIVE_PM = 1_772_816_400_000  # 2026-03-06T17:00:00Z
WEEK = TeamShift(
    people=2, weekdays=["mon", "tue", "wed", "thu", "fri"], opens="08:00", closes="18:00"
)  # fmt: skip
RULES = ShiftRules(timezone="UTC", teams={"payments": WEEK})


@pytest.fixture(scope="module")
def clock():
    return work_clock(RULES, np.array(["payments", "others", None], object), FRIDAY_FIVE_PM)


def test_the_crew_begins_with_the_shift_that_is_under_way():
    shifts = shifts_from(WEEK, "UTC", FRIDAY_FIVE_PM)

    assert shifts.opens_at[0] == FRIDAY_FIVE_PM - 9 * MS_PER_HOUR
    assert shifts.opens_at[1] == FRIDAY_FIVE_PM + 63 * MS_PER_HOUR


def test_after_hours_the_crew_begins_with_the_next_shift():
    assert shifts_from(WEEK, "UTC", FRIDAY_FIVE_PM + MS_PER_HOUR).opens_at[0] == (
        FRIDAY_FIVE_PM + 63 * MS_PER_HOUR
    )


def test_a_policy_without_shifts_has_no_clock():
    assert work_clock(ShiftRules(timezone="UTC"), np.array(["payments"], object), 0) is None


def test_two_working_hours_on_friday_at_five_end_on_monday_at_nine(clock):
    assert clock.wall_hours(FRIDAY_FIVE_PM, np.array([2.0, 2.0, 2.0])).tolist() == [64, 2, 2]


def test_hours_that_end_with_the_shift_do_not_wait_for_the_next_one(clock):
    assert clock.wall_hours(FRIDAY_FIVE_PM, np.array([1.0, 1.0, 1.0]))[0] == 1


def test_what_is_never_stays_never(clock):
    assert np.isinf(clock.wall_hours(FRIDAY_FIVE_PM, np.full(3, np.inf))).all()


@given(hours=st.floats(0, 500), now=st.integers(0, 7 * 24 * 60))
def test_working_hours_are_found_again_on_the_wall(hours, now):
    begin = FRIDAY_FIVE_PM + now * MS_PER_MINUTE
    shifts = shifts_from(WEEK, "UTC", begin)

    moment = shifts.moments(begin, np.array([hours]))

    assert shifts.open_hours(begin, moment)[0] == pytest.approx(hours, abs=1e-6)
