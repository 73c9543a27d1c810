"""Stock that runs out and stock that lies too long, from paths made by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.demand.grain import Grain
from models.inventory.stock_risk import DemandPaths, StockedSeries, edges_hours, overstock, run_out
from models.loss_curve import CURVE_AGES_HOURS

DAY = 24.0
DAYS = np.arange(11) * DAY
TWO_PATHS = np.stack([np.full(10, 2.0), np.full(10, 6.0)])[None]
"""One series, ten days: 2 a day or 6 a day."""


def shelves(on_hand=10.0, **changes):
    plain = {
        "on_hand": on_hand,
        "counted_hours": 0.0,
        "delivery_hours": 4 * DAY,
        "inbound": 0.0,
        "margin": 5.0,
        "cost": 8.0,
    }
    return StockedSeries(**{name: np.array([value]) for name, value in (plain | changes).items()})


def risk(shelf, paths=TWO_PATHS, now_hours=0.0, remedy_hours=0.0):
    demand = DemandPaths.of(paths, DAYS)
    return run_out(demand, shelf, now_hours=now_hours, remedy_hours=remedy_hours)


def heap(shelf, paths=TWO_PATHS, keep_days=10):
    demand = DemandPaths.of(paths, DAYS)
    return overstock(demand, shelf, now_hours=0.0, keep_hours=keep_days * DAY, share_per_year=0.5)


def test_the_chance_is_the_share_of_paths_that_ask_for_more_than_is_there():
    assert risk(shelves(on_hand=10)).chance == [0.5]


def test_the_loss_is_what_is_asked_for_before_the_delivery_and_not_there():
    result = risk(shelves(on_hand=10))

    assert result.lost_units == pytest.approx([(24 - 10) / 2])
    assert result.lost_margin == pytest.approx([35.0])


def test_what_is_asked_for_after_the_delivery_is_not_lost():
    assert risk(shelves(on_hand=10, delivery_hours=DAY)).lost_units == [0.0]


def test_a_delivery_within_a_period_ends_the_risk_there():
    result = risk(shelves(on_hand=10, delivery_hours=2.5 * DAY))

    assert result.lost_units == pytest.approx([(15 - 10) / 2])


def test_it_runs_out_when_the_path_has_taken_all():
    result = risk(shelves(on_hand=9))

    assert result.early_hours == pytest.approx([1.5 * DAY])


def test_the_median_path_may_run_out_long_after_the_early_one():
    three = np.stack([np.full(10, 1.0), np.full(10, 3.0), np.full(10, 9.0)])[None]
    result = risk(shelves(on_hand=9), three)

    assert (result.early_hours, result.median_hours) == (pytest.approx([DAY]), [3 * DAY])


def test_what_never_runs_out_within_the_forecast_has_no_date():
    result = risk(shelves(on_hand=1_000))

    assert np.isinf(result.median_hours).all()
    assert (result.chance, result.saving) == ([0.0], [0.0])


def test_what_was_asked_for_since_the_count_is_taken_off():
    counted_before = risk(shelves(on_hand=10, counted_hours=0.0), now_hours=DAY)
    counted_now = risk(shelves(on_hand=10, counted_hours=DAY), now_hours=DAY)

    assert counted_before.lost_units == pytest.approx([(24 - 10) / 2])
    assert counted_now.lost_units == pytest.approx([(18 - 10) / 2])


def test_an_oversold_shelf_loses_what_is_asked_for_and_no_more():
    assert risk(shelves(on_hand=-50)).lost_units == risk(shelves(on_hand=0)).lost_units


def test_what_is_lost_before_a_remedy_arrives_can_not_be_saved():
    result = risk(shelves(on_hand=0), remedy_hours=DAY)

    assert result.lost_margin == pytest.approx([4 * 4 * 5.0])
    assert result.saving == pytest.approx([3 * 4 * 5.0])


def test_the_curve_is_the_share_of_the_saving_that_is_gone():
    curve = risk(shelves(on_hand=0), remedy_hours=DAY).curve[0]

    assert curve[CURVE_AGES_HOURS == 0] == 0
    assert curve[CURVE_AGES_HOURS == 24] == pytest.approx(1 / 3)
    assert curve[CURVE_AGES_HOURS == 48] == pytest.approx(2 / 3)
    assert curve[-1] == 1


AMOUNT = st.floats(0, 100)


@given(on_hand=AMOUNT, more=AMOUNT, seed=st.integers(0, 50), remedy_hours=st.floats(0, 100))
def test_more_stock_never_raises_the_risk_or_the_loss(on_hand, more, seed, remedy_hours):
    paths = np.random.default_rng(seed).gamma(1.0, 4.0, (1, 40, 10))
    less = risk(shelves(on_hand), paths, remedy_hours=remedy_hours)
    fuller = risk(shelves(on_hand + more), paths, remedy_hours=remedy_hours)

    for name in ("chance", "lost_units", "lost_margin", "saving"):
        assert getattr(fuller, name)[0] <= getattr(less, name)[0] + 1e-9, name
    assert fuller.median_hours[0] >= less.median_hours[0]


@given(seed=st.integers(0, 50), on_hand=AMOUNT, delivery_days=st.floats(0, 20))
def test_a_curve_never_falls_and_stays_a_share(seed, on_hand, delivery_days):
    paths = np.random.default_rng(seed).gamma(1.0, 4.0, (1, 40, 10))
    curve = risk(shelves(on_hand, delivery_hours=delivery_days * DAY), paths).curve

    assert (np.diff(curve) >= -1e-9).all()
    assert curve.min() >= 0
    assert curve.max() <= 1


def test_what_sells_in_time_even_if_demand_is_high_is_not_too_much():
    assert heap(shelves(on_hand=20)).units == [0]


def test_overstock_is_what_is_left_where_demand_is_high():
    result = heap(shelves(on_hand=70, inbound=30.0))

    assert result.units == pytest.approx([100 - np.quantile([20, 60], 0.95)])
    assert result.tied_up == result.units * 8.0


def test_a_forecast_that_ends_earlier_goes_on_at_the_pace_of_each_path():
    assert heap(shelves(on_hand=100), keep_days=20).units == heap(shelves(on_hand=50)).units


def test_holding_is_paid_until_it_is_sold_but_for_a_year_at_most():
    never_sold = heap(shelves(on_hand=50), paths=np.zeros((1, 2, 10)))

    assert never_sold.saving == pytest.approx([50 * 8.0 * 0.5])
    assert never_sold.holding_per_day == pytest.approx([50 * 8.0 * 0.5 / 365])


@given(on_hand=AMOUNT, more=AMOUNT)
def test_less_stock_never_raises_the_overstock(on_hand, more):
    assert heap(shelves(on_hand)).saving[0] <= heap(shelves(on_hand + more)).saving[0]


def test_a_month_is_as_long_as_it_is():
    edges = edges_hours(np.array(["2026-02-01"], "datetime64[D]"), Grain.MONTH)

    assert edges.tolist() == [0.0, 28 * DAY]
