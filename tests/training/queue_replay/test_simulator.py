"""The queues played forward: nobody works twice at once, nothing before its time, nobody idles."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.ticks import NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.rules.inputs import RuleInputs, RuleSettings
from training.queue_replay.rules.registry import all_rules
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.simulator.simulator import simulate

SETTINGS = RuleSettings(
    look_ahead_hours=4.0, atc_hours=2.0, deadline_hours=48.0, oldest_hours=336.0
)
seeds, rules = st.integers(0, 10_000), st.sampled_from(list(all_rules()))
people_s = st.integers(1, 4)


@pytest.fixture(scope="module")
def a_simulation(a_workload, a_scenario, predictions_for):
    """Play drawn work by a rule; return the work, the world and what came of it."""

    def build(rule, seed, people=2, n=60):
        workload = a_workload(n, seed, people)
        scenario = a_scenario(workload, seed)
        order = all_rules()[rule].order(
            RuleInputs(workload, scenario, predictions_for(workload, seed), SETTINGS)
        )
        return workload, scenario, simulate(workload, scenario, order)

    return build


def ready_moments(workload, result):
    """When each visit could begin; later ones of what has ended meanwhile never."""
    first = np.append(True, np.diff(workload.visit_of) > 0)
    ended = np.append(0, result.ended_at[:-1])
    later = np.where(ended == NEVER, NEVER, ended + workload.delay_ms)
    return np.where(first, workload.ready_at, later)


def under_way(workload, result, team, moments):
    """How many visits of a team are begun and not done at some moments of its shifts."""
    rows = (workload.team == team) & (result.started_at != NEVER)
    begun = result.started_at[rows][:, None] <= moments
    return (begun & (moments < result.ended_at[rows][:, None])).sum(axis=0)


def working_moments(hours, result):
    """A moment after each begin and end that lies within a shift."""
    at = np.unique(np.concatenate([result.started_at, result.ended_at]))
    at = at[at != NEVER]
    shift = np.searchsorted(hours.opens_at, at, side="right") - 1
    return at[(shift >= 0) & (at < hours.closes_at[shift])]


@given(rule=rules, seed=seeds, people=people_s)
def test_nobody_has_two_visits_in_hand(a_simulation, rule, seed, people):
    workload, _, result = a_simulation(rule, seed, people)

    for team, hours in enumerate(workload.team_hours):
        moments = working_moments(extend_last_week(hours), result)
        assert under_way(workload, result, team, moments).max(initial=0) <= people


@given(rule=rules, seed=seeds, people=people_s)
def test_nobody_idles_while_work_of_their_team_waits(a_simulation, rule, seed, people):
    workload, scenario, result = a_simulation(rule, seed, people)
    ready = ready_moments(workload, result)
    gone = np.where(workload.may_self_resolve, scenario.self_resolves_at[workload.visit_of], NEVER)
    until = np.minimum(result.started_at, np.where(result.started_at == NEVER, gone, NEVER))

    for team, hours in enumerate(workload.team_hours):
        moments = working_moments(extend_last_week(hours), result)
        of_team = (workload.team == team) & (ready != NEVER)
        waiting = (ready[of_team][:, None] <= moments) & (moments < until[of_team][:, None])
        busy = under_way(workload, result, team, moments)
        assert (busy[waiting.any(axis=0)] == people).all()


@given(rule=rules, seed=seeds)
def test_no_visit_begins_before_it_is_ready(a_simulation, rule, seed):
    workload, _, result = a_simulation(rule, seed)

    begun = result.started_at != NEVER
    assert (result.started_at[begun] >= ready_moments(workload, result)[begun]).all()


@given(rule=rules, seed=seeds)
def test_visits_begin_within_shifts(a_simulation, rule, seed):
    workload, _, result = a_simulation(rule, seed)

    for team, hours in enumerate(workload.team_hours):
        at = result.started_at[(workload.team == team) & (result.started_at != NEVER)]
        going = extend_last_week(hours)
        shift = np.searchsorted(going.opens_at, at, side="right") - 1
        assert (at < going.closes_at[shift]).all()


@given(rule=rules, seed=seeds)
def test_everything_ends_and_what_healed_was_not_begun_after(a_simulation, rule, seed):
    workload, scenario, result = a_simulation(rule, seed)

    assert (result.resolved_at != NEVER).all()
    left = (result.started_at == NEVER) & workload.may_self_resolve
    assert (
        result.resolved_at[workload.visit_of[left]]
        >= scenario.self_resolves_at[workload.visit_of[left]]
    ).all()


@given(rule=rules, seed=seeds)
def test_work_that_is_paused_when_the_shift_closes_is_not_shortened(a_simulation, rule, seed):
    workload, _, result = a_simulation(rule, seed, people=1)

    for team, hours in enumerate(workload.team_hours):
        rows = (workload.team == team) & (result.ended_at != NEVER)
        going = extend_last_week(hours)
        worked = going.open_ticks(result.ended_at[rows]) - going.open_ticks(result.started_at[rows])
        assert (worked == workload.touch_ms[rows]).all()


@given(seed=seeds, people=people_s)
def test_first_in_first_out_is_that_of_a_plain_simulation(a_simulation, seed, people):
    workload, scenario, result = a_simulation("fifo", seed, people)

    started_at, ended_at = plain_fifo(workload, scenario, people)

    np.testing.assert_array_equal(result.started_at, started_at)
    np.testing.assert_array_equal(result.ended_at, ended_at)


def plain_fifo(workload, scenario, people):
    """Every visit in the order in which it reaches its team, by whoever is free first."""
    team_hours = [extend_last_week(hours) for hours in workload.team_hours]
    free = [[0.0] * people for _ in team_hours]  # in worked ticks
    started_at, ended_at = (np.full(len(workload.team), NEVER) for _ in range(2))
    first = np.flatnonzero(np.append(True, np.diff(workload.visit_of) > 0))
    order = {
        v: i for i, v in enumerate(np.lexsort((range(len(workload.team)), detected(workload))))
    }
    waiting = [(int(workload.ready_at[v]), order[v], int(v)) for v in first]
    while waiting:
        waiting.sort()
        at, _, visit = waiting.pop(0)
        hours, clocks = team_hours[workload.team[visit]], free[workload.team[visit]]
        earliest = int(np.argmin(clocks))
        begin = max(clocks[earliest], hours.open_ticks(np.array([at]))[0])
        starts = max(moment_of(hours, begin), at)
        if (
            workload.may_self_resolve[visit]
            and scenario.self_resolves_at[workload.visit_of[visit]] <= starts
        ):
            continue
        clocks[earliest] = begin + workload.touch_ms[visit]
        started_at[visit] = starts
        ended_at[visit] = moment_of(hours, clocks[earliest], at_last=True)
        following = visit + 1
        if (
            following < len(workload.team)
            and workload.visit_of[following] == workload.visit_of[visit]
        ):
            ready = int(ended_at[visit] + workload.delay_ms[following])
            waiting.append((ready, order[following], following))
    return started_at, ended_at


def detected(workload):
    return workload.detected_at[workload.visit_of]


def moment_of(hours, worked, at_last=False):
    """When so much has been worked: the first moment, or the last before work goes on."""
    before = np.cumsum(hours.closes_at - hours.opens_at)
    shift = np.searchsorted(before, worked, side="left" if at_last else "right")
    return int(hours.closes_at[shift] - (before[shift] - worked))


@given(rule=rules, seed=seeds)
def test_the_same_play_gives_the_same_answer(a_simulation, rule, seed):
    once, again = (a_simulation(rule, seed)[2] for _ in range(2))

    for name, column in vars(once).items():
        np.testing.assert_array_equal(column, getattr(again, name))


@given(seed=seeds)
def test_people_with_both_skills_help_each_other(a_workload, a_scenario, predictions_for, seed):
    workload = a_workload(60, seed)
    scenario = a_scenario(workload, seed)
    order = all_rules()["fifo"].order(
        RuleInputs(workload, scenario, predictions_for(workload, seed), SETTINGS)
    )
    apart = np.array([[True, False], [True, True]])

    result = simulate(workload, scenario, order, np.ones((2, 2), bool))

    moments = working_moments(extend_last_week(workload.team_hours[0]), result)
    busy = sum(under_way(workload, result, team, moments) for team in range(2))
    assert busy.max() > 2
    assert busy.max() <= 4
    assert (simulate(workload, scenario, order, apart).resolved_at != NEVER).all()


def test_a_team_without_people_ends_nothing(a_workload, a_scenario, predictions_for):
    workload = a_workload(30, 1)
    nobody = TeamHours(*(np.zeros(0, np.int64) for _ in range(3)))
    workload = replace(workload, team_hours=(workload.team_hours[0], nobody))
    scenario = replace(a_scenario(workload, 1), self_resolves_at=np.full(30, NEVER))

    result = simulate(
        workload,
        scenario,
        all_rules()["fifo"].order(
            RuleInputs(workload, scenario, predictions_for(workload, 1), SETTINGS)
        ),
    )

    stuck = np.isin(np.arange(30), workload.visit_of[workload.team == 1])
    np.testing.assert_array_equal(result.resolved_at == NEVER, stuck)


@given(seed=seeds)
def test_what_is_lost_waits_until_nothing_else_does(a_simulation, seed):
    workload, _, result = a_simulation("oracle", seed, people=1)
    scenario = a_simulation("oracle", seed, people=1)[1]
    ready = ready_moments(workload, result)
    lost_at = scenario.lost_at[workload.visit_of]
    fresh = (ready != NEVER) & (result.started_at != NEVER)

    for visit in np.flatnonzero(fresh & (lost_at <= result.started_at)):
        at = result.started_at[visit]
        same = (
            fresh
            & (workload.team == workload.team[visit])
            & (ready <= at)
            & (at < result.started_at)
        )
        assert not (same & (lost_at > at)).any()


@settings(max_examples=10)
@given(seed=seeds)
def test_in_a_long_queue_the_truth_saves_money(a_simulation, seed):
    truth, first_come = (a_simulation(rule, seed, people=1, n=600) for rule in ("oracle", "fifo"))

    assert truth[2].money_lost.sum() < first_come[2].money_lost.sum()
