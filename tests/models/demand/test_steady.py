"""Steady series: forecast by their own level, whatever sells beside them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.demand.grain import Grain
from models.demand.forecaster import DemandForecaster
from models.demand.level_sets import M5_PROBABILITIES
from models.demand.lifecycle import steady

HORIZON = 6
CONSTANTS = np.array([1, 10, 1000])
PERIODS = {Grain.DAY: 150, Grain.WEEK: 80, Grain.MONTH: 36, Grain(months=3): 16}
KINDS = {
    "noisy": lambda random, units: units * random.gamma(1, 1, units.shape),
    "seasonal": lambda _, units: units * (1 + np.sin(np.arange(units.shape[1]))),
    "dead": lambda _, units: np.where(np.arange(units.shape[1]) < units.shape[1] - 20, units, 0),
    "rising": lambda _, units: units * np.exp(np.arange(units.shape[1]) / 20),
}


@pytest.fixture(scope="module")
def with_constants(planted_demand):
    """Build a panel whose first three series are constant, among others of one kind."""

    def build(kind="noisy", grain=Grain.WEEK, others=20, seed=1):
        panel = planted_demand(series=others + 3, periods=PERIODS[grain], grain=grain, seed=seed)
        units = KINDS[kind](np.random.default_rng(seed), panel.units)
        units[:3] = CONSTANTS[:, None]
        return replace(panel, units=units.astype(np.float32))

    return build


def mean_of(panel, method="average"):
    return DemandForecaster.fit(panel, HORIZON, method=method).forecast(panel).mean


def assert_constant(mean):
    np.testing.assert_allclose(mean[:3] / CONSTANTS[:, None], 1, rtol=0.05)


@given(
    kind=st.sampled_from(list(KINDS)),
    grain=st.sampled_from(list(PERIODS)),
    others=st.integers(20, 200),
    share=st.floats(0, 1),
    back=st.integers(1, 16),
)
@settings(max_examples=40, deadline=None)
def test_a_constant_series_stays_constant(with_constants, kind, grain, others, share, back):
    panel = with_constants(kind, grain, others)
    in_stock = panel.in_stock.copy()
    in_stock[:3, -back] = share

    assert_constant(mean_of(replace(panel, in_stock=in_stock)))


def test_trees_of_all_series_do_not_move_a_constant_one(with_constants):
    assert_constant(mean_of(with_constants("dead", others=60), "trees"))


def test_a_lost_period_is_no_new_level(with_constants):
    panel = with_constants()
    panel.units[:3, -1] = 0

    assert_constant(mean_of(panel))


def test_two_periods_without_sales_are_a_new_level(with_constants):
    panel = with_constants()
    panel.units[:3, -2:] = 0

    assert not steady.serves(panel)[:3].any()


@pytest.mark.parametrize("level", [0, 20, 1e6])
def test_one_steady_series_that_leaves_its_level_does_not_move_another(with_constants, level):
    panel = with_constants()
    panel.units[2, :-5], panel.units[2, -5:] = 10, level

    mean = mean_of(panel)[:2]

    np.testing.assert_allclose(mean / CONSTANTS[:2, None], 1, rtol=0.05)


def test_the_quantiles_of_a_steady_series_are_its_level_too(with_constants):
    panel = with_constants()

    quantiles = DemandForecaster.fit(panel, HORIZON).forecast(panel).quantiles(M5_PROBABILITIES)

    np.testing.assert_allclose(quantiles[:3] / CONSTANTS[:, None, None], 1, rtol=0.05)


def test_a_standing_order_of_each_week_is_forecast_on_its_weekday(with_constants):
    panel = with_constants(grain=Grain.DAY)
    weekday = np.arange(panel.length) % 7
    panel.units[0] = np.where(weekday == 2, 12, 0)
    after = np.arange(panel.length, panel.length + HORIZON) % 7

    np.testing.assert_allclose(mean_of(panel)[0], np.where(after == 2, 12, 0), atol=0.05)


def test_demand_that_chance_makes_is_not_steady(planted_demand):
    panels = [
        planted_demand(series=200, grain=grain, mean=1.0) for grain in (Grain.DAY, Grain.WEEK)
    ]

    assert not any(steady.serves(panel).any() for panel in panels)


def test_a_peak_of_each_year_is_not_taken_for_a_mistake(with_constants):
    panel = with_constants()
    panel.units[:3, -50:-47] *= 5

    assert not steady.serves(panel)[:3].any()
