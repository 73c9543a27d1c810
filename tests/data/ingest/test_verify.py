from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from data.domain import NoHistoryError
from data.history.manifest import Manifest, sha256_of
from data.ingest.verify import faults


@pytest.fixture
def orders_file(write, history, orders) -> Path:
    """The file of a history of three orders."""
    write(orders=orders)
    return history().path / history().manifest.tables["orders"].file


@pytest.fixture
def faults_found(tmp_path, terms):
    """The faults of the history."""
    return lambda: list(faults(tmp_path / "history", terms))


def rewritten(file: Path, change) -> None:
    """Change the rows of a history behind its back, but leave the hashes right."""
    change(pd.read_parquet(file)).to_parquet(file)
    history = file.parents[1]
    manifest = Manifest.read(history)
    assert manifest
    tables = {n: replace(t, sha256=sha256_of(history / t.file)) for n, t in manifest.tables.items()}
    replace(manifest, tables=tables).write(history)


def test_a_whole_history_has_no_fault(orders_file, faults_found):
    assert faults_found() == []


def test_an_altered_file_is_found(orders_file, faults_found):
    orders_file.write_bytes(orders_file.read_bytes() + b"x")

    assert "differs from the one that was written" in faults_found()[0]


def test_a_lost_file_is_found(orders_file, faults_found):
    orders_file.unlink()

    assert "the file is missing" in faults_found()[0]


def test_a_row_that_breaks_the_contract_is_found(orders_file, faults_found):
    rewritten(orders_file, lambda rows: rows.assign(total=-1.0))

    assert faults_found() == [
        "orders: 3 rows break the contract (total: is below 0). Import them again."
    ]


def test_a_repeated_key_is_found(orders_file, faults_found):
    rewritten(orders_file, lambda rows: pd.concat([rows, rows.iloc[:1]]))

    assert faults_found() == ["orders: 1 rows break the contract (duplicate). Import them again."]


def test_a_lost_parent_is_found(write, history, faults_found, exceptions):
    outcome = pd.DataFrame({"exception_id": ["E1"], "known_at": ["2024-05-01"]})
    write(exceptions=exceptions, outcomes=outcome)
    rewritten(
        history().path / history().manifest.tables["exceptions"].file,
        lambda rows: rows[rows["exception_id"] != "E1"],
    )

    assert "no such exception_id in exceptions" in faults_found()[0]


def test_no_history_is_told(faults_found):
    with pytest.raises(NoHistoryError):
        faults_found()


def test_a_lost_quarantine_file_is_found(write, tmp_path, faults_found, orders):
    report = write(orders=orders.assign(placed_at=["soon", "2024-03-02", "2024-03-03"]))
    report.quarantine[0].unlink()

    assert "the quarantine file is missing" in faults_found()[0]


def test_a_lost_column_is_found(orders_file, faults_found):
    rewritten(orders_file, lambda rows: rows.drop(columns="placed_at"))

    assert "column 'placed_at' is missing" in faults_found()[0]
