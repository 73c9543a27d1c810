"""Incidents in the ranking: one row, the group's loss over one fix."""

import numpy as np
import pytest

from models.ranking.incidents import ALONE, IncidentGroups, rank_incidents, with_fix_time
from models.ranking.inputs import RankingInputs
from models.ranking.rule import Tier, rank, rank_by_slack

RULE = {"look_ahead_hours": 0.1, "oldest_hours": 336, "safe_risk": 0.1}
FIX = {"p50_minutes": 20.0, "p90_minutes": 60.0}


def items(n, **changes):
    plain = {
        "ids": np.array([f"exc_{i:03d}" for i in range(n)]),
        "age_hours": np.linspace(2, 1, n),
        "hours_to_due": np.full(n, 1.5),
        "loss": np.full(n, 50.0),
        "curve": np.zeros((n, 11)),
        "curve_scale": np.ones(n),
        "late_share": np.ones(n),
        "late_hours": np.full(n, 72.0),
        "touch_p50_minutes": np.full(n, 20.0),
        "touch_p90_minutes": np.full(n, 60.0),
        "waiting_cost_per_hour": np.full(n, 0.05),
        "lost": np.zeros(n, bool),
        "always_first": np.zeros(n, bool),
    }
    return RankingInputs(**plain | changes)


def ranked(inputs, of_item, **rule):
    of_item = np.array(of_item)
    groups = IncidentGroups(of_item, of_item.max() + 1)
    fixed = with_fix_time(inputs, groups, **FIX)
    return rank_incidents(rank(fixed, **RULE | rule), fixed, groups, rerank_band=0.15)


def test_members_are_no_rows_of_their_own():
    order = ranked(items(5), [0, ALONE, 0, ALONE, 0]).order

    assert sorted(order.tolist()) == [1, 3, 5]


def test_an_incident_scores_what_its_members_score_together_under_one_fix():
    inputs = items(4)
    whole = ranked(inputs, [0, 0, 0, ALONE])

    assert whole.score[4] == pytest.approx(3 * whole.score[3])
    assert whole.loss_now[4] == pytest.approx(whole.loss_now[:3].sum())
    assert whole.touch_hours[4] == pytest.approx(whole.touch_hours[3])


def test_a_group_of_many_small_losses_goes_before_one_larger_loss():
    losses = np.array([20.0] * 10 + [60.0])
    whole = ranked(items(11, loss=losses), [0] * 10 + [ALONE])

    assert whole.order.tolist() == [11, 10]


def test_one_that_is_lost_does_not_put_the_others_last():
    due = np.array([-1.0, 1.5, 1.5])
    whole = ranked(items(3, hours_to_due=due), [0, 0, ALONE])

    assert whole.tier[3] == Tier.OPEN
    assert whole.safe_start_hours[3] == whole.safe_start_hours[1] > 0


def test_a_group_that_is_lost_as_a_whole_goes_last():
    due = np.array([-1.0, -1.0, 1.5])
    assert ranked(items(3, hours_to_due=due), [0, 0, ALONE]).order.tolist() == [2, 3]


def test_what_the_law_puts_first_lifts_its_group():
    first = np.array([False, True, False])
    whole = ranked(items(3, always_first=first, loss=np.array([1.0, 1.0, 900.0])), [0, 0, ALONE])

    assert whole.order.tolist() == [3, 2]


def test_groups_that_score_alike_stand_by_age():
    whole = ranked(items(4), [1, 0, 0, 1])

    assert whole.order.tolist() == [5, 4]


def test_without_a_model_a_group_stands_where_its_first_member_would():
    due = np.array([5.0, 1.0, 3.0, 0.8])
    inputs = items(4, hours_to_due=due)
    groups = IncidentGroups(np.array([0, ALONE, ALONE, 0]), 1)
    fixed = with_fix_time(inputs, groups, **FIX)
    fallback = rank_by_slack(fixed, oldest_hours=336, deadline_hours=48)

    assert rank_incidents(fallback, fixed, groups, rerank_band=0.15).order.tolist() == [4, 1, 2]


def test_without_groups_nothing_changes():
    inputs = items(3)
    alone = rank(inputs, **RULE)
    groups = IncidentGroups(np.full(3, ALONE), 0)

    assert (
        rank_incidents(alone, with_fix_time(inputs, groups, **FIX), groups, rerank_band=0.15)
        is alone
    )


def test_the_commonest_word_of_a_group_is_told():
    groups = IncidentGroups(np.array([0, 0, ALONE, 0, 1]), 2)
    words = np.array(["a", "b", "c", "b", None], object)

    assert groups.commonest(words).tolist() == ["b", None]
