"""Features of a series at a cut-off: right, relative to its level, and blind to the future."""

from dataclasses import replace

import numpy as np
import pytest

from features.demand.groups import SeriesGroups
from features.demand.windows import DemandWindows

CUT, HORIZON = 70, 28


def features(panel, *, planned=False):
    windows = DemandWindows(panel, SeriesGroups.of(panel), HORIZON, planned=planned)
    rows = np.repeat(np.arange(panel.series), HORIZON)
    cut = np.full(len(rows), CUT)
    ahead = np.tile(np.arange(1, HORIZON + 1), panel.series)
    level = windows.level(rows, cut)
    parts = (
        level[:, None],
        windows.state(rows, cut, level),
        windows.target(rows, cut, ahead, level),
        windows.calendar(rows, cut, ahead),
    )
    return np.concatenate(parts, axis=1)


def with_prices(panel):
    price = np.random.default_rng(3).uniform(5, 9, panel.units.shape).astype(np.float32)
    return replace(panel, price=price, promotion=(price < 6).astype(np.float32))


@pytest.mark.parametrize("value", [0.0, 1e4, np.nan])
def test_no_feature_sees_what_came_after_the_cut_off(planted_demand, value):
    panel = with_prices(planted_demand(series=8, periods=110))
    before = features(panel)

    changed = {name: getattr(panel, name).copy() for name in ("units", "price", "promotion")}
    for matrix in changed.values():
        matrix[:, CUT:] = value
    in_stock = panel.in_stock.copy()
    in_stock[:, CUT:] = 0.0

    np.testing.assert_array_equal(features(replace(panel, in_stock=in_stock, **changed)), before)


def test_planned_prices_are_seen(planted_demand):
    panel = with_prices(planted_demand(series=8, periods=110))
    dearer = panel.price.copy()
    dearer[:, CUT:] *= 2

    dearer_features = features(replace(panel, price=dearer), planned=True)

    assert not np.array_equal(dearer_features, features(panel, planned=True), equal_nan=True)


def test_the_level_is_that_of_a_shelf_never_empty(planted_demand):
    panel = planted_demand(series=30, periods=110)
    half = panel.in_stock.copy()
    half[:, ::3] = 0.5
    panel_half = replace(panel, units=panel.units * half, in_stock=half)
    rows, cut = np.arange(30), np.full(30, CUT)

    full = DemandWindows(panel, SeriesGroups.of(panel), 0).level(rows, cut)
    censored = DemandWindows(panel_half, SeriesGroups.of(panel_half), 0).level(rows, cut)

    assert censored.mean() == pytest.approx(full.mean(), rel=0.05)


def test_features_are_relative_to_the_level(planted_demand):
    panel = planted_demand(series=8, periods=110)
    few, many = features(panel), features(replace(panel, units=panel.units * 100))

    unequal = ~np.isclose(few, many, rtol=1e-3, atol=1e-3, equal_nan=True).all(axis=0)

    assert np.flatnonzero(unequal).size == 2  # the level and its logarithm


def test_what_was_given_away_has_no_price_to_compare_with(planted_demand):
    panel = planted_demand()
    free = replace(panel, price=np.zeros_like(panel.units))

    assert np.array_equal(features(free), features(panel), equal_nan=True)  # and no warning
