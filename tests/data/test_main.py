import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run():
    def _run(*arguments):
        command = [sys.executable, "-m", "data", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    return _run


@pytest.fixture(scope="module")
def simulated(run, tmp_path_factory):
    """A small synthetic history, and what its import printed."""
    folder = tmp_path_factory.mktemp("simulated") / "history"
    return folder, run("import", "--source", "synthetic", "--orders", 1_000, "--into", folder)


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

    for title in ("What there is", "What is missing", "Categories", "Breach rate", "dark"):
        assert title in told.stdout


def test_a_broken_history_fails_its_check(run, tmp_path):
    run("import", "--source", "synthetic", "--orders", 1_000, "--into", tmp_path / "h")
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
