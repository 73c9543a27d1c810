"""A whole replay on a history: its inputs, its comparisons, its report."""

import sys

import numpy as np
import orjson
import pandas as pd
import pytest

from data.domain import BadInputError, NotEnoughDataError, UnknownChoiceError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.write_history import write_history
from training.__main__ import run as run_command
from training.stock_replay.run import StockReplaySpec, run
from training.stock_replay.scenario import StockScenario
from training.stock_replay.simulator import StockReplayTerms

# The last twelve of the sixty weeks are there to be replayed.
BEGIN = pd.Timestamp("2024-12-02", tz="UTC")
IMPORT = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
VN2 = StockReplayTerms(lead_periods=3, holding=0.2, shortage=1.0)


@pytest.fixture(scope="module")
def opening(tmp_path_factory, demand_tables):
    """A file with five units of each series on hand, but for one that it does not name."""
    named = demand_tables["demand"][["sku", "site"]].drop_duplicates().iloc[1:]
    path = tmp_path_factory.mktemp("stock") / "stock.csv"
    named.assign(on_hand=5, inbound_1=0, inbound_2=3).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def replayed(opening, demand_history):
    """Replay a policy on the history, or on another one."""

    def _replayed(policy, seeds=(7,), history=demand_history, begin=BEGIN, periods=3):
        spec = StockReplaySpec(opening, begin, periods, terms=VN2, policy=policy, seeds=seeds)
        return run(history, spec, lambda _: None)

    return _replayed


@pytest.fixture(scope="module")
def ours(replayed):
    return replayed("ours")


def test_the_first_scored_period_is_the_one_asked_for(ours):
    assert ours.report["seeds"][0]["by_period"][0]["period"] == "2024-12-02"


def test_perfect_foresight_stands_beside_the_policy_and_costs_less(ours):
    assert ours.report["oracle"]["cost"] < ours.report["figures"]["cost"]


def test_series_without_opening_stock_are_counted(ours):
    assert ours.report["series_without_opening_stock"] == 1


def test_periods_out_of_stock_are_counted_and_not_scored(ours, demand_tables):
    rows = demand_tables["demand"]
    scored = rows[(rows["period_start"] >= BEGIN) & (rows["period_start"] < "2024-12-23")]

    assert ours.report["series_periods_not_scored"] == (scored["in_stock_share"] == 0).sum()


def test_costs_of_the_periods_add_up(ours):
    report = ours.report["seeds"][0]
    total = sum(row["holding"] + row["shortage"] for row in report["by_period"])

    assert total == pytest.approx(report["cost"])


def test_a_seed_repeats(ours, replayed):
    again = replayed("ours")

    np.testing.assert_array_equal(again.episodes[7].arrived, ours.episodes[7].arrived)


def test_each_seed_is_an_episode_and_the_mean_is_theirs(replayed):
    report = replayed("base-stock", seeds=(7, 8)).report

    assert [row["seed"] for row in report["seeds"]] == [7, 8]
    costs = [row["cost"] for row in report["seeds"]]
    assert report["figures"]["cost"] == pytest.approx(np.mean(costs))


def test_a_policy_that_draws_nothing_is_simulated_once(replayed):
    assert len(replayed("benchmark", seeds=(7, 8)).report["seeds"]) == 1


def test_the_oracle_as_policy_is_the_oracle_beside_it(replayed):
    report = replayed("oracle").report

    assert report["figures"]["cost"] == report["oracle"]["cost"]


@pytest.mark.parametrize("policy", ["ours", "base-stock", "benchmark"])
def test_demand_after_a_decision_changes_no_order_before(
    policy, ours, replayed, demand_tables, a_history
):
    rows = demand_tables["demand"].copy()
    rows.loc[rows["period_start"] >= BEGIN, "units"] = 500.0
    altered = replayed(policy, history=a_history({"demand": rows})).episodes[7]
    before = ours if policy == "ours" else replayed(policy)

    # The one order, which arrives in the third period, was decided before the first one.
    np.testing.assert_array_equal(altered.arrived, before.episodes[7].arrived)


def test_all_policies_are_alike_until_an_order_can_arrive(ours, replayed):
    benchmark = replayed("benchmark").episodes[7]

    np.testing.assert_array_equal(ours.episodes[7].left[:, :2], benchmark.left[:, :2])


def test_a_policy_that_is_none_is_refused_with_those_there_are(replayed):
    with pytest.raises(UnknownChoiceError, match="base-stock, benchmark, oracle, ours"):
        replayed("guess")


def test_a_start_within_a_period_is_refused_with_a_better_one(replayed):
    with pytest.raises(BadInputError, match=r"--from 2024-12-04.*2024-12-02"):
        replayed("oracle", begin=BEGIN + pd.Timedelta(2, "D"))


def test_a_period_that_is_recorded_after_its_end_is_named_with_a_cure_that_helps(
    demand_tables, tmp_path
):
    late = demand_tables["demand"].assign(known_at=lambda rows: rows["known_at"].dt.ceil("D"))
    write_history(tmp_path, [("demand", late)], IMPORT)

    with pytest.raises(BadInputError, match=r"2024-11-25 is not known by then.*microsecond"):
        StockScenario.of(History.open(tmp_path), BEGIN, 3)


def test_periods_beyond_the_history_are_refused(replayed):
    with pytest.raises(NotEnoughDataError, match="12 where at least 13"):
        replayed("oracle", periods=13)


def test_the_command_writes_its_report_and_a_picture(
    demand_history, opening, tmp_path, monkeypatch, capsys
):
    report = tmp_path / "report.json"
    options = "--periods 5 --lead-periods 3 --holding 0.2 --shortage 1 --policy benchmark"
    files = ["--history", demand_history.path, "--opening", opening, "--report", report]
    words = ["training", "replay", "stock", "--from", "2024-12-02", *options.split(), *files]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    with pytest.raises(SystemExit):
        run_command()

    assert orjson.loads(report.read_bytes())["policy"] == "benchmark"
    assert (tmp_path / "report.png").stat().st_size > 1000
    assert "perfect foresight" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.slow
def test_on_the_real_vn2_weeks_ours_costs_less_than_the_benchmark(real_data, tmp_path):
    import_files([real_data / "vn2"], source_folder("vn2"), tmp_path / "history", IMPORT)
    state = real_data / "vn2" / "week0_initial_state.csv"
    begin = pd.Timestamp("2024-02-19", tz="UTC")
    history = History.open(tmp_path / "history")

    def report(policy):
        spec = StockReplaySpec(state, begin, periods=4, terms=VN2, policy=policy, seeds=[7])
        return run(history, spec, lambda _: None).report

    assert report("ours")["figures"]["cost"] < report("benchmark")["figures"]["cost"]


def test_a_replay_begins_where_the_day_does_in_the_time_zone_of_the_orders(tmp_path):
    days = pd.date_range("2024-01-01 20:00", periods=12, freq="D", tz="UTC").astype(str)
    ids = [str(n) for n in range(len(days))]
    orders = pd.DataFrame({"order_id": ids, "placed_at": days, "timezone": "America/Los_Angeles"})
    lines = pd.DataFrame({"order_id": ids, "line_id": "0", "sku": "S", "units": 1.0, "site": "A"})
    write_history(tmp_path, [("orders", orders), ("order_lines", lines)], IMPORT)
    scenario = StockScenario.of(History.open(tmp_path), pd.Timestamp("2024-01-08", tz="UTC"), 2)

    assert scenario.begin == pd.Timestamp("2024-01-08T08:00", tz="UTC")
    assert scenario.periods.astype(str).tolist() == ["2024-01-08", "2024-01-09"]
    assert str(scenario.panel_before(1).panel.periods[-1]) == "2024-01-08"
