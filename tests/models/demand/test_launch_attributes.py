"""New SKUs are forecast by their attributes where these decide, and by the curves where not."""

from dataclasses import replace

import numpy as np
import pytest

from models.demand.forecaster import DemandForecaster
from models.demand.lifecycle import launch, launch_attributes
from models.demand.lifecycle.launch import LaunchCurves

HORIZON, SERIES, PERIODS, NEW = 7, 400, 120, 40
LEVEL_OF = {"acme": 2.0, "bolt": 9.0, "core": 40.0}


@pytest.fixture(scope="module")
def launched():
    """Build a panel in which all series begin one after the other, the last ones not yet.

    Their level follows the brand, and twice as much is sold of a dose above 250 mg.
    """

    def build(planted_demand, decided=True):
        dice = np.random.default_rng(4)
        panel = planted_demand(series=SERIES, periods=PERIODS, mean=1.0)
        brand = dice.choice(list(LEVEL_OF), SERIES)
        colour = dice.choice(["red", "blue", "green", "white", "black"], SERIES)
        dose = dice.integers(5, 500, SERIES).astype(np.float32)
        level = np.array([LEVEL_OF[name] for name in brand]) * np.where(dose > 250, 2.0, 1.0)
        level = level if decided else dice.permutation(level)
        units = dice.poisson(level[:, None], panel.units.shape).astype(np.float32)
        began = np.linspace(0, PERIODS, SERIES).astype(int)
        began[-NEW:] = PERIODS
        units[np.arange(PERIODS) < began[:, None]] = np.nan
        words = {"product.brand": brand.astype(object), "product.colour": colour.astype(object)}
        panel = replace(panel, units=units, words=words, numbers={"product.dose_mg": dose})
        return panel, level

    return build


def error(curves, level):
    """Return the mean error of a forecast of the new ones, as a share of their level."""
    return np.abs(curves[-NEW:, :HORIZON] / level[-NEW:, None] - 1).mean()


def test_the_level_of_a_new_sku_is_that_of_its_attributes(launched, planted_demand):
    panel, level = launched(planted_demand)
    learned = launch_attributes.AttributeLaunches.fit(panel, HORIZON)
    curves = LaunchCurves.fit(panel, HORIZON)

    assert error(learned.curves(panel), level) < 0.2
    assert error(curves.curves(panel), level) > 0.8


def test_the_attributes_serve_the_new_skus_and_a_stored_forecaster_does_the_same(
    launched, planted_demand
):
    panel, _ = launched(planted_demand)
    fitted = DemandForecaster.fit(panel, HORIZON, method="average")
    forecast = fitted.forecast(panel)
    stored = DemandForecaster.from_files(fitted.to_files()).forecast(panel)

    assert set(forecast.method[-NEW:]) == {launch_attributes.NAME}
    np.testing.assert_array_equal(stored.mean, forecast.mean)


def test_attributes_that_decide_nothing_do_not_serve(launched, planted_demand):
    panel, _ = launched(planted_demand, decided=False)

    assert launch_attributes.fit(panel, HORIZON) is None
    assert launch.fit(panel, HORIZON) is not None


def test_a_value_that_is_new_when_forecasting_is_harmless(launched, planted_demand):
    panel, level = launched(planted_demand)
    learned = launch_attributes.AttributeLaunches.fit(panel, HORIZON)
    unknown = replace(panel, words={"product.brand": np.full(SERIES, "new", object)}, numbers={})

    curves = learned.curves(unknown)
    assert np.isfinite(curves).all()
    assert level.min() < curves.mean() < level.max()
