"""Worlds hold what was recorded as recorded, and the rest as what was recorded allows."""

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
def record(busy_shop):
    return HandlingLog.read(busy_shop.history, busy_shop.begin, busy_shop.end)


@pytest.fixture(scope="module")
def work(record):
    return read_workload(record, PolicyShifts(timezone="UTC"), np.random.default_rng(1))


@pytest.fixture(scope="module")
def worlds(record, work):
    return draw_scenarios(record, work, LOSSES, np.random.default_rng(1), 4)


@pytest.fixture(scope="module")
def rows(record, work):
    return pd.Index(record.ids).get_indexer(pd.Index(work.ids))


@pytest.fixture(scope="module")
def truth(busy_shop, work):
    known = pd.read_parquet(busy_shop.truth / "exceptions.parquet").set_index("exception_id")
    return known.loc[list(work.ids)]


def ticks(moments):
    return moments.dt.as_unit("ms").astype("int64").to_numpy()


def test_a_recorded_loss_comes_when_it_came(record, worlds, rows):
    lost = record.facts["breached"][rows] == 1

    for world in worlds:
        np.testing.assert_array_equal(world.lost_at[lost], record.facts["breached_at"][rows][lost])


def test_a_recorded_loss_costs_what_it_cost(record, worlds, rows):
    lost = record.facts["breached"][rows] == 1

    for world in worlds:
        np.testing.assert_array_equal(world.loss[lost], record.facts["loss"][rows][lost])


def test_a_loss_that_had_not_come_when_it_was_resolved_comes_later(record, worlds, rows):
    spared = record.facts["breached"][rows] == 0

    for world in worlds:
        assert (world.lost_at >= record.facts["resolved_at"][rows])[spared].all()


def test_what_healed_heals_when_it_did(work, worlds):
    for world in worlds:
        np.testing.assert_array_equal(
            world.self_resolves_at[work.self_resolved], work.resolved_at[work.self_resolved]
        )


def test_what_was_begun_had_not_healed_by_then(work, worlds):
    begun = np.full(len(work.ids), NEVER)
    np.minimum.at(begun, work.visit_of, work.started_at)
    touched = (begun != NEVER) & ~work.self_resolved

    for world in worlds:
        assert (world.self_resolves_at >= begun)[touched].all()


def test_most_losses_that_nobody_saw_come_when_they_would_have(work, worlds, truth):
    true_at = ticks(truth["hazard_at"])
    exact = [np.abs(world.lost_at - true_at) < 1_000 for world in worlds]

    assert np.mean(exact) > 0.7


def test_about_as_much_heals_as_would_have(worlds, truth):
    drawn = np.mean([(world.self_resolves_at != NEVER).mean() for world in worlds])

    assert drawn == pytest.approx(truth["heals_at"].notna().mean(), abs=0.06)


def test_losses_that_nobody_saw_cost_about_what_they_would_have(record, worlds, rows, truth):
    unseen = record.facts["breached"][rows] != 1
    true = truth["loss_if_breached"].to_numpy()[unseen]
    drawn = np.mean([world.loss[unseen] for world in worlds], axis=0)

    assert drawn.mean() == pytest.approx(true.mean(), rel=0.15)
    assert np.corrcoef(np.log(drawn), np.log(true))[0, 1] > 0.85


def test_draws_differ_where_nothing_was_recorded(record, worlds, rows):
    unseen = record.facts["breached"][rows] != 1

    assert (worlds[0].loss != worlds[1].loss)[unseen].all()


def test_the_same_seed_draws_the_same(record, work, worlds):
    again = draw_scenarios(record, work, LOSSES, np.random.default_rng(1), 4)

    for first, second in zip(worlds, again, strict=True):
        for name, column in vars(first).items():
            np.testing.assert_array_equal(column, getattr(second, name))


def test_where_no_loss_was_recorded_the_policy_says_what_it_costs(a_queue):
    steps = [
        ("a", "2025-03-03 08:00", "assigned", "care", "bot"),
        ("a", "2025-03-03 09:00", "started", "care", "ana"),
        ("a", "2025-03-03 09:30", "resolved", "care", "ana"),
    ]
    begin = pd.Timestamp("2025-03-03", tz="UTC")
    record = HandlingLog.read(a_queue(steps), begin, begin + pd.Timedelta(1, "D"))
    random = np.random.default_rng(1)
    work = read_workload(record, PolicyShifts(timezone="UTC"), random)

    (world,) = draw_scenarios(record, work, LOSSES, random, 1)

    assert world.loss.tolist() == [LOSSES.preventable("manual", LOSSES.order_value)]


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
    record = HandlingLog.read(a_queue(steps, outcomes), begin, begin + pd.Timedelta(9, "D"))
    random = np.random.default_rng(1)
    work = read_workload(record, PolicyShifts(timezone="UTC"), random)

    (world,) = draw_scenarios(record, work, LOSSES, random, 1)

    lost = np.arange(120) % 10 > 4
    np.testing.assert_array_equal(world.lost_at <= work.resolved_at, lost)


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
    seen = CensoredTimes(group, np.minimum(clock, 30.0), clock < 30)
    curve = SurvivalCurves.product_limit(seen, borrows=True)

    drawn = curve.draw_after(group, np.full(20_000, 10.0), random)

    # Without memory: half of what is left has happened ten times the logarithm of two later.
    assert np.median(drawn) == pytest.approx(10 + 10 * np.log(2), rel=0.05)


def test_beyond_what_was_seen_nothing_happens():
    group = np.zeros(50, int)
    seen = CensoredTimes(group, np.arange(50.0), np.arange(50) < 20)
    curve = SurvivalCurves.product_limit(seen, borrows=True)

    assert np.isinf(curve.draw_after(group, np.full(50, 45.0), np.random.default_rng(1))).all()
