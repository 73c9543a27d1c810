"""The rule in small examples: what goes before what, and by how much."""

import numpy as np
import pytest

from models.ranking_rule import rank, rank_by_slack

RULE = {"look_ahead_hours": 0.1, "oldest_hours": 336.0, "safe_risk": 0.1}
SLACK = {"oldest_hours": 336.0, "deadline_hours": 48.0}


def test_the_score_rises_as_the_deadline_nears_the_touch_time(an_item_of):
    due = np.array([50.0, 10.0, 3.0, 1.0, 0.5, 0.3])

    score = rank(an_item_of(6, hours_to_due=due), **RULE).score

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
