"""Share of a period's demand that a shelf meets which is empty for a part of it."""

from dataclasses import replace

import numpy as np
import pytest

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
