"""Closed weekdays, as the site's own history shows them."""

from dataclasses import replace

import numpy as np
import pytest

from features.demand.closed_days import closed_periods
from features.demand.grain import Grain

SATURDAY = 5


@pytest.fixture
def shop(planted_demand):
    """A panel that begins on a Monday, ends on a Sunday and has no sale on Saturdays."""
    panel = planted_demand(series=30, periods=119)
    units = panel.units.copy()
    units[:, SATURDAY::7] = 0
    return replace(panel, units=units)


def test_a_weekday_without_a_sale_for_weeks_is_closed(shop):
    closed = closed_periods(shop, 14)

    assert np.flatnonzero(closed.all(0)).tolist() == [SATURDAY, SATURDAY + 7]
    assert closed.sum() == 2 * shop.series


def test_a_shop_of_one_product_shows_its_closed_weekday_in_half_a_year(planted_demand):
    panel = planted_demand(series=1, periods=224)
    panel.units[:, SATURDAY::7] = 0

    closed = closed_periods(panel, 7)

    assert np.flatnonzero(closed[0]).tolist() == [SATURDAY]
    assert not closed_periods(panel.until(112), 7).any()


def test_a_shop_that_sells_every_day_is_never_closed(planted_demand):
    assert not closed_periods(planted_demand(series=30, periods=119), 14).any()


def test_an_entry_on_the_wrong_day_opens_no_shop(shop):
    units = shop.units.copy()
    units[0, -2] = 3

    assert closed_periods(replace(shop, units=units), 7)[:, SATURDAY].all()


def test_a_shop_that_has_begun_to_open_on_saturdays_is_open(shop):
    units = shop.units.copy()
    units[:, -2] = 3

    assert not closed_periods(replace(shop, units=units), 7).any()


def test_each_site_has_its_own_weekdays(shop, planted_demand):
    units = np.where(np.arange(30)[:, None] % 2 == 0, shop.units, shop.units + 1)
    sites = np.where(np.arange(30) % 2 == 0, "shut", "open")
    closed = closed_periods(replace(shop, units=units, site=sites), 7)

    np.testing.assert_array_equal(closed[:, SATURDAY], sites == "shut")


@pytest.mark.parametrize("change", ["few weeks", "few sales"])
def test_too_little_history_closes_no_shop(shop, change):
    little = shop.until(49) if change == "few weeks" else replace(shop, units=shop.units * 0)

    assert not closed_periods(little, 7).any()


def test_longer_periods_have_no_weekdays(planted_demand):
    panel = planted_demand(grain=Grain.WEEK, periods=60)

    assert not closed_periods(replace(panel, units=panel.units * 0), 4).any()
