"""Extremes of demand: typos are cut, bulk orders and new levels are not."""

from dataclasses import replace

import numpy as np
import pytest

from features.demand.extremes import (
    bounded_by_others,
    bounded_peaks,
    bounded_volumes,
    extremes,
    limit_of_others,
    tamed,
)


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


@pytest.mark.parametrize("largest", [1e3, 1e9, np.inf])
def test_no_single_series_lifts_the_limit_above_the_others(largest):
    others = np.arange(1.0, 31.0)

    assert limit_of_others(np.append(others, largest)) == 30
    assert limit_of_others(np.append(others, [largest, largest])) == largest


def test_a_rise_of_one_series_is_bounded_and_the_others_stay(panel):
    risen = with_values(panel, 1e7, 1e7, 1e7, 1e7).units

    bounded = bounded_peaks(risen)

    assert bounded[0].max() < 10 * np.median(panel.units[0])
    others = panel.units[1:]
    assert (bounded[1:] == others).mean() > 0.99
    np.testing.assert_array_equal(
        bounded_peaks(100 * panel.units), 100 * bounded_peaks(panel.units)
    )


def test_few_series_or_none_that_sold_say_nothing_of_the_others(panel):
    few = with_values(panel, 1e7).units[:3]

    np.testing.assert_array_equal(bounded_peaks(few), few)
    np.testing.assert_array_equal(bounded_peaks(panel.units * 0), panel.units * 0)


def test_a_value_counts_as_the_second_largest_series_does():
    values, series = np.arange(1.0, 17.0), np.repeat(np.arange(8), 2)

    assert bounded_by_others(values, series).max() == 14
    assert len(bounded_by_others(np.empty(0), np.empty(0, int))) == 0
