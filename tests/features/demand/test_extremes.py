"""Extremes of demand: typos are cut, bulk orders and new levels are not."""

from dataclasses import replace

import numpy as np
import pytest

from features.demand.extremes import bounded_volumes, extremes, tamed


def with_values(panel, *values):
    units = panel.units.copy()
    units[0, -len(values) :] = values
    return replace(panel, units=units)


@pytest.fixture
def panel(planted_demand):
    return planted_demand(series=20, periods=80)


def test_a_typo_is_cut_to_the_largest_other_value_of_its_series(panel):
    cut = tamed(with_values(panel, 10_000_000))

    assert cut.units[0, -1] == panel.units[0, :-1].max()
    np.testing.assert_array_equal(cut.units[1:], panel.units[1:])


@pytest.mark.parametrize("factor", [0.001, 1000])
def test_it_does_not_hang_on_the_unit_of_measure(panel, factor):
    units = with_values(panel, 10_000_000).units

    np.testing.assert_array_equal(extremes(units * np.float32(factor)), extremes(units))


def test_a_bulk_order_stays(panel):
    bulk = with_values(panel, 20 * np.median(panel.units[0]))

    assert tamed(bulk) is bulk


def test_many_high_values_are_a_new_level(panel):
    risen = with_values(panel, 9_000, 9_500, 8_800, 9_100)

    assert not extremes(risen.units).any()


def test_the_only_value_of_a_series_is_judged_by_the_others(panel):
    units = panel.units.copy()
    units[0] = np.nan
    units[0, -1] = 10_000_000

    assert np.argwhere(extremes(units)).tolist() == [[0, 79]]
    assert tamed(replace(panel, units=units)).units[0, -1] <= panel.units.max()


def test_nothing_is_extreme_where_nothing_sold(panel):
    assert not extremes(panel.units * 0).any()
    assert not extremes(panel.units * np.nan).any()


def test_one_giant_counts_as_a_large_series_does():
    assert bounded_volumes(np.array([1.0, 2.0, 3.0, 1e6])).tolist() == [1, 2, 3, 50]
