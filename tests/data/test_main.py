import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from data.__main__ import main
from data.ledger.intake import Incoming, accept
from data.ledger.ledger import Ledger

ROOT = Path(__file__).parents[2]
SIMULATE = ["import", "--source", "synthetic", "--orders", 1_000, "--into"]


class Told(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch, capfd):
    """Run a command line in this process; what programs print that it starts counts too."""

    def _run(*arguments):
        monkeypatch.setattr(sys, "argv", ["data", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return Told(int(end.value.code or 0), *capfd.readouterr())

    return _run


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A small synthetic history, made as users do it, and what that printed."""
    folder = tmp_path_factory.mktemp("simulated") / "history"
    command = [sys.executable, "-m", "data", *map(str, SIMULATE), str(folder)]
    return folder, subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_synthetic_history_is_imported_with_counts(simulated):
    _, told = simulated

    assert told.returncode == 0
    assert "orders" in told.stdout
    assert "1,000" in told.stdout


def test_a_synthetic_history_keeps_the_contract(run, simulated):
    told = run("check", simulated[0])

    assert (told.returncode, "is whole" in told.stdout) == (0, True)


def test_a_history_is_described_to_its_dark_features(run, simulated):
    told = run("describe", simulated[0])

    titles = "What there is", "What is missing", "Categories", "Breach rate", "Demand", "dark"
    for title in titles:
        assert title in told.stdout


def test_a_broken_history_fails_its_check(run, tmp_path):
    run(*SIMULATE, tmp_path / "h")
    next((tmp_path / "h" / "tables").glob("orders-*")).unlink()
    told = run("check", tmp_path / "h")

    assert (told.returncode, "the file is gone" in told.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["describe", "nowhere"], "There is no order history at nowhere."),
        (["import", "a.csv", "--source", "nix", "--into", "h"], "There is no source 'nix'."),
        (["import", "a.csv", "--source", "olist", "--into", "h"], "a.csv: is not there."),
        (["import", "--source", "olist", "--into", "h"], "no files are given"),
        (
            ["import", "a.csv", "--source", "olist", "--into", "h", "--encoding", "ebcdic"],
            "There is no encoding 'ebcdic'.",
        ),
    ],
)
def test_an_error_is_its_message_and_exit_code_2(run, arguments, message):
    told = run(*arguments)

    assert told.returncode == 2
    assert message in told.stderr
    assert "Traceback" not in told.stderr


def test_an_unknown_time_zone_is_told(run):
    told = run("import", "a.csv", "--source", "olist", "--into", "h", "--timezone", "Mars/Olympus")

    assert "--timezone: 'Mars/Olympus' is not known" in told.stderr


def test_files_are_imported_with_what_was_refused_and_why(run, tmp_path):
    source = tmp_path / "shop"
    source.mkdir()
    (source / "orders.sql").write_text("select order_id, placed_at, _file, _row from orders")
    (tmp_path / "orders.csv").write_text("order_id,placed_at\nA,2024-01-01\nB,soon\n")
    command = ["import", tmp_path / "orders.csv", "--source", source, "--into", tmp_path / "h"]

    assert "orders: 1 x placed_at: is not a time between 1900 and 2200, e.g. orders.csv row 2" in (
        run(*command).stdout
    )
    assert "the history has not changed" in run(*command).stdout


def test_a_new_source_is_begun(run, tmp_path):
    told = run("new-source", tmp_path / "mine")

    assert (told.returncode, (tmp_path / "mine" / "orders.sql").exists()) == (0, True)
    assert "Edit these, then" in told.stdout


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A ledger that took in one exception, on 1 March 2026, and that the settings name."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("EXPEDITE_DATABASE_URL", url)
    noon_ms = 1_772_366_400_000
    payload = '{"detected_at": "2026-03-01T11:00:00Z", "external_id": "a", "source": "shop"}'
    ledger = Ledger.open(url)
    with ledger.writing() as connection:
        told = Incoming("shop", "a", True, None, noon_ms, noon_ms, payload, "{}")
        accept(connection, [told], now_ms=noon_ms)
    ledger.close()


@pytest.mark.usefixtures("ledger")
def test_what_a_service_took_in_is_exported_and_imported(run, tmp_path):
    files, history = tmp_path / "files", tmp_path / "h"
    told = run("export", "--into", files, "--from", "2026-03-01", "--to", "2026-03-02T00:00Z")
    assert "1 exceptions and 1 steps" in told.stdout

    run("import", files, "--source", "expedite", "--into", history)
    assert run("check", history).returncode == 0


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("begin", "message"), [("2027-01-01", "nothing came in"), ("soon", "'soon' is no time")]
)
def test_an_export_of_nothing_says_why(run, tmp_path, begin, message):
    assert message in run("export", "--into", tmp_path / "files", "--from", begin).stderr
