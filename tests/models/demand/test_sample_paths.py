"""Joint paths: single periods as forecast, sums as uncertain as they are, aggregates coherent."""

from dataclasses import replace

import numpy as np
import pytest

from features.demand.grain import Grain
from models.demand.aggregates import summed_paths
from models.demand.forecaster import DemandForecaster
from models.demand.sample_paths import sample_paths


@pytest.fixture(scope="module")
def forecast(planted_demand):
    panel = planted_demand()
    return DemandForecaster.fit(panel, 7, method="average").forecast(panel)


def test_paths_have_the_forecast_mean(forecast):
    drawn = sample_paths(forecast, np.arange(forecast.series), 500, seed=1)

    assert drawn.mean() == pytest.approx(forecast.mean.mean(), rel=0.02)


def test_paths_have_the_forecast_quantiles(forecast):
    drawn = sample_paths(forecast, np.arange(forecast.series), 500, seed=1)
    upper = forecast.quantiles(np.array([0.9]))[:, None, :, 0]

    assert (drawn <= upper).mean() == pytest.approx(0.9, abs=0.02)


def test_a_path_depends_on_its_own_row_alone(forecast):
    alone = sample_paths(forecast, np.array([3]), 20, seed=1)

    np.testing.assert_allclose(sample_paths(forecast, np.array([5, 3]), 20, seed=1)[1:], alone)


def test_aggregates_are_sums_of_the_same_paths(forecast, monkeypatch):
    monkeypatch.setattr(
        "models.demand.aggregates.CELLS_A_CHUNK", 3 * 20 * 7
    )  # three series a chunk
    site = np.where(np.arange(forecast.series) % 3 == 0, "north", "south")
    drawn = sample_paths(forecast, np.arange(forecast.series), 20, seed=1)

    names, sums = summed_paths(forecast, site, 20, seed=1)

    expected = np.stack([drawn[site == name].sum(0) for name in names])
    np.testing.assert_allclose(sums, expected, rtol=1e-4)


def correlated(planted_demand, seed):
    """Demand with a persistent error of each series and a shock to all that lasts some weeks."""
    random = np.random.default_rng(seed)
    series, periods = 50, 150
    own, shared = np.zeros((series, periods)), np.zeros(periods)
    for t in range(1, periods):
        own[:, t] = 0.8 * own[:, t - 1] + 0.18 * random.standard_normal(series)
        shared[t] = 0.6 * shared[t - 1] + 0.12 * random.standard_normal()
    effect = np.exp(own + shared)
    return planted_demand(
        series=series, periods=periods, grain=Grain.WEEK, mean=60.0, seed=seed, effect=effect
    )


@pytest.fixture(scope="module")
def summed_chances(planted_demand):
    """Return the chances of what came: of sums over 4 weeks, and over 50 series."""
    over_weeks, over_series = [], []
    for seed in range(40):
        panel = correlated(planted_demand, seed)
        past = panel.until(panel.length - 4)
        forecast = DemandForecaster.fit(past, 4, method="average").forecast(past)
        drawn = sample_paths(forecast, np.arange(panel.series), 200, seed=1)
        actual = panel.units[:, -4:]
        over_weeks.append((drawn.sum(2) < actual.sum(1)[:, None]).mean(1))
        over_series.append((drawn.sum(0) < actual.sum(0)).mean(0))
    return np.concatenate(over_weeks), np.concatenate(over_series)


def inside_80(chances):
    return ((chances > 0.1) & (chances < 0.9)).mean()


def test_sums_over_weeks_are_as_uncertain_as_they_turn_out(summed_chances):
    assert inside_80(summed_chances[0]) == pytest.approx(0.8, abs=0.08)


def test_sums_over_series_are_as_uncertain_as_they_turn_out(summed_chances):
    assert inside_80(summed_chances[1]) == pytest.approx(0.8, abs=0.1)


def test_without_dependence_sums_over_weeks_would_look_too_certain(planted_demand):
    panel = correlated(planted_demand, 1)
    forecast = DemandForecaster.fit(panel, 4, method="average").forecast(panel)
    apart = replace(forecast, dependence=np.eye(4))

    together, alone = (
        sample_paths(each, np.arange(50), 500, seed=1).sum(2).std(1).mean()
        for each in (forecast, apart)
    )

    assert together > 1.2 * alone
