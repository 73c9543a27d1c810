"""Who was there when is found from what they did, whatever strays, in the company's own hours."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from data.domain import BadInputError
from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from training.__main__ import main
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.staffing import lay_team_hours, learn_weeks
from training.queue_replay.workload.visits import WorkPieces, read_visits

MONDAY = pd.Timestamp("2025-01-06").value // 10**6
WORKDAYS = (0, 1, 2, 3, 4)
ALWAYS = (0, 2**62)
SHORTEST_HOURS = 2  # such a team runs out of work before it closes, and when it does nobody sees


@pytest.fixture
def pieces_of():
    def make(spans, by=0):
        """Spans are (begin, end) in hours from Monday, 6 January 2025, 00:00 UTC."""
        begin, end = (
            MONDAY + np.round(np.array(each) * MS_PER_HOUR).astype(np.int64)
            for each in zip(*spans, strict=True)
        )
        nothing = np.zeros(len(begin), np.int64)
        people = np.broadcast_to(by, len(begin)).astype(np.int64)
        return WorkPieces(nothing, nothing, people, begin, end)

    return make


@pytest.fixture
def week_of():
    return lambda pieces, zone="UTC": learn_weeks(pieces, ("care",), zone, ALWAYS)["care"]


def workdays(opens, closes, weeks=8):
    """Return spans of a shift on workdays, worked in two halves."""
    middle = (opens + closes) / 2
    days = [week * 7 + day for week in range(weeks) for day in WORKDAYS]
    return [
        (day * 24 + a, day * 24 + b) for day in days for a, b in ((opens, middle), (middle, closes))
    ]


def test_the_shifts_of_a_simulated_shop_are_found(busy_shop):
    log = HandlingLog.read(busy_shop.history, busy_shop.begin, busy_shop.end)
    weeks = learn_weeks(read_visits(log).pieces, log.teams, "UTC", (log.begin, log.end))
    truth = pd.read_parquet(busy_shop.truth / "teams.parquet")
    truth = truth[truth["shift_hours"] > SHORTEST_HOURS]

    assert {
        team: (w.people, w.weekdays, w.opens_ms, w.closes_ms)
        for team, w in weeks.items()
        if team in set(truth["team"])
    } == {
        row.team: (
            row.operators,
            tuple(int(day) for day in row.weekdays),
            round(row.opens_hour * MS_PER_HOUR),
            round((row.opens_hour + row.shift_hours) * MS_PER_HOUR),
        )
        for row in truth.itertuples()
    }


@given(st.lists(st.floats(0, 23.9), max_size=1), st.integers(0, 39))
def test_a_stray_row_moves_no_shift(strays, day):
    spans = [*workdays(9, 17), *((day * 24 + hour, day * 24 + hour + 0.05) for hour in strays)]
    begin, end = (
        MONDAY + (np.array(each) * MS_PER_HOUR).astype(np.int64)
        for each in zip(*spans, strict=True)
    )
    nothing = np.zeros(len(begin), np.int64)
    week = learn_weeks(WorkPieces(nothing, nothing, nothing, begin, end), ("care",), "UTC", ALWAYS)

    assert (week["care"].opens_ms, week["care"].closes_ms) == (9 * MS_PER_HOUR, 17 * MS_PER_HOUR)
    assert week["care"].weekdays == WORKDAYS


def test_hours_stay_when_the_clocks_change(week_of, pieces_of):
    winter = workdays(8, 16, weeks=11)
    summer = [(a - 1, b - 1) for a, b in workdays(8, 16, weeks=26)[len(workdays(8, 16, 12)) :]]

    week = week_of(pieces_of(winter + summer), "Europe/Lisbon")

    assert (week.opens_ms, week.closes_ms) == (8 * MS_PER_HOUR, 16 * MS_PER_HOUR)


def test_a_night_shift_belongs_to_the_day_on_which_it_opens(week_of, pieces_of):
    week = week_of(pieces_of(workdays(22, 30)))

    assert (week.opens_ms, week.closes_ms, week.weekdays) == (
        22 * MS_PER_HOUR,
        30 * MS_PER_HOUR,
        WORKDAYS,
    )


def test_a_night_shift_is_told_as_one(week_of, pieces_of):
    shift = week_of(pieces_of(workdays(22, 30))).shift

    assert (shift.opens, shift.closes) == ("22:00", "06:00")


def test_work_at_all_hours_is_round_the_clock(week_of, pieces_of):
    week = week_of(pieces_of([(hour, hour + 1) for hour in range(24 * 60)]))

    assert (week.shift.opens, week.shift.closes, len(week.weekdays)) == ("00:00", "24:00", 7)


def test_people_are_those_at_work_at_once(week_of, pieces_of):
    two = workdays(9, 17) * 2
    by = np.repeat([0, 1], len(two) // 2)

    assert week_of(pieces_of(two, by)).people == 2


def test_one_after_the_other_is_one_person(week_of, pieces_of):
    spans = workdays(9, 17)

    assert week_of(pieces_of(spans, np.arange(len(spans)) % 2)).people == 1


def test_what_one_person_leaves_open_makes_nobody_more(week_of, pieces_of):
    spans = workdays(9, 17)

    assert week_of(pieces_of([(a, b + 1) for a, b in spans])).people == 1


def test_few_days_are_not_sure(week_of, pieces_of):
    assert not week_of(pieces_of(workdays(9, 17, weeks=2))).sure


def test_the_companys_own_shifts_count(week_of, pieces_of):
    shift = {"people": 4, "weekdays": ["sat"], "opens": "10:00", "closes": "12:00"}
    policy = PolicyShifts.model_validate({"timezone": "UTC", "teams": {"care": shift}})
    weeks = {"care": week_of(pieces_of(workdays(9, 17)))}

    (hours,) = lay_team_hours(weeks, policy, ("care",), begin=MONDAY, end=MONDAY + 7 * MS_PER_DAY)

    assert hours.opens_at.tolist() == [MONDAY + 5 * MS_PER_DAY + 10 * MS_PER_HOUR]
    assert hours.people.tolist() == [4]


def test_shifts_begin_when_the_period_does(week_of, pieces_of):
    weeks = {"care": week_of(pieces_of(workdays(9, 17)))}
    begin = MONDAY + 11 * MS_PER_HOUR

    (hours,) = lay_team_hours(
        weeks, PolicyShifts(timezone="UTC"), ("care",), begin=begin, end=begin + 12 * MS_PER_HOUR
    )

    assert (hours.opens_at[0], hours.closes_at[0]) == (begin, MONDAY + 17 * MS_PER_HOUR)


def test_the_command_prints_what_a_policy_can_read(busy_shop):
    arguments = ["--history", str(busy_shop.history.path)]
    arguments += ["--from", f"{busy_shop.begin:%Y-%m-%d}", "--to", f"{busy_shop.end:%Y-%m-%d}"]

    output = CliRunner().invoke(main, ["shifts", *arguments], catch_exceptions=False).output

    assert '[shifts.teams.risk]\npeople = 1\nweekdays = ["mon", "tue", "wed"' in output


def test_a_time_zone_that_is_none_is_refused(busy_shop):
    arguments = ["shifts", "--history", str(busy_shop.history.path), "--timezone", "Mars/Olympus"]

    with pytest.raises(BadInputError, match="Mars/Olympus"):
        CliRunner().invoke(
            main, [*arguments, "--from", "2025-02-01", "--to", "2025-03-01"], catch_exceptions=False
        )
