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

TERMS = RuleSettings(look_ahead_hours=4.0, atc_hours=2.0, deadline_hours=48.0, oldest_hours=336.0)
seeds, rules = st.integers(0, 10_000), st.sampled_from(list(all_rules()))
people_s = st.integers(1, 4)


@pytest.fixture(scope="module")
def a_play(a_work, a_world, opinions_on):
    """Play drawn work by a rule; return the work, the world and what came of it."""

    def build(rule, seed, people=2, n=60):
        work = a_work(n, seed, people)
        world = a_world(work, seed)
        order = all_rules()[rule].order(RuleInputs(work, world, opinions_on(work, seed), TERMS))
        return work, world, simulate(work, world, order)

    return build


def ready_moments(work, played):
    """When each visit could begin; later ones of what has ended meanwhile never."""
    first = np.append(True, np.diff(work.visit_of) > 0)
    ended = np.append(0, played.ended_at[:-1])
    later = np.where(ended == NEVER, NEVER, ended + work.delay_ms)
    return np.where(first, work.ready_at, later)


def under_way(work, played, team, moments):
    """How many visits of a team are begun and not done at some moments of its shifts."""
    rows = (work.team == team) & (played.started_at != NEVER)
    begun = played.started_at[rows][:, None] <= moments
    return (begun & (moments < played.ended_at[rows][:, None])).sum(axis=0)


def working_moments(crew, played):
    """A moment after each begin and end that lies within a shift."""
    at = np.unique(np.concatenate([played.started_at, played.ended_at]))
    at = at[at != NEVER]
    shift = np.searchsorted(crew.opens_at, at, side="right") - 1
    return at[(shift >= 0) & (at < crew.closes_at[shift])]


@given(rule=rules, seed=seeds, people=people_s)
def test_nobody_has_two_visits_in_hand(a_play, rule, seed, people):
    work, _, played = a_play(rule, seed, people)

    for team, crew in enumerate(work.team_hours):
        moments = working_moments(extend_last_week(crew), played)
        assert under_way(work, played, team, moments).max(initial=0) <= people


@given(rule=rules, seed=seeds, people=people_s)
def test_nobody_idles_while_work_of_their_team_waits(a_play, rule, seed, people):
    work, world, played = a_play(rule, seed, people)
    ready = ready_moments(work, played)
    gone = np.where(work.may_self_resolve, world.self_resolves_at[work.visit_of], NEVER)
    until = np.minimum(played.started_at, np.where(played.started_at == NEVER, gone, NEVER))

    for team, crew in enumerate(work.team_hours):
        moments = working_moments(extend_last_week(crew), played)
        mine = (work.team == team) & (ready != NEVER)
        waiting = (ready[mine][:, None] <= moments) & (moments < until[mine][:, None])
        busy = under_way(work, played, team, moments)
        assert (busy[waiting.any(axis=0)] == people).all()


@given(rule=rules, seed=seeds)
def test_no_visit_begins_before_it_is_ready(a_play, rule, seed):
    work, _, played = a_play(rule, seed)

    begun = played.started_at != NEVER
    assert (played.started_at[begun] >= ready_moments(work, played)[begun]).all()


@given(rule=rules, seed=seeds)
def test_visits_begin_within_shifts(a_play, rule, seed):
    work, _, played = a_play(rule, seed)

    for team, crew in enumerate(work.team_hours):
        at = played.started_at[(work.team == team) & (played.started_at != NEVER)]
        going = extend_last_week(crew)
        shift = np.searchsorted(going.opens_at, at, side="right") - 1
        assert (at < going.closes_at[shift]).all()


@given(rule=rules, seed=seeds)
def test_everything_ends_and_what_healed_was_not_begun_after(a_play, rule, seed):
    work, world, played = a_play(rule, seed)

    assert (played.resolved_at != NEVER).all()
    left = (played.started_at == NEVER) & work.may_self_resolve
    assert (
        played.resolved_at[work.visit_of[left]] >= world.self_resolves_at[work.visit_of[left]]
    ).all()


@given(rule=rules, seed=seeds)
def test_work_that_is_paused_when_the_shift_closes_is_not_shortened(a_play, rule, seed):
    work, _, played = a_play(rule, seed, people=1)

    for team, crew in enumerate(work.team_hours):
        rows = (work.team == team) & (played.ended_at != NEVER)
        going = extend_last_week(crew)
        worked = going.open_ticks(played.ended_at[rows]) - going.open_ticks(played.started_at[rows])
        assert (worked == work.touch_ms[rows]).all()


@given(seed=seeds, people=people_s)
def test_first_in_first_out_is_that_of_a_plain_simulation(a_play, seed, people):
    work, world, played = a_play("fifo", seed, people)

    started_at, ended_at = plain_fifo(work, world, people)

    np.testing.assert_array_equal(played.started_at, started_at)
    np.testing.assert_array_equal(played.ended_at, ended_at)


def plain_fifo(work, world, people):
    """Every visit in the order in which it reaches its team, by whoever is free first."""
    crews = [extend_last_week(crew) for crew in work.team_hours]
    free = [[0.0] * people for _ in crews]  # in worked ticks
    started_at, ended_at = (np.full(len(work.team), NEVER) for _ in range(2))
    first = np.flatnonzero(np.append(True, np.diff(work.visit_of) > 0))
    order = {v: i for i, v in enumerate(np.lexsort((range(len(work.team)), detected(work))))}
    waiting = [(int(work.ready_at[v]), order[v], int(v)) for v in first]
    while waiting:
        waiting.sort()
        at, _, visit = waiting.pop(0)
        crew, clocks = crews[work.team[visit]], free[work.team[visit]]
        earliest = int(np.argmin(clocks))
        begin = max(clocks[earliest], crew.open_ticks(np.array([at]))[0])
        starts = max(moment_of(crew, begin), at)
        if work.may_self_resolve[visit] and world.self_resolves_at[work.visit_of[visit]] <= starts:
            continue
        clocks[earliest] = begin + work.touch_ms[visit]
        started_at[visit] = starts
        ended_at[visit] = moment_of(crew, clocks[earliest], at_last=True)
        following = visit + 1
        if following < len(work.team) and work.visit_of[following] == work.visit_of[visit]:
            ready = int(ended_at[visit] + work.delay_ms[following])
            waiting.append((ready, order[following], following))
    return started_at, ended_at


def detected(work):
    return work.detected_at[work.visit_of]


def moment_of(crew, worked, at_last=False):
    """When so much has been worked: the first moment, or the last before work goes on."""
    before = np.cumsum(crew.closes_at - crew.opens_at)
    shift = np.searchsorted(before, worked, side="left" if at_last else "right")
    return int(crew.closes_at[shift] - (before[shift] - worked))


@given(rule=rules, seed=seeds)
def test_the_same_play_gives_the_same_answer(a_play, rule, seed):
    once, again = (a_play(rule, seed)[2] for _ in range(2))

    for name, column in vars(once).items():
        np.testing.assert_array_equal(column, getattr(again, name))


@given(seed=seeds)
def test_people_with_both_skills_help_each_other(a_work, a_world, opinions_on, seed):
    work = a_work(60, seed)
    world = a_world(work, seed)
    order = all_rules()["fifo"].order(RuleInputs(work, world, opinions_on(work, seed), TERMS))
    apart = np.array([[True, False], [True, True]])

    played = simulate(work, world, order, np.ones((2, 2), bool))

    moments = working_moments(extend_last_week(work.team_hours[0]), played)
    busy = sum(under_way(work, played, team, moments) for team in range(2))
    assert busy.max() > 2
    assert busy.max() <= 4
    assert (simulate(work, world, order, apart).resolved_at != NEVER).all()


def test_a_team_without_people_ends_nothing(a_work, a_world, opinions_on):
    work = a_work(30, 1)
    nobody = TeamHours(*(np.zeros(0, np.int64) for _ in range(3)))
    work = replace(work, team_hours=(work.team_hours[0], nobody))
    world = replace(a_world(work, 1), self_resolves_at=np.full(30, NEVER))

    played = simulate(
        work, world, all_rules()["fifo"].order(RuleInputs(work, world, opinions_on(work, 1), TERMS))
    )

    stuck = np.isin(np.arange(30), work.visit_of[work.team == 1])
    np.testing.assert_array_equal(played.resolved_at == NEVER, stuck)


@given(seed=seeds)
def test_what_is_lost_waits_until_nothing_else_does(a_play, seed):
    work, _, played = a_play("oracle", seed, people=1)
    world = a_play("oracle", seed, people=1)[1]
    ready = ready_moments(work, played)
    lost_at = world.lost_at[work.visit_of]
    fresh = (ready != NEVER) & (played.started_at != NEVER)

    for visit in np.flatnonzero(fresh & (lost_at <= played.started_at)):
        at = played.started_at[visit]
        same = fresh & (work.team == work.team[visit]) & (ready <= at) & (at < played.started_at)
        assert not (same & (lost_at > at)).any()


@settings(max_examples=10)
@given(seed=seeds)
def test_in_a_long_queue_the_truth_saves_money(a_play, seed):
    truth, first_come = (a_play(rule, seed, people=1, n=600) for rule in ("oracle", "fifo"))

    assert truth[2].money_lost.sum() < first_come[2].money_lost.sum()
