"""Predictions are priced by the policy; what was not predicted falls back to its values."""

from dataclasses import fields, replace

import numpy as np
import pytest

from data.policy.policy import Policy
from data.ticks import MISSING_TICK, MS_PER_HOUR
from models.loss_curve import CURVE_AGES_HOURS
from models.ranking.pricing import PricedExceptions, price, price_stock, rank_by_policy
from models.ranking.rule import Tier
from models.triage.predictions import ClassPredictions, Predictions
from models.worktime.shifts import TeamHours, WorkClock

NOW = 20_000 * 24 * MS_PER_HOUR


@pytest.fixture(scope="module")
def policy():
    return Policy.read()


@pytest.fixture
def columns():
    return {
        "type": np.array(["fraud_risk", None, "data_error"], object),
        "total": np.array([100.0, np.nan, 1e12]),
        "detected_at": np.full(3, NOW),
        "due_at": np.array([NOW + 5 * MS_PER_HOUR, MISSING_TICK, NOW - MS_PER_HOUR]),
    }


IDS = np.array(["a", "b", "c"], object)


def test_without_predictions_the_type_as_raised_is_priced(columns, policy):
    losses = policy.losses

    loss = price(IDS, columns, None, policy).loss

    assert loss[0] == losses.preventable("fraud_risk", 100.0)
    assert loss[1] == losses.preventable("", losses.order_value)
    assert loss[2] == pytest.approx(losses.largest * losses.handling_helps)


def test_the_loss_is_averaged_over_the_whole_posterior(columns, policy):
    names = ("fraud_risk", "data_error")
    chance = np.array([[0.25, 0.75]] * 3)

    loss = price(
        IDS, columns, Predictions({"category": ClassPredictions(names, chance)}), policy
    ).loss

    each = [policy.losses.preventable(name, 100.0) for name in names]
    assert loss[0] == pytest.approx(0.25 * each[0] + 0.75 * each[1])


def test_without_predictions_touch_times_are_the_policy_s(columns, policy):
    result = price(IDS, columns, None, policy)

    assert result.touch_p50_minutes.tolist() == [policy.handling.touch_minutes_p50] * 3
    assert result.touch_p90_minutes.tolist() == [policy.handling.touch_minutes_p90] * 3


def test_predicted_touch_times_are_kept_apart_and_above_half_a_minute(columns, policy):
    touch = np.array([[0.1, 0.2, 0.2], [1.0, 10.0, 10.0], [1.0, 10.0, 30.0]])

    result = price(IDS, columns, Predictions(touch_minutes=touch), policy)

    assert result.touch_p50_minutes.tolist() == [0.5, 10.0, 10.0]
    assert (result.touch_p90_minutes > result.touch_p50_minutes).all()


def test_without_a_model_of_harm_the_loss_nears_with_age(columns, policy):
    curve = price(IDS, columns, None, policy).curve

    assert curve.shape == (3, 11)
    assert (np.diff(curve, axis=1) >= 0).all()
    deadline = policy.handling.deadline_hours
    assert np.interp(deadline, CURVE_AGES_HOURS, curve[0]) == pytest.approx(0.5)


def test_types_that_the_law_puts_first_are_marked(columns, policy):
    guards = policy.guards.model_copy(update={"always_first": ["data_error"]})

    result = price(IDS, columns, None, policy.model_copy(update={"guards": guards}))

    assert result.always_first.tolist() == [False, False, True]


def test_time_passes_without_another_prediction(columns, policy):
    result = price(IDS, columns, None, policy)

    now, later = result.at(NOW), result.at(NOW + 2 * MS_PER_HOUR)

    assert now.age_hours.tolist() == [0, 0, 0]
    assert later.age_hours.tolist() == [2, 2, 2]
    np.testing.assert_array_equal(now.hours_to_due, [5, np.nan, -1])
    np.testing.assert_array_equal(later.hours_to_due, [3, np.nan, -3])


def test_what_is_detected_in_the_future_has_no_age(columns, policy):
    assert price(IDS, columns, None, policy).at(NOW - MS_PER_HOUR).age_hours.tolist() == [0, 0, 0]


def test_each_may_be_looked_at_at_its_own_moment(columns, policy):
    items = price(IDS, columns, None, policy).at(NOW + np.array([0, 1, 2]) * MS_PER_HOUR)

    assert items.age_hours.tolist() == [0, 1, 2]


@pytest.mark.parametrize(("days_late", "tier"), [(0.5, Tier.OPEN), (10, Tier.LOST)])
def test_only_what_is_late_by_far_counts_as_lost(columns, policy, days_late, tier):
    due_at = np.where(np.arange(3) == 2, NOW - int(days_late * 24 * MS_PER_HOUR), MISSING_TICK)
    items = price(IDS, {**columns, "due_at": due_at}, None, policy).at(NOW)

    assert rank_by_policy(items, policy, degraded=False).tier[2] == tier


def test_parts_joined_are_the_whole(columns, policy):
    whole = price(IDS, columns, None, policy)

    again = PricedExceptions.concatenate([whole.take(np.array([0])), whole.take(np.array([1, 2]))])

    for field in fields(PricedExceptions):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(whole, field.name))


def test_degraded_ranks_by_slack_without_a_score(columns, policy):
    columns["due_at"] = NOW + np.array([9, 3, 6]) * MS_PER_HOUR

    result = rank_by_policy(price(IDS, columns, None, policy).at(NOW), policy, degraded=True)

    assert result.order.tolist() == [1, 2, 0]
    assert np.isnan(result.score).all()


def test_an_item_s_score_does_not_hang_on_the_others(columns, policy):
    whole = price(IDS, columns, None, policy)
    together = rank_by_policy(whole.at(NOW), policy, degraded=False).score

    for i in range(3):
        own = {name: column[i : i + 1] for name, column in columns.items()}
        alone = price(IDS[i : i + 1], own, None, policy).at(NOW)
        score = rank_by_policy(alone, policy, degraded=False).score[0]
        assert score == pytest.approx(together[i], rel=1e-12)


def test_double_the_order_value_doubles_what_waiting_loses(columns, policy):
    free = policy.losses.model_copy(update={"fixed": 0.0, "waiting_cost_per_hour": 0.0})
    policy = policy.model_copy(update={"losses": free})
    columns["type"] = np.full(3, None, object)
    columns["due_at"] = np.full(3, NOW + MS_PER_HOUR)
    columns["total"] = np.array([100.0, 200.0, 400.0])

    score = rank_by_policy(price(IDS, columns, None, policy).at(NOW), policy, degraded=False).score

    np.testing.assert_allclose(score / score[0], [1, 2, 4])


def test_what_is_recorded_as_lost_stays_last_before_its_deadline(columns, policy):
    columns["due_at"] = NOW + np.array([9, 3, 6]) * MS_PER_HOUR
    result = replace(price(IDS, columns, None, policy), lost=np.array([False, True, False]))

    assert rank_by_policy(result.at(NOW), policy, degraded=False).order[-1] == 1


def stock_scored(policy, *curves, kind="stock_out_risk"):
    loss, types = np.full(len(curves), 50.0), np.full(len(curves), kind, object)
    due_at = np.full(len(curves), NOW + MS_PER_HOUR)
    return price_stock(types, NOW, due_at, loss, np.array(curves), policy)


STEADILY = CURVE_AGES_HOURS / CURVE_AGES_HOURS[-1]


def test_stock_that_loses_steadily_loses_the_same_in_every_hour(policy):
    result = rank_by_policy(stock_scored(policy, STEADILY).at(NOW), policy, degraded=False)
    look_ahead_hours = policy.guards.look_ahead_minutes / 60

    an_hour = (result.loss_deferred[0] - result.loss_now[0]) / look_ahead_hours
    assert an_hour == pytest.approx(50 / CURVE_AGES_HOURS[-1], rel=1e-3)


def test_stock_is_handled_in_the_minutes_of_the_policy(policy):
    result = stock_scored(policy, STEADILY)

    assert result.touch_p50_minutes == [policy.stock.touch_minutes_p50]
    assert result.touch_p90_minutes == [policy.stock.touch_minutes_p90]


def test_only_orders_are_lost_once_they_are_late_by_far(policy):
    shelf, orders = (
        rank_by_policy(
            stock_scored(policy, STEADILY, kind=kind).at(NOW + 240 * MS_PER_HOUR),
            policy,
            degraded=False,
        )
        for kind in ("stock_out_risk", "unfillable_orders")
    )

    assert (shelf.tier[0], orders.tier[0]) == (Tier.OPEN, Tier.LOST)


def test_what_can_not_be_saved_any_more_goes_last(policy):
    result = stock_scored(policy, np.ones(11), STEADILY)

    assert rank_by_policy(result.at(NOW), policy, degraded=False).order.tolist() == [1, 0]


def test_stock_is_ranked_without_a_model_too(policy):
    result = rank_by_policy(stock_scored(policy, STEADILY, STEADILY).at(NOW), policy, degraded=True)

    assert len(result.order) == 2


def test_hours_are_counted_by_the_shifts_of_the_team_where_they_are_known(columns, policy):
    opens = np.array([NOW - MS_PER_HOUR, NOW + 4 * MS_PER_HOUR])
    hours = TeamHours(opens, opens + 3 * MS_PER_HOUR, np.array([2, 2]))
    result = price(IDS, columns, None, policy)

    items = result.at(NOW, WorkClock((hours,), np.array([0, 0, -1])))
    round_the_clock = result.at(NOW, WorkClock((hours,), np.array([-1, -1, -1])))

    np.testing.assert_array_equal(items.hours_to_due, [5, np.nan, -1])
    np.testing.assert_array_equal(items.work.to_due, [3, np.nan, -1])
    np.testing.assert_allclose(items.work.to_ages[1, :4], [0, 1, 2, 5], atol=1e-4)
    np.testing.assert_allclose(round_the_clock.work.to_ages[1], CURVE_AGES_HOURS, atol=1e-4)
