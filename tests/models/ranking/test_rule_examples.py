"""The rule in small examples: what goes before what, and by how much."""

from dataclasses import replace

import numpy as np
import pytest

from models.loss_curve import CURVE_AGES_HOURS
from models.ranking.inputs import NORMAL_P90, TOUCH_POINTS, WorkHours
from models.ranking.rule import Tier, rank, rank_by_slack
from models.ranking.start_loss import losses_if_begun

RULE = {"look_ahead_hours": 4.0, "oldest_hours": 336.0, "safe_risk": 0.1}
SLACK = {"oldest_hours": 336.0, "deadline_hours": 48.0}


def test_the_score_rises_as_the_deadline_nears_the_touch_time(an_item_of):
    due = np.array([50.0, 10.0, 3.0, 1.0, 0.6])  # the work takes half an hour at most

    score = rank(an_item_of(5, hours_to_due=due), **RULE).score

    assert (np.diff(score) > 0).all()


def test_the_score_of_what_can_no_longer_be_done_in_time_falls(an_item_of):
    due = np.array([0.3, 0.1, 0.02])  # the work takes 12 minutes

    score = rank(an_item_of(3, hours_to_due=due), **RULE).score

    assert (np.diff(score) < 0).all()


def test_equal_scores_go_by_age(an_item_of):
    items = an_item_of(3, age_hours=[1.0, 30.0, 5.0])

    assert rank(items, **RULE).order.tolist() == [1, 2, 0]


def test_equal_scores_and_ages_go_by_id(an_item_of):
    items = an_item_of(3, ids=["E3", "E1", "E2"])

    assert rank(items, **RULE).order.tolist() == [1, 2, 0]


def test_a_quick_one_goes_before_an_equal_loss_that_takes_longer(an_item_of):
    steady = {"hours_to_due": [np.nan] * 2, "curve": np.tile(np.linspace(0, 1, 11), (2, 1))}
    items = an_item_of(touch_p50_minutes=[60.0, 10.0], touch_p90_minutes=[90.0, 15.0], **steady)

    assert rank(items, **RULE).order.tolist() == [1, 0]


def test_a_curve_that_rises_faster_goes_first(an_item_of):
    curves = np.stack([np.linspace(0, 0.2, 11), np.linspace(0, 0.9, 11)])
    items = an_item_of(hours_to_due=[np.nan] * 2, curve=curves)

    assert rank(items, **RULE).order.tolist() == [1, 0]


def test_what_its_curve_calls_lost_gains_nothing_from_haste(an_item_of):
    items = an_item_of(hours_to_due=[np.nan] * 2, curve=np.ones((2, 11)))

    ranking = rank(items, **RULE)

    waiting_alone = 0.05 / ranking.touch_hours
    np.testing.assert_allclose(ranking.score, waiting_alone)


def test_the_latest_safe_start_leaves_time_for_a_slow_case(an_item_of):
    items = an_item_of(1, hours_to_due=[5.0], touch_p90_minutes=[30.0])

    assert rank(items, **RULE).safe_start_hours[0] == pytest.approx(4.5)


def test_nothing_open_is_an_empty_ranking(an_item_of):
    items = an_item_of().take(np.array([], int))

    assert rank(items, **RULE).order.tolist() == []
    assert rank_by_slack(items, **SLACK).order.tolist() == []


def test_without_a_model_the_larger_loss_breaks_the_tie(an_item_of):
    items = an_item_of(3, loss=[10.0, 30.0, 20.0])

    assert rank_by_slack(items, **SLACK).order.tolist() == [1, 2, 0]


def test_the_score_is_what_a_random_wait_loses_for_an_hour_of_work(an_item_of):
    curve = np.interp(CURVE_AGES_HOURS, [0, 2, 50, 2160], [0.0, 0.1, 0.9, 1.0])
    items = an_item_of(2, hours_to_due=[9.0, np.nan], curve=np.tile(curve, (2, 1)))
    waits = np.random.default_rng(3).exponential(RULE["look_ahead_hours"], 200_000)

    ranking = rank(items, **RULE)

    touch = 0.2 * np.exp(np.log(2.5) / NORMAL_P90 * TOUCH_POINTS)[:, None]
    at_deadline = (waits + touch > 9).mean()
    by_curve = (np.interp(1 + waits + touch, CURVE_AGES_HOURS, curve)).mean()
    now = np.interp(1 + touch, CURVE_AGES_HOURS, curve).mean()
    added = 100 * np.array([at_deadline, by_curve - now]) + 0.05 * RULE["look_ahead_hours"]
    expected = added / RULE["look_ahead_hours"] / ranking.touch_hours
    np.testing.assert_allclose(ranking.score, expected, rtol=0.02)


def test_what_is_due_when_nobody_works_is_due_when_the_shift_closes(an_item_of):
    items = an_item_of(2, hours_to_due=[10.0, 1.0])
    ages = CURVE_AGES_HOURS - items.age_hours[:, None]
    tonight = replace(items, work=WorkHours(np.array([1.0, 1.0]), ages, items.late_hours))

    scores = rank(tonight, **RULE).score

    assert scores[0] == scores[1] == rank(items, **RULE).score[1]


def test_a_predicted_loss_comes_in_fewer_hours_of_work_where_nobody_works_at_night(an_item_of):
    curve = np.minimum(CURVE_AGES_HOURS / 48, 1.0)
    items = an_item_of(1, hours_to_due=[np.nan], curve=curve[None])
    a_third = np.array([(CURVE_AGES_HOURS - 1.0) / 3])

    round_the_clock = rank(items, **RULE).score
    work = WorkHours(np.array([np.nan]), a_third, items.late_hours)
    eight_hours = rank(replace(items, work=work), **RULE).score

    assert eight_hours > 2 * round_the_clock


def test_what_is_overdue_keeps_the_money_that_can_still_be_saved(an_item_of):
    items = an_item_of(2, hours_to_due=[-2.0, -900.0], late_share=[0.3] * 2)

    ranking = rank(items, **RULE)

    assert ranking.tier.tolist() == [Tier.OPEN, Tier.LOST]
    assert 30 < ranking.loss_now[0] < 35
    assert ranking.loss_now[1] == 100


def test_a_missed_deadline_costs_its_share_at_once_and_the_rest_over_time(an_item_of):
    items = an_item_of(1, hours_to_due=[8.0], late_share=[0.4], late_hours=[24.0])

    losses = losses_if_begun(items, np.array([[0.0, 8.0, 32.0, 9_000.0]]))[0]

    np.testing.assert_allclose(losses, [0.0, 40.5, 40 + 60 * (1 - np.exp(-1)), 100], atol=0.6)


def test_the_score_of_a_late_one_is_what_a_random_wait_loses(an_item_of):
    items = an_item_of(2, hours_to_due=[3.0, -5.0], late_share=[0.3] * 2, late_hours=[30.0] * 2)
    waits = np.random.default_rng(3).exponential(RULE["look_ahead_hours"], 100_000)

    added = (rank(items, **RULE).score * rank(items, **RULE).touch_hours - 0.05) * 4

    losses = losses_if_begun(items, np.append(0.0, waits)[None])
    np.testing.assert_allclose(added, losses[:, 1:].mean(axis=1) - losses[:, 0], rtol=0.02)
