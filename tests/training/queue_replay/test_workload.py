"""The work is what was worked: visits, touch times, what was left when the period began."""

import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError, NotEnoughDataError
from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import MS_PER_MINUTE, NEVER
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.read import read_workload

MARCH = pd.Timestamp("2025-03-03", tz="UTC")
WEEK_LATER = MARCH + pd.Timedelta(7, "D")
ROUND_THE_CLOCK = PolicyShifts.model_validate(
    {
        "timezone": "UTC",
        "teams": {
            team: {
                "people": 1,
                "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                "opens": "00:00",
                "closes": "24:00",
            }
            for team in ("care", "stock")
        },
    }
)
SIMPLE = [
    ("a", "2025-03-03 08:00", "assigned", "care", "bot"),
    ("a", "2025-03-03 09:00", "started", "care", "ana"),
    ("a", "2025-03-03 09:30", "resolved", "care", "ana"),
]


@pytest.fixture
def workload_of(a_queue):
    def read(steps, outcomes=None, begin=MARCH, shifts=ROUND_THE_CLOCK):
        log = HandlingLog.read(a_queue(steps, outcomes), begin, WEEK_LATER)
        return read_workload(log, shifts, np.random.default_rng(1))

    return read


def test_a_visit_takes_what_was_worked_between_starts_and_pauses(workload_of):
    steps = [
        *SIMPLE[:2],
        ("a", "2025-03-03 09:20", "paused", "care", "ana"),
        ("a", "2025-03-04 08:00", "started", "care", "ana"),
        ("a", "2025-03-04 08:25", "resolved", "care", "ana"),
    ]

    assert workload_of(steps).touch_ms.tolist() == [45 * MS_PER_MINUTE]


def test_a_night_within_the_work_is_no_work(workload_of):
    steps = [*SIMPLE[:2], ("a", "2025-03-04 09:00", "resolved", "care", "ana")]
    care = ROUND_THE_CLOCK.teams["care"]
    by_day = care.model_copy(update={"opens": "08:00", "closes": "10:00"})
    shifts = ROUND_THE_CLOCK.model_copy(update={"teams": {"care": by_day}})

    assert workload_of(steps, shifts=shifts).touch_ms.tolist() == [120 * MS_PER_MINUTE]


def test_overtime_is_work(workload_of):
    steps = [*SIMPLE[:2], ("a", "2025-03-03 10:40", "resolved", "care", "ana")]
    care = ROUND_THE_CLOCK.teams["care"]
    by_day = care.model_copy(update={"opens": "08:00", "closes": "10:00"})
    shifts = ROUND_THE_CLOCK.model_copy(update={"teams": {"care": by_day}})

    assert workload_of(steps, shifts=shifts).touch_ms.tolist() == [100 * MS_PER_MINUTE]


def test_what_was_only_passed_on_is_no_visit(workload_of):
    steps = [("a", "2025-03-03 07:00", "assigned", "stock", "bot"), *SIMPLE]

    workload = workload_of(steps)

    assert [workload.teams[code] for code in workload.team] == ["care"]
    assert workload.ready_at.tolist() == [pd.Timestamp("2025-03-03 08:00", tz="UTC").value // 10**6]


def test_a_wrong_team_makes_a_visit_of_its_own(workload_of):
    steps = [
        *SIMPLE[:2],
        ("a", "2025-03-03 09:10", "reclassified", "stock", "ana"),
        ("a", "2025-03-03 09:10", "assigned", "stock", "ana"),
        ("a", "2025-03-03 11:00", "started", "stock", "ben"),
        ("a", "2025-03-03 11:40", "resolved", "stock", "ben"),
    ]

    workload = workload_of(steps)

    assert [workload.teams[code] for code in workload.team] == ["care", "stock"]
    assert workload.touch_ms.tolist() == [10 * MS_PER_MINUTE, 40 * MS_PER_MINUTE]


def test_what_is_opened_again_is_visited_again_as_long_after(workload_of):
    steps = [
        *SIMPLE,
        ("a", "2025-03-03 12:30", "reopened", "care", "bot"),
        ("a", "2025-03-03 13:00", "started", "care", "ana"),
        ("a", "2025-03-03 13:05", "resolved", "care", "ana"),
    ]

    workload = workload_of(steps)

    assert workload.delay_ms.tolist() == [0, 180 * MS_PER_MINUTE]
    assert workload.may_self_resolve.tolist() == [True, False]


def test_what_is_assigned_once_it_is_resolved_is_no_visit(workload_of):
    steps = [*SIMPLE, ("a", "2025-03-03 10:00", "assigned", "stock", "bot")]

    assert len(workload_of(steps).team) == 1


def test_of_what_was_under_way_when_the_period_begins_the_rest_is_left(workload_of):
    early = [
        ("old", "2025-03-02 20:00", "assigned", "care", "bot"),
        ("old", "2025-03-02 23:50", "started", "care", "ana"),
        ("old", "2025-03-03 00:30", "resolved", "care", "ana"),
    ]

    workload = workload_of([*early, *SIMPLE])

    assert dict(zip(workload.ids, workload.touch_ms, strict=True))["old"] == 30 * MS_PER_MINUTE
    may_self_resolve = dict(zip(workload.ids, workload.may_self_resolve, strict=True))
    assert may_self_resolve == {"old": False, "a": True}


def test_what_was_over_when_the_period_begins_is_not_in_it(workload_of):
    early = [
        ("old", "2025-03-01 08:00", "assigned", "care", "bot"),
        ("old", "2025-03-01 09:00", "started", "care", "ana"),
        ("old", "2025-03-01 10:00", "resolved", "care", "ana"),
    ]

    assert workload_of([*early, *SIMPLE]).ids.tolist() == ["a"]


def test_what_nobody_has_heard_of_for_months_is_left_out(workload_of):
    early = [("old", "2024-10-01 08:00", "assigned", "care", "bot")]

    assert workload_of([*early, *SIMPLE]).ids.tolist() == ["a"]


def test_what_went_away_by_itself_takes_as_long_as_its_like(workload_of):
    self_resolved_steps = [
        ("b", "2025-03-03 08:00", "assigned", "care", "bot"),
        ("b", "2025-03-03 08:30", "resolved", "care", "system"),
    ]

    workload = workload_of([*SIMPLE, *self_resolved_steps])

    assert workload.self_resolved.tolist() == [False, True]
    assert workload.touch_ms.tolist() == [30 * MS_PER_MINUTE, 30 * MS_PER_MINUTE]
    assert workload.started_at[1] == NEVER


def test_what_still_waits_goes_the_way_of_its_like(workload_of):
    passed_on = [
        *SIMPLE[:2],
        ("a", "2025-03-03 09:10", "assigned", "stock", "ana"),
        ("a", "2025-03-03 11:00", "started", "stock", "ben"),
        ("a", "2025-03-03 11:40", "resolved", "stock", "ben"),
        ("b", "2025-03-03 12:00", "assigned", "care", "bot"),
    ]

    workload = workload_of(passed_on)

    assert [workload.teams[code] for code in workload.team] == ["care", "stock"] * 2


def test_touch_times_of_outcomes_do_where_nobody_records_starts(workload_of):
    steps = [SIMPLE[0], SIMPLE[2]]
    outcome = {"known_at": "2025-03-04", "resolved_at": "2025-03-03 09:30", "touch_minutes": 25.0}

    assert workload_of(steps, {"a": outcome}).touch_ms.tolist() == [25 * MS_PER_MINUTE]


def test_a_step_that_names_no_team_was_done_by_the_team_that_had_it(workload_of):
    steps = [SIMPLE[0], *((name, at, event, None, by) for name, at, event, _, by in SIMPLE[1:])]

    workload = workload_of(steps)

    assert [workload.teams[code] for code in workload.team] == ["care"]


def test_where_no_team_is_told_there_is_one_for_all(workload_of):
    steps = [(name, at, event, None, by) for name, at, event, _, by in SIMPLE]

    assert workload_of(steps).teams == ("(no team)",)


def test_a_state_that_lasts_for_days_is_no_touch_time(workload_of):
    steps = [*SIMPLE[:2], ("a", "2025-03-06 09:00", "resolved", "care", "ana")]

    with pytest.raises(BadInputError, match="how long work took"):
        workload_of(steps)


def test_nobody_works_on_many_things_at_once(workload_of):
    steps = [
        (name, f"2025-03-03 {hour}", event, "care", "ana")
        for name in "abcde"
        for hour, event in (("08:00", "assigned"), ("08:01", "started"), ("16:00", "resolved"))
    ]

    with pytest.raises(BadInputError, match="how long work took"):
        workload_of(steps)


def test_a_period_without_exceptions_is_refused(workload_of):
    with pytest.raises(NotEnoughDataError, match="exceptions detected"):
        workload_of(SIMPLE, begin=pd.Timestamp("2025-03-05", tz="UTC"))


def test_touch_times_of_a_simulated_shop_are_the_true_ones(busy_shop):
    log = HandlingLog.read(busy_shop.history, busy_shop.begin, busy_shop.end)
    workload = read_workload(log, PolicyShifts(timezone="UTC"), np.random.default_rng(1))
    truth = pd.read_parquet(busy_shop.truth / "exceptions.parquet").set_index("exception_id")
    minutes = truth["touch_minutes"].loc[list(workload.ids)].to_numpy()
    whole = np.bincount(workload.visit_of) == 1
    whole &= (
        (workload.detected_at >= log.begin)
        & ~workload.self_resolved
        & (workload.resolved_at != NEVER)
    )
    right = (
        truth["team"].loc[list(workload.ids)].to_numpy()
        == np.array(workload.teams)[
            workload.team[np.unique(workload.visit_of, return_index=True)[1]]
        ]
    )
    whole &= right

    touch = np.bincount(workload.visit_of, workload.touch_ms)[whole] / MS_PER_MINUTE

    np.testing.assert_allclose(touch, minutes[whole], atol=0.001)
