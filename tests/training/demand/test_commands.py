"""The commands of demand, as a data scientist types them."""

import orjson
import pandas as pd
import pytest
from typer.testing import CliRunner

from data.domain import ExpediteError
from training.__main__ import main

CUT = "2025-01-27"


@pytest.fixture
def say(monkeypatch, empty_store):
    """Run a command with a store that has no champion; what went wrong is raised."""
    monkeypatch.setenv("EXPEDITE_MLRUNS", str(empty_store.root))

    def _say(*arguments):
        result = CliRunner().invoke(main, list(map(str, arguments)))
        if isinstance(result.exception, ExpediteError):
            raise result.exception
        return result

    return _say


def backtest(history, folder, *more):
    report = ("--report", folder / "r.json")
    return ("backtest", "demand", "--history", history.path, "--horizon", 4, *report, *more)


def evaluation(history, folder, *more):
    files = ("--forecasts", folder / "f.parquet", "--report", folder / "r.json")
    return ("evaluate", "demand", "--history", history.path, "--horizon", 4, *files, *more)


@pytest.fixture(scope="module")
def backtested(demand_history, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backtest")
    pictures = ("--pictures", folder / "pictures", "--origins", 1)
    arguments = backtest(demand_history, folder, *pictures)
    return CliRunner().invoke(main, list(map(str, arguments))), folder


def test_a_backtest_prints_a_row_a_method_for_a_document(backtested):
    result, _ = backtested

    assert result.exit_code == 0
    for method in ("trees", "average", "seasonal_naive"):
        assert f"\n| {method} | " in result.stdout


def test_a_backtest_writes_its_report_and_pictures(backtested):
    _, folder = backtested

    figures = orjson.loads((folder / "r.json").read_bytes())
    assert figures["origins"][0]["first_period"] == CUT
    assert {path.name for path in (folder / "pictures").iterdir()} >= {
        "calibration.png",
        "fans_trees.png",
    }


def test_an_evaluation_writes_forecasts_and_says_by_which_model(say, demand_history, tmp_path):
    result = say(*evaluation(demand_history, tmp_path, "--as-of", CUT))

    assert result.exit_code == 0
    assert "Forecasts by fitted as of 2025-01-27" in result.stdout
    written = pd.read_parquet(tmp_path / "f.parquet")
    assert len(written) == orjson.loads((tmp_path / "r.json").read_bytes())["series"] * 4 * 9


def test_an_evaluation_by_a_champion_that_is_not_there_says_how_to_train_one(
    say, demand_history, tmp_path
):
    with pytest.raises(ExpediteError, match="python -m training demand --history"):
        say(*evaluation(demand_history, tmp_path, "--as-of", CUT, "--model", "champion"))


def test_more_origins_than_fit_name_the_options_to_lower(say, demand_history, tmp_path):
    with pytest.raises(ExpediteError, match="Lower --horizon or --origins"):
        say(*backtest(demand_history, tmp_path, "--origins", 99))


def test_a_folder_that_is_not_there_is_refused_before_the_work(say, demand_history, tmp_path):
    with pytest.raises(ExpediteError, match="Make the folder first"):
        say(*backtest(demand_history, tmp_path / "none"))


def test_a_grain_finer_than_the_demand_is_refused(say, demand_history, tmp_path):
    with pytest.raises(ExpediteError, match="demand by day"):
        say(*backtest(demand_history, tmp_path, "--grain", "day"))


def test_a_horizon_of_nothing_is_refused(say, demand_history):
    result = say("demand", "--history", demand_history.path, "--as-of", CUT, "--horizon", 0)

    assert result.exit_code == 2
    assert "--horizon" in result.stderr
