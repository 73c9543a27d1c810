"""The forecaster: learns what it must, refuses no series, and says how sure it is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.domain import UnknownChoiceError
from features.demand.grain import Grain
from models.demand.catalog import by_name, method_names, methods
from models.demand.forecaster import DemandForecaster
from models.demand.level_sets import M5_PROBABILITIES
from models.demand.method import demand_after

HORIZON = 7
METHODS = method_names()


@pytest.fixture(scope="module")
def panel(planted_demand):
    return planted_demand()


@pytest.fixture(scope="module")
def trees(panel):
    return DemandForecaster.fit(panel, HORIZON)


@pytest.mark.parametrize("method", METHODS)
def test_a_high_weekend_is_forecast_as_one(panel, method):
    mean = DemandForecaster.fit(panel, HORIZON, method=method).forecast(panel).mean
    weekday = (panel.next_periods(HORIZON).astype(int) + 3) % 7

    assert mean[:, weekday >= 5].mean() / mean[:, weekday < 5].mean() == pytest.approx(2, rel=0.12)


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_never_fall_and_are_never_negative(panel, method):
    forecast = DemandForecaster.fit(panel, HORIZON, method=method).forecast(panel)
    quantiles = forecast.quantiles(M5_PROBABILITIES)

    assert (np.diff(quantiles, axis=2) >= 0).all()
    assert (quantiles >= 0).all()


def test_trees_forecast_ten_times_as_much_of_ten_times_the_units(panel, trees):
    tenfold = replace(panel, units=panel.units * 10)

    forecast = DemandForecaster.fit(tenfold, HORIZON).forecast(tenfold)

    assert forecast.mean.sum() == pytest.approx(10 * trees.forecast(panel).mean.sum(), rel=0.03)


def test_nothing_after_the_cut_off_moves_a_forecast(panel):
    changed = panel.units.copy()
    changed[:, 100:] = 99.0
    forecast = DemandForecaster.fit(panel.until(100), HORIZON).forecast(panel.until(100))

    altered = replace(panel, units=changed).until(100)

    np.testing.assert_array_equal(
        DemandForecaster.fit(altered, HORIZON).forecast(altered).mean, forecast.mean
    )


@pytest.fixture(scope="module", params=["trees", "average"])
def met(planted_demand, request):
    """Return what came of some panels, (n, H) units, and the forecasts of it."""
    panels = [planted_demand(series=100, periods=104, seed=seed) for seed in (5, 6, 7, 8)]
    pasts = [panel.until(panel.length - 14) for panel in panels]
    forecasts = [
        DemandForecaster.fit(past, 14, method=request.param).forecast(past) for past in pasts
    ]
    return np.concatenate([panel.units[:, -14:] for panel in panels]), forecasts


def test_quantiles_cover_what_they_say(met):
    actual, forecasts = met
    quantiles = np.concatenate([each.quantiles(M5_PROBABILITIES) for each in forecasts])

    below = (actual[..., None] < quantiles).mean((0, 1))
    not_above = (actual[..., None] <= quantiles).mean((0, 1))

    # Demand is whole: the nominal share lies between that below and that not above.
    assert (below - 0.015 <= M5_PROBABILITIES).all()
    assert (not_above + 0.015 >= M5_PROBABILITIES).all()


def test_the_mean_is_unbiased(met):
    actual, forecasts = met

    assert sum(each.mean.sum() for each in forecasts) == pytest.approx(actual.sum(), rel=0.02)


@pytest.mark.parametrize("method", ["trees", "average"])
def test_what_would_have_sold_is_recovered_where_a_third_was_out_of_stock(planted_demand, method):
    panel = planted_demand(series=100, periods=120, seed=7)
    random = np.random.default_rng(7)
    in_stock = np.where(random.random(panel.units.shape) < 1 / 3, 0.4, 1.0).astype(np.float32)
    sold = random.binomial(panel.units.astype(int), in_stock).astype(np.float32)
    censored = replace(panel, units=sold, in_stock=in_stock)

    mean = DemandForecaster.fit(censored, HORIZON, method=method).forecast(censored).mean

    assert mean.sum() == pytest.approx(panel.units[:, -HORIZON:].sum(), rel=0.05)


def with_launches(panel):
    """Every second series is a big product; a third of them begin within the panel."""
    big = np.arange(panel.series) % 2 == 0
    units = np.where(big[:, None], panel.units * 8, panel.units)
    units[::3, :60] = np.nan
    units[:2] = np.nan
    group = np.where(big, "big", "small").astype(object)
    return replace(panel, units=units, attributes={"product_group": group})


def test_a_launch_is_forecast_from_its_kind(planted_demand):
    panel = with_launches(planted_demand(series=240, periods=110))

    forecast = DemandForecaster.fit(panel, HORIZON, method="average").forecast(panel)

    assert forecast.method[:2].tolist() == ["launch", "launch"]
    assert forecast.mean[0].mean() > 4 * forecast.mean[1].mean()


def test_a_series_that_has_ended_is_forecast_to_sell_hardly_anything(planted_demand):
    panel = planted_demand(series=60, periods=120)
    units = panel.units.copy()
    units[::3, 70:] = np.nan

    ended = replace(panel, units=units)
    forecast = DemandForecaster.fit(ended, HORIZON, method="average").forecast(ended)

    assert set(forecast.method[::3]) == {"dying"}
    assert forecast.mean[::3].sum() < 0.05 * forecast.mean[1::3].sum()


@pytest.mark.parametrize("silence", [0, np.nan])
@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.MONTH], ids=str)
def test_in_a_panel_of_few_series_too_an_ended_one_sells_hardly_anything(
    planted_demand, grain, silence
):
    panel = planted_demand(series=20, periods=90, grain=grain)
    panel.units[:5, 45:] = silence

    mean = DemandForecaster.fit(panel, HORIZON, method="average").forecast(panel).mean

    assert (mean[:5].mean(1) < 0.05 * panel.units[:5, :45].mean(1)).all()


def test_intermittent_demand_has_a_median_of_nothing_and_a_mean_above_it(planted_demand):
    panel = planted_demand(series=100, periods=60, grain=Grain.WEEK, mean=0.15)

    forecast = DemandForecaster.fit(panel, 4).forecast(panel)

    assert forecast.quantiles(np.array([0.5])).max() == 0
    assert forecast.mean.mean() == pytest.approx(panel.units.mean(), rel=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_files_give_the_very_same_forecast(planted_demand, method):
    panel = with_launches(planted_demand(series=60, periods=110))
    fitted = DemandForecaster.fit(panel, HORIZON, method=method)

    before = fitted.forecast(panel)
    after = DemandForecaster.from_files(fitted.to_files()).forecast(panel)

    np.testing.assert_array_equal(after.mean, before.mean)
    np.testing.assert_array_equal(
        after.quantiles(M5_PROBABILITIES), before.quantiles(M5_PROBABILITIES)
    )


def test_the_same_seed_gives_the_same_forecast(panel, trees):
    again = DemandForecaster.fit(panel, HORIZON)

    np.testing.assert_array_equal(again.forecast(panel).mean, trees.forecast(panel).mean)


ODD = {
    "one short series": lambda units: units[:1, :5],
    "one long series": lambda units: units[:1],
    "one period": lambda units: units[:, :1],
    "all zero": lambda units: units * 0,
    "never seen": lambda units: units * np.nan,
    "constant": lambda units: units * 0 + 3,
    "half never seen": lambda units: np.where(np.arange(len(units))[:, None] % 2, units, np.nan),
}


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.MONTH, Grain(months=3)], ids=str)
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("method", METHODS)
def test_no_series_is_refused(planted_demand, grain, odd, method):
    panel = planted_demand(series=6, periods=60, grain=grain)
    units = ODD[odd](panel.units).astype(np.float32)
    panel = replace(panel.until(units.shape[1]).take(slice(len(units))), units=units)

    forecast = DemandForecaster.fit(panel, HORIZON, method=method).forecast(panel)

    assert np.isfinite(forecast.mean).all()
    assert np.isfinite(forecast.quantiles(M5_PROBABILITIES)).all()


def test_an_unknown_method_is_answered_with_those_there_are(panel):
    with pytest.raises(UnknownChoiceError, match="seasonal_naive"):
        DemandForecaster.fit(panel, HORIZON, method="magic")


def test_models_go_before_baselines_and_every_method_says_in_words_what_it_does():
    baselines = [method.IS_BASELINE for method in methods()]

    assert baselines == sorted(baselines)
    assert all(method.WORDS for method in by_name().values())


@pytest.fixture(scope="module", params=["trees", "average"])
def constant(planted_demand, request):
    """A panel whose first series sells 10 in each week, and a forecaster that was fitted on it."""
    panel = planted_demand(series=60, periods=100, grain=Grain.WEEK)
    units = panel.units.copy()
    units[0] = 10
    panel = replace(panel, units=units)
    return panel, DemandForecaster.fit(panel, HORIZON, method=request.param)


@given(share=st.floats(0, 1), back=st.integers(1, 20))
@settings(max_examples=15, deadline=None)
def test_a_constant_series_stays_so_whatever_the_stock_of_one_day_is(constant, share, back):
    panel, forecaster = constant
    in_stock = panel.in_stock.copy()
    in_stock[0, -back] = share

    mean = forecaster.forecast(replace(panel, in_stock=in_stock)).mean[0]

    assert mean == pytest.approx(10, rel=0.05)


def test_a_sale_of_long_ago_is_no_launch(planted_demand):
    panel = with_launches(planted_demand(series=240, periods=110))
    units = panel.units.copy()
    units[:2] = np.nan
    units[0, 5] = 5
    units[1, -2] = 5
    panel = replace(panel, units=units)

    forecast = DemandForecaster.fit(panel, HORIZON, method="average").forecast(panel)

    assert forecast.method[1] == "launch" != forecast.method[0]
    assert forecast.mean[0].sum() < 0.02 * forecast.mean[1].sum()


def test_a_plan_of_long_ago_that_never_sold_is_no_launch(planted_demand):
    panel = with_launches(planted_demand(series=240, periods=110))
    price = np.full((panel.series, 110 + HORIZON), np.nan, np.float32)
    price[0, 5:], price[1, -3:] = 9, 9
    panel = replace(panel, price=price)

    forecast = DemandForecaster.fit(panel, HORIZON, method="average").forecast(panel)

    assert forecast.method[1] == "launch" != forecast.method[0]
    assert forecast.mean[0].sum() < 0.02 * forecast.mean[1].sum()


def test_nothing_is_forecast_for_the_weekday_on_which_a_site_is_closed(planted_demand):
    panel = planted_demand(series=60, periods=119)
    units = panel.units.copy()
    units[:, 5::7] = 0
    panel = replace(panel, units=units)

    forecast = DemandForecaster.fit(panel, HORIZON, method="average").forecast(panel)

    assert (forecast.mean[:, 5] == 0).all()
    assert (forecast.quantiles(M5_PROBABILITIES)[:, 5] == 0).all()
    assert (forecast.mean[:, [4, 6]] > 0).all()


def test_later_sales_do_not_decide_whether_a_silence_is_learned_from(planted_demand):
    panel = planted_demand(series=4, periods=140)
    revived, ended = panel.units.copy(), panel.units.copy()
    revived[0, 20:120], ended[0, 20:] = 0, np.nan
    came_back, over = (replace(panel, units=units) for units in (revived, ended))

    for cut in (60, 90, 112):
        assert np.isfinite(demand_after(came_back, cut, 7)).all()
        np.testing.assert_array_equal(demand_after(over, cut, 7), demand_after(came_back, cut, 7))


@pytest.fixture(scope="module")
def among_others(planted_demand):
    """A panel, and what is forecast for each of its series."""
    panel = planted_demand(series=60, periods=100, grain=Grain.WEEK)
    return panel, DemandForecaster.fit(panel, HORIZON).forecast(panel).mean.sum(1)


@pytest.mark.parametrize("weeks", [1, 4, 30], ids=["typo", "rise", "a level of its own"])
def test_one_series_hardly_moves_the_others(among_others, weeks):
    """Leaving the series out altogether moves the others by 1.0 %, the most by 5.5 %."""
    panel, before = among_others
    wrong = panel.units.copy()
    wrong[0, -weeks:] = 1e7
    wrong = replace(panel, units=wrong)

    after = DemandForecaster.fit(wrong, HORIZON).forecast(wrong).mean.sum(1)

    moved = np.abs(after[1:] / before[1:] - 1)
    assert np.median(moved) < 0.03
    assert moved.max() < 0.1
