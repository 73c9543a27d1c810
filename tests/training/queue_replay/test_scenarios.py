"""Worlds hold what was recorded as recorded, and the rest as what was recorded allows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.policy.policy import Policy
from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import NEVER
from training.queue_replay.scenarios.draw import draw_scenarios
from training.queue_replay.scenarios.kaplan_meier import OVERALL, CensoredTimes, SurvivalCurves
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.read import read_workload

POLICY = Policy.read()
LOSSES = POLICY.losses
times = st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=20, max_size=60)


@pytest.fixture(scope="module")
def log(busy_shop):
    return HandlingLog.read(busy_shop.history, busy_shop.begin, busy_shop.end)


@pytest.fixture(scope="module")
def workload(log):
    return read_workload(log, PolicyShifts(timezone="UTC"), np.random.default_rng(1))


@pytest.fixture(scope="module")
def scenarios(log, workload):
    return draw_scenarios(log, workload, LOSSES, np.random.default_rng(1), 4)


@pytest.fixture(scope="module")
def rows(log, workload):
    return pd.Index(log.ids).get_indexer(pd.Index(workload.ids))


@pytest.fixture(scope="module")
def truth(busy_shop, workload):
    exceptions = pd.read_parquet(busy_shop.truth / "exceptions.parquet")
    return exceptions.set_index("exception_id").loc[list(workload.ids)]


def ticks(moments):
    return moments.dt.as_unit("ms").astype("int64").to_numpy()


def test_a_recorded_loss_comes_when_it_came(log, scenarios, rows):
    lost = log.facts["breached"][rows] == 1

    for scenario in scenarios:
        np.testing.assert_array_equal(scenario.lost_at[lost], log.facts["breached_at"][rows][lost])


def test_a_recorded_loss_costs_what_it_cost(log, scenarios, rows):
    lost = log.facts["breached"][rows] == 1

    for scenario in scenarios:
        np.testing.assert_array_equal(scenario.loss[lost], log.facts["loss"][rows][lost])


def test_a_loss_that_had_not_come_when_it_was_resolved_comes_later(log, scenarios, rows):
    spared = log.facts["breached"][rows] == 0

    for scenario in scenarios:
        assert (scenario.lost_at >= log.facts["resolved_at"][rows])[spared].all()


def test_what_healed_heals_when_it_did(workload, scenarios):
    for scenario in scenarios:
        np.testing.assert_array_equal(
            scenario.self_resolves_at[workload.self_resolved],
            workload.resolved_at[workload.self_resolved],
        )


def test_what_was_begun_had_not_healed_by_then(workload, scenarios):
    begun = np.full(len(workload.ids), NEVER)
    waits = workload.may_self_resolve
    np.minimum.at(begun, workload.visit_of[waits], workload.started_at[waits])
    touched = (begun != NEVER) & ~workload.self_resolved

    for scenario in scenarios:
        assert (scenario.self_resolves_at >= begun)[touched].all()


def test_losses_that_nobody_saw_come_about_when_they_would_have(
    log, workload, scenarios, truth, rows
):
    unseen = log.facts["breached"][rows] != 1
    true = ticks(truth["hazard_at"])[unseen] - workload.detected_at[unseen]
    drawn = [s.lost_at[unseen] - workload.detected_at[unseen] for s in scenarios]

    for share in (0.25, 0.5):
        middle = np.mean([np.quantile(each, share) for each in drawn])
        assert middle == pytest.approx(np.quantile(true, share), rel=0.3)


def test_about_as_much_heals_as_would_have(scenarios, truth):
    drawn = np.mean([(scenario.self_resolves_at != NEVER).mean() for scenario in scenarios])

    assert drawn == pytest.approx(truth["heals_at"].notna().mean(), abs=0.06)


def test_losses_that_nobody_saw_cost_about_what_they_would_have(log, scenarios, rows, truth):
    unseen = log.facts["breached"][rows] != 1
    true = truth["loss_if_breached"].to_numpy()[unseen]
    drawn = np.mean([scenario.loss[unseen] for scenario in scenarios], axis=0)

    assert drawn.mean() == pytest.approx(true.mean(), rel=0.15)
    assert np.corrcoef(np.log(drawn), np.log(true))[0, 1] > 0.85


def test_draws_differ_where_nothing_was_recorded(log, scenarios, rows):
    unseen = log.facts["breached"][rows] != 1

    assert (scenarios[0].loss != scenarios[1].loss)[unseen].all()


def test_the_same_seed_draws_the_same(log, workload, scenarios):
    again = draw_scenarios(log, workload, LOSSES, np.random.default_rng(1), 4)

    for first, second in zip(scenarios, again, strict=True):
        for name, column in vars(first).items():
            np.testing.assert_array_equal(column, getattr(second, name))


def test_where_no_loss_was_recorded_the_policy_says_what_it_costs(a_queue):
    steps = [
        ("a", "2025-03-03 08:00", "assigned", "care", "bot"),
        ("a", "2025-03-03 09:00", "started", "care", "ana"),
        ("a", "2025-03-03 09:30", "resolved", "care", "ana"),
    ]
    begin = pd.Timestamp("2025-03-03", tz="UTC")
    log = HandlingLog.read(a_queue(steps), begin, begin + pd.Timedelta(1, "D"))
    random = np.random.default_rng(1)
    workload = read_workload(log, PolicyShifts(timezone="UTC"), random)

    (scenario,) = draw_scenarios(log, workload, LOSSES, random, 1)

    assert scenario.loss.tolist() == [LOSSES.preventable("manual", LOSSES.order_value)]


def test_where_only_breached_or_not_is_recorded_the_moment_is_drawn_on_that_side(a_queue):
    steps, outcomes = [], {}
    for k in range(120):
        begin = pd.Timestamp("2025-03-03", tz="UTC") + pd.Timedelta(k, "h")
        ends = begin + pd.Timedelta(1 + k % 10, "h")
        steps += [
            (f"e{k:03}", begin, "assigned", "care", "bot"),
            (f"e{k:03}", ends - pd.Timedelta(5, "min"), "started", "care", "ana"),
            (f"e{k:03}", ends, "resolved", "care", "ana"),
        ]
        outcomes[f"e{k:03}"] = {"resolved_at": ends, "known_at": ends, "breached": k % 10 > 4}
    begin = pd.Timestamp("2025-03-03", tz="UTC")
    log = HandlingLog.read(a_queue(steps, outcomes), begin, begin + pd.Timedelta(9, "D"))
    random = np.random.default_rng(1)
    workload = read_workload(log, PolicyShifts(timezone="UTC"), random)

    (scenario,) = draw_scenarios(log, workload, LOSSES, random, 1)

    lost = np.arange(120) % 10 > 4
    np.testing.assert_array_equal(scenario.lost_at <= workload.resolved_at, lost)


def test_a_curve_is_that_of_a_calculation_by_hand():
    clock = np.repeat([1.0, 2.0, 3.0, 4.0, 90.0], 10)
    happened = np.repeat([True, False, True, False, False], 10)

    curve = SurvivalCurves.product_limit(
        CensoredTimes(np.zeros(50, int), clock, happened), borrows=True
    )

    at, chance = curve.knots[OVERALL]
    assert np.interp(2.0, at, chance) == pytest.approx(1 - 4 / 5)
    assert np.interp(4.0, at, chance) == pytest.approx(1 - 4 / 5 * 2 / 3)


@given(times, st.floats(0, 60))
def test_what_has_not_happened_yet_is_drawn_later(cases, now):
    clock, happened = (np.array(each) for each in zip(*cases, strict=True))
    group = np.zeros(len(clock), int)
    curve = SurvivalCurves.product_limit(
        CensoredTimes(group, clock.astype(float), happened), borrows=True
    )

    drawn = curve.draw_after(group, np.full(len(clock), now), np.random.default_rng(1))

    assert (drawn >= now).all()


def test_what_was_drawn_is_spread_as_the_curve():
    random = np.random.default_rng(3)
    clock = random.exponential(10, 20_000)
    group = np.zeros(20_000, int)
    cases = CensoredTimes(group, np.minimum(clock, 30.0), clock < 30)
    curve = SurvivalCurves.product_limit(cases, borrows=True)

    drawn = curve.draw_after(group, np.full(20_000, 10.0), random)

    # Without memory: half of what is left has happened ten times the logarithm of two later.
    assert np.median(drawn) == pytest.approx(10 + 10 * np.log(2), rel=0.05)


def test_beyond_what_was_seen_nothing_happens():
    group = np.zeros(50, int)
    cases = CensoredTimes(group, np.arange(50.0), np.arange(50) < 20)
    curve = SurvivalCurves.product_limit(cases, borrows=True)

    assert np.isinf(curve.draw_after(group, np.full(50, 45.0), np.random.default_rng(1))).all()


def test_where_only_lateness_is_recorded_losses_come_at_the_deadline_or_after_it(log, workload):
    late = log.facts["resolved_at"] > log.facts["due_at"]
    facts = log.facts | {
        "breached": np.where(np.isfinite(log.facts["breached"]), late.astype(float), np.nan),
        "breached_at": np.where(late, log.facts["due_at"], NEVER),
        "loss": np.full(len(late), np.nan),
    }
    by_deadline = replace(log, facts=facts)

    scenario, *_ = draw_scenarios(by_deadline, workload, LOSSES, np.random.default_rng(1), 1)

    due = facts["due_at"][pd.Index(log.ids).get_indexer(pd.Index(workload.ids))]
    dated = due != NEVER
    assert (scenario.lost_at >= due)[dated].all()
    at_once = (scenario.lost_at == due)[dated].mean()
    assert at_once == pytest.approx(LOSSES.late_share, abs=0.08)
