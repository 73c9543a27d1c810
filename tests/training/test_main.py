"""The command line: what it says when all is well, and one line with a cure when it is not."""

import sys
from typing import NamedTuple

import orjson
import pandas as pd
import pytest

from training.__main__ import run


class CommandResult(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def say(monkeypatch, capsys, empty_store):
    """Run a command line in this process, with a store that has no champion, or another one."""

    def _say(*arguments, store=empty_store):
        monkeypatch.setenv("EXPEDITE_MLRUNS", str(store.root))
        monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
        try:
            run()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return CommandResult(code, *capsys.readouterr())

    return _say


def refused(result):
    """The last line of a command that failed for a reason that its user can cure.

    Steps of its progress may stand before it, and no traceback.
    """
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "day",
    [
        "",
        "yesterday-ish",
        "2024-02-30",
        "13",
        "NaT",
        "9999-01-01",
        "0001-01-01",
        "1e5",
        "[/]",
        "今日",
    ],
)
def test_a_day_that_is_none_is_refused_with_an_example(say, shop, day):
    result = say("triage", "--history", shop.history.path, "--as-of", day)

    line = refused(result)
    assert f"--as-of: '{day}' is no day" in line
    assert "2026-03-31" in line


def test_a_history_that_is_not_there_is_refused_with_the_command_that_makes_one(say, tmp_path):
    result = say("triage", "--history", tmp_path / "none", "--as-of", "2025-03-01")

    assert "python -m data import" in refused(result)


def test_a_day_before_all_exceptions_asks_for_a_later_one(say, shop):
    result = say("triage", "--history", shop.history.path, "--as-of", "2001-01-01")

    assert "Choose a later --as-of" in refused(result)


def test_demand_as_of_a_day_long_after_all_orders_is_refused(say, shop):
    result = say("demand", "--history", shop.history.path, "--as-of", "2025-07-01")

    assert "--as-of: 2025-07-01 is long after the last known row" in refused(result)


def evaluation(shop, folder, *more):
    period = ("--from", "2025-03-08", "--to", "2025-03-20")
    files = ("--predictions", folder / "p.parquet", "--report", folder / "r.json")
    return ("evaluate", "triage", "--history", shop.history.path, *period, *files, *more)


def test_without_a_champion_evaluation_says_how_to_train_one(say, shop, tmp_path):
    result = say(*evaluation(shop, tmp_path))

    assert "python -m training triage --history" in refused(result)


def test_a_version_that_is_not_there_is_refused_with_those_there_are(say, shop, tmp_path):
    result = say(*evaluation(shop, tmp_path, "--model", "99"), store=shop.store)

    assert "There is no version of 'triage' '99'. There are: 1" in refused(result)


def test_a_folder_that_is_not_there_is_refused_before_the_work(say, shop, tmp_path):
    result = say(*evaluation(shop, tmp_path / "none"), store=shop.store)

    assert "Make the folder first" in refused(result)


def test_a_period_of_nothing_asks_for_a_wider_one(say, shop, tmp_path):
    result = say(*evaluation(shop, tmp_path, "--to", "2025-03-08"), store=shop.store)

    assert "Widen --from or --to" in refused(result)


def test_an_option_left_out_is_named(say):
    result = say("triage", "--as-of", "2025-03-01")

    assert result.returncode == 2
    assert "--history" in result.stderr


def test_a_setting_of_the_wrong_kind_is_named(say, shop, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPEDITE_PORT", "many")

    result = say(*evaluation(shop, tmp_path))

    assert refused(result).startswith("EXPEDITE_PORT:")


@pytest.mark.parametrize("command", [("promote", "triage", "99"), ("promote", "triage", "x[/]")])
def test_to_promote_what_is_not_there_is_refused(say, command):
    assert "There is no version of 'triage'" in refused(say(*command))


def test_to_roll_back_without_a_champion_is_refused(say):
    assert "nothing is promoted" in refused(say("rollback", "triage"))


def test_evaluation_writes_what_it_says(say, shop, tmp_path):
    result = say(*evaluation(shop, tmp_path, "--model", shop.outcome.version), store=shop.store)

    assert result.returncode == 0
    assert "auc" in result.stdout
    figures = orjson.loads((tmp_path / "r.json").read_bytes())
    assert len(pd.read_parquet(tmp_path / "p.parquet")) == figures["exceptions"]


def test_the_models_are_listed_with_their_champion(say, shop):
    result = say("models", store=shop.store)

    assert result.returncode == 0
    assert "triage" in result.stdout
    assert "yes" in result.stdout
