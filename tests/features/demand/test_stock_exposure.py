"""Share of a period's demand that a shelf meets which is empty for a part of it."""

from dataclasses import replace

import numpy as np
import pytest

from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.stock_exposure import exposed, exposure_power


def parted(panel, power):
    random = np.random.default_rng(2)
    in_stock = np.where(random.random(panel.units.shape) < 0.3, 0.5, 1.0).astype(np.float32)
    units = random.binomial(panel.units.astype(int), in_stock**power).astype(np.float32)
    return replace(panel, units=units, in_stock=in_stock)


@pytest.mark.parametrize("power", [0.3, 0.6, 1.0])
def test_the_power_is_found_again(planted_demand, power):
    panel = parted(planted_demand(series=60, periods=120), power)

    assert exposure_power(panel) == pytest.approx(power, abs=0.1)


def test_loss_is_in_proportion_where_nothing_was_seen(planted_demand):
    assert exposure_power(planted_demand(series=5, periods=30)) == 1


def test_a_whole_period_stays_whole(planted_demand):
    panel = parted(planted_demand(series=5, periods=30), 0.5)

    np.testing.assert_array_equal(exposed(panel, 0.5).in_stock == 1, panel.in_stock == 1)


def weeks(units, in_stock):
    """A series of given units and shares in stock."""
    first = np.datetime64("2020-01-06") + 7 * np.arange(len(units))
    matrices = (np.array([values], np.float32) for values in (units, in_stock))
    return Panel(Grain.WEEK, first, np.array(["S"]), np.array(["A"]), *matrices)


def test_a_period_that_sold_as_usual_was_not_cut_short():
    panel = weeks([10] * 20, [1] * 19 + [0.5])

    assert exposed(panel, 1).in_stock[0, -1] == pytest.approx(0.99)


def test_a_period_that_sold_less_was():
    panel = weeks([10] * 19 + [4], [1] * 19 + [0.5])

    assert exposed(panel, 1).in_stock[0, -1] == pytest.approx(0.5)


def test_shelves_that_are_said_to_be_empty_and_sell_as_usual_are_not():
    shares = [1] * 10 + [0] * 6 + [1] * 4

    assert (exposed(weeks([10] * 20, shares), 1).in_stock == 1).all()
    empty = exposed(weeks([10] * 10 + [0] * 6 + [10] * 4, shares), 1)
    np.testing.assert_array_equal(empty.in_stock, [shares])


def test_stock_that_is_never_counted_above_zero_says_nothing_of_what_sells():
    assert (exposed(weeks([0, 3, 0, 0, 3, 0], [0] * 6), 1).in_stock == 1).all()


def test_empty_shelves_are_silence_from_a_year_after_the_last_sale():
    shares = exposed(weeks([10] * 10 + [0] * 60, [1] * 10 + [0] * 60), 1).in_stock[0]

    assert (shares[10:61] == 0).all()
    assert (shares[61:] == 1).all()
