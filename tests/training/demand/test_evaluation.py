"""Forecasts for whoever checks us: every row there, nothing seen that was known later."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.domain import BadInputError
from features.demand.grain import Grain
from models.demand.level_sets import M5_PROBABILITIES
from models.registry.store import ModelRegistry
from training.demand import evaluation
from training.demand.evaluation import ForecastSpec, forecast_period, report, write_forecasts
from training.demand.train import train_demand

END = pd.Timestamp("2025-02-24", tz="UTC")
HORIZON = 4
CUT = END - pd.Timedelta(7 * HORIZON, "D")


def say(_):
    pass


@pytest.fixture(scope="module")
def store(demand_history, tmp_path_factory):
    """A store whose champion was trained at the cut-off, for as many periods."""
    store = ModelRegistry(tmp_path_factory.mktemp("demand") / "mlruns")
    train_demand(demand_history, CUT, store, say, horizon=HORIZON)
    return store


@pytest.fixture(scope="module")
def fresh(demand_history, store):
    return forecast_period(demand_history, ForecastSpec(CUT, HORIZON), store, say)


@pytest.fixture(scope="module")
def written(fresh, tmp_path_factory):
    path = tmp_path_factory.mktemp("forecasts") / "f.parquet"
    write_forecasts(fresh.forecast, path)
    return pd.read_parquet(path)


def test_there_is_a_row_for_each_series_period_and_quantile(fresh, written):
    assert len(written) == fresh.forecast.series * HORIZON * 9
    assert not written.duplicated(["sku", "site", "period_start", "quantile"]).any()


def test_the_periods_are_those_after_the_moment(written):
    expected = pd.date_range(CUT, periods=HORIZON, freq="7D")

    assert sorted(written["period_start"].unique()) == list(expected)


def test_a_row_holds_the_quantile_of_its_own_series(fresh, written):
    row, column = 21, 2
    own = written[
        (written["sku"] == fresh.forecast.sku[row])
        & (written["site"] == fresh.forecast.site[row])
        & (written["period_start"] == CUT + pd.Timedelta(7 * column, "D"))
    ]

    assert own["quantile"].tolist() == M5_PROBABILITIES.tolist()
    expected = fresh.forecast.take(np.array([row])).quantiles(M5_PROBABILITIES)[0, column]
    np.testing.assert_array_equal(own["units"], expected)
    np.testing.assert_array_equal(own["mean"], fresh.forecast.mean[row, column])


def test_the_file_does_not_hang_on_the_size_of_its_row_groups(
    fresh, written, tmp_path, monkeypatch
):
    monkeypatch.setattr(evaluation, "SERIES_A_ROW_GROUP", 7)
    rows = write_forecasts(fresh.forecast, tmp_path / "f.parquet")

    assert pq.ParquetFile(tmp_path / "f.parquet").num_row_groups == 9
    assert rows == len(written)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "f.parquet"), written)


def test_what_is_fitted_for_it_says_so(fresh):
    assert fresh.made_by.startswith("fitted as of 2025-01-27 for this: ")


def test_the_champion_as_of_the_same_moment_forecasts_the_same(demand_history, store, fresh):
    result = forecast_period(demand_history, ForecastSpec(CUT, HORIZON, "champion"), store, say)

    assert result.made_by == "demand-1, trained as of 2025-01-27"
    np.testing.assert_allclose(result.forecast.mean, fresh.forecast.mean, rtol=1e-5)


def test_a_champion_may_forecast_fewer_periods_than_it_can(demand_history, store, fresh):
    result = forecast_period(demand_history, ForecastSpec(CUT, 2, "champion"), store, say)

    assert result.forecast.mean.shape == (fresh.forecast.series, 2)


@pytest.mark.parametrize(
    ("spec", "option"),
    [
        (
            ForecastSpec(CUT - pd.Timedelta(7, "D"), HORIZON, "champion"),
            "--model: demand-1 was trained",
        ),
        (ForecastSpec(CUT, HORIZON + 1, "1"), "--horizon: demand-1 forecasts 4 periods, not 5"),
        (ForecastSpec(CUT, HORIZON, "1", Grain.MONTH), "--grain: demand-1 forecasts by week"),
    ],
)
def test_a_version_that_does_not_fit_is_refused_with_the_model_that_does(
    demand_history, store, spec, option
):
    with pytest.raises(BadInputError, match=option) as refused:
        forecast_period(demand_history, spec, store, say)

    assert "--model fresh" in str(refused.value)


def test_what_becomes_known_later_changes_no_forecast(a_history, demand_tables, store, fresh):
    rows = demand_tables["demand"].copy()
    rows.loc[rows["known_at"] >= CUT, ["units", "in_stock_share"]] = [999.0, 1.0]
    altered = forecast_period(a_history({"demand": rows}), ForecastSpec(CUT, HORIZON), store, say)

    np.testing.assert_array_equal(altered.forecast.mean, fresh.forecast.mean)
    np.testing.assert_array_equal(altered.forecast.point, fresh.forecast.point)


def test_the_report_scores_what_the_history_knows(fresh):
    facts = report(fresh)

    assert facts["targets"] == facts["figures"]["all"]["targets"] > 0
    assert (facts["first_period"], facts["last_period"]) == ("2025-01-27", "2025-02-17")


def test_what_has_not_come_is_not_scored(demand_history, store):
    facts = report(forecast_period(demand_history, ForecastSpec(END, HORIZON), store, say))

    assert facts["targets"] == 0
    assert "figures" not in facts
