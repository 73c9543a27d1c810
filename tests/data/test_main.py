import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from data.__main__ import main
from data.ledger.intake import accept
from data.ledger.ledger import Ledger
from data.ledger.message_order import Incoming

ROOT = Path(__file__).parents[2]
SIMULATE = ["import", "--source", "synthetic", "--orders", 1_000, "--into"]


class Finished(NamedTuple):
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
        return Finished(int(end.value.code or 0), *capfd.readouterr())

    return _run


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A small synthetic history, made as users do it, and what that printed."""
    folder = tmp_path_factory.mktemp("simulated") / "history"
    command = [sys.executable, "-m", "data", *map(str, SIMULATE), str(folder)]
    return folder, subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_synthetic_history_is_imported_with_counts(simulated):
    _, result = simulated

    assert result.returncode == 0
    assert "orders" in result.stdout
    assert "1,000" in result.stdout


def test_a_synthetic_history_keeps_the_contract(run, simulated):
    result = run("check", simulated[0])

    assert (result.returncode, "is complete" in result.stdout) == (0, True)


def test_a_history_is_described_to_its_features_without_data(run, simulated):
    result = run("describe", simulated[0])

    titles = "Tables", "Missing values", "Categories", "Breach rate", "Demand", "Features without"
    for title in titles:
        assert title in result.stdout


def test_a_broken_history_fails_its_check(run, tmp_path):
    run(*SIMULATE, tmp_path / "h")
    next((tmp_path / "h" / "tables").glob("orders-*")).unlink()
    result = run("check", tmp_path / "h")

    assert (result.returncode, "the file is missing" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["describe", "nowhere"], "There is no order history at nowhere."),
        (["import", "a.csv", "--source", "nix", "--into", "h"], "There is no source 'nix'."),
        (["import", "a.csv", "--source", "olist", "--into", "h"], "a.csv: does not exist."),
        (["import", "--source", "olist", "--into", "h"], "import: no files"),
        (
            ["import", "a.csv", "--source", "olist", "--into", "h", "--encoding", "ebcdic"],
            "There is no encoding 'ebcdic'.",
        ),
    ],
)
def test_an_error_is_its_message_and_exit_code_2(run, arguments, message):
    result = run(*arguments)

    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_time_zone_is_refused(run):
    result = run(
        "import", "a.csv", "--source", "olist", "--into", "h", "--timezone", "Mars/Olympus"
    )

    assert "--timezone: 'Mars/Olympus' is unknown" in result.stderr


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
    result = run("new-source", tmp_path / "mine")

    assert (result.returncode, (tmp_path / "mine" / "orders.sql").exists()) == (0, True)
    assert "Edit these files, then run" in result.stdout


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A ledger that took in one exception, on 1 March 2026, and that the settings name."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    monkeypatch.setenv("EXPEDITE_DATABASE_URL", url)
    noon_ms = 1_772_366_400_000
    payload = '{"detected_at": "2026-03-01T11:00:00Z", "external_id": "a", "source": "shop"}'
    ledger = Ledger.open(url)
    with ledger.writing() as connection:
        incoming = Incoming("shop", "a", True, None, noon_ms, noon_ms, payload, "{}")
        accept(connection, [incoming], now_ms=noon_ms)
    ledger.close()


@pytest.mark.usefixtures("ledger")
def test_what_a_service_took_in_is_exported_and_imported(run, tmp_path):
    files, history = tmp_path / "files", tmp_path / "h"
    result = run("export", "--into", files, "--from", "2026-03-01", "--to", "2026-03-02T00:00Z")
    assert "1 exceptions and 1 steps" in result.stdout

    run("import", files, "--source", "expedite", "--into", history)
    assert run("check", history).returncode == 0


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("begin", "message"),
    [("2027-01-01", "no exceptions were received"), ("soon", "'soon' is not a time")],
)
def test_an_export_of_nothing_says_why(run, tmp_path, begin, message):
    assert message in run("export", "--into", tmp_path / "files", "--from", begin).stderr
