"""Rolling origins: nothing known later is used, and every target that counts is scored."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.domain import NotEnoughDataError
from features.demand.grain import Grain
from features.demand.panel import Panel
from models.demand.forecaster import DemandForecaster
from training.demand.backtest import backtest, figures_of
from training.demand.origins import (
    Origin,
    actual_units,
    cut_offs,
    read_origin,
    read_truth,
    score,
    score_aggregates,
)

HORIZON = 4
END = pd.Timestamp("2025-02-24", tz="UTC")
CUT = END - pd.Timedelta(7 * HORIZON, "D")


@pytest.fixture(scope="module")
def truth(demand_history):
    return read_truth(demand_history)


@pytest.fixture(scope="module")
def origin(demand_history, truth):
    return read_origin(demand_history, CUT, truth, HORIZON)


@pytest.fixture(scope="module")
def result(demand_history):
    return backtest(
        demand_history, HORIZON, 2, lambda _: None, methods=("average", "seasonal_naive")
    )


def forecast(origin, method="average"):
    return DemandForecaster.fit(origin.panel, HORIZON, method=method).forecast(origin.panel)


def test_the_last_horizon_ends_with_what_is_known(truth):
    assert cut_offs(truth, HORIZON, 2) == [CUT - pd.Timedelta(28, "D"), CUT]


def test_more_origins_than_there_is_history_are_refused_with_the_options_to_lower(truth):
    with pytest.raises(NotEnoughDataError, match="Lower --horizon or --origins"):
        cut_offs(truth, HORIZON, 30)


def test_the_panel_of_an_origin_ends_before_its_periods(origin):
    assert origin.panel.periods[-1] == origin.periods[0] - 7
    assert str(origin.periods[0]) == "2025-01-27"


def test_what_came_out_of_stock_is_not_to_be_scored(demand_tables, origin):
    rows = demand_tables["demand"].query("period_start >= @CUT")

    assert np.isfinite(origin.actual).sum() == (rows["in_stock_share"] == 1).sum()
    assert np.nansum(origin.actual) == rows["units"].sum()


def test_what_came_belongs_to_its_series(demand_tables, origin):
    rows = demand_tables["demand"].set_index(["sku", "site", "period_start"])
    row = 17
    key = (origin.panel.sku[row], origin.panel.site[row], CUT)

    expected = rows.loc[key, "units"] if rows.loc[key, "in_stock_share"] else np.nan
    assert origin.actual[row, 0] == pytest.approx(expected, nan_ok=True)


def a_panel(rows, periods=84):
    """Series that sell one unit a day from one period to another, and are not heard of outside."""
    days = np.datetime64("2025-01-01") + np.arange(periods)
    units = np.full((len(rows), periods), np.nan, np.float32)
    for row, (begin, end) in enumerate(rows):
        units[row, begin:end] = 1
    names = np.array([f"sku-{row}" for row in range(len(rows))], object)
    whole = np.ones_like(units)
    return Panel(Grain.DAY, days, names, np.full(len(rows), "", object), units, whole)


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        ((0, 84), [1, 1, 1]),
        ((0, 81), [1, 0, 0]),
        ((0, 75), [0, 0, 0]),
        ((0, 20), [0, 0, 0]),
        ((82, 84), [np.nan, np.nan, 1]),
    ],
    ids=["lives on", "ends within the horizon", "lived lately", "ended long before", "unborn"],
)
def test_whether_a_target_counts_does_not_hang_on_later_sales(life, expected):
    truth = a_panel([life])

    assert actual_units(truth, truth.until(80), truth.periods[80:83])[0] == pytest.approx(
        expected, nan_ok=True
    )


def test_periods_after_everything_known_are_not_scored():
    truth = a_panel([(0, 84)])

    assert np.isnan(actual_units(truth, truth, truth.next_periods(2))).all()


def test_a_score_names_its_series_and_how_it_was_forecast(origin):
    scores = score(origin, forecast(origin))

    assert scores["sku"].tolist() == list(origin.panel.sku)
    assert set(scores["method"]) == {"average"}
    assert scores["targets"].sum() == np.isfinite(origin.actual).sum()


def test_sums_leave_out_what_can_not_be_scored(origin):
    sums = score_aggregates(origin, forecast(origin))
    total = sums[sums["level"] == "total"].iloc[0]

    assert total["units"] == np.nansum(origin.actual)
    assert abs(total["error"]) < 0.5 * total["units"]


def test_sites_are_summed_where_there_are_several(origin):
    sums = score_aggregates(origin, forecast(origin))

    assert sums.loc[sums["level"] == "site", "group"].tolist() == ["north", "south"]


def test_what_is_foretold_for_series_that_ended_long_ago_is_scored():
    truth = a_panel([(0, 84), (0, 20)])
    origin = Origin(pd.NaT, truth.until(80), truth.periods[80:84], truth.units[:, 80:])
    origin = replace(origin, actual=actual_units(truth, origin.panel, origin.periods))
    made = DemandForecaster.fit(origin.panel, 4, method="average").forecast(origin.panel)
    phantom = replace(made, mean=np.full_like(made.mean, 5))
    figures = figures_of(score(origin, phantom).assign(series=[0, 1], origin=0))

    assert figures["units_for_nothing"] == 20
    assert figures["for_nothing"]["value"] == 20 / 4
    assert (figures["series"], figures["targets"]) == (2, 8)


def test_the_report_names_the_series_that_were_silent(result):
    for figures in result.report["methods"].values():
        assert (
            sum(part["series"] for part in figures["by_life"].values())
            == (figures["all"]["series"])
        )


def test_the_report_tells_each_origin(result):
    firsts = [origin["first_period"] for origin in result.report["origins"]]

    assert firsts == ["2024-12-30", "2025-01-27"]


def test_each_method_is_scored_by_class_and_by_volume(result):
    for figures in result.report["methods"].values():
        assert set(figures["by_volume"]) == {"low", "middle", "high"}
        assert (
            sum(part["targets"] for part in figures["by_class"].values())
            == (figures["all"]["targets"])
        )


def test_the_cost_of_each_origin_is_told(result):
    for figures in result.report["methods"].values():
        assert [len(seconds) for seconds in figures["seconds"].values()] == [2, 2]


def test_gains_of_the_first_method_are_paired(result):
    average, naive = (m["all"]["spl"]["value"] for m in result.report["methods"].values())

    assert result.report["spl_saved"]["seasonal_naive"]["all"]["value"] == pytest.approx(
        1 - average / naive
    )
