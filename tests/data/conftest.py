"""Builders for the tests of the order history."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.write_history import ImportReport, write_history


@pytest.fixture
def terms() -> ImportTerms:
    """An import at the start of 2025."""
    return ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))


@pytest.fixture
def orders() -> pd.DataFrame:
    """Three good orders."""
    return pd.DataFrame(
        {
            "order_id": ["A", "B", "C"],
            "placed_at": ["2024-03-01", "2024-03-02T10:00:00Z", "2024-03-03 10:00:00+02:00"],
            "total": [10.0, 20.0, None],
        }
    )


@pytest.fixture
def exceptions() -> pd.DataFrame:
    """Two good exceptions."""
    return pd.DataFrame(
        {"exception_id": ["E1", "E2"], "detected_at": ["2024-04-01T08:00", "2024-04-02T08:00"]}
    )


@pytest.fixture
def write(tmp_path: Path, terms: ImportTerms) -> Callable[..., ImportReport]:
    """Write frames, named by table, into the history `tmp_path / "history"`."""

    def _write(**frames: pd.DataFrame) -> ImportReport:
        return write_history(tmp_path / "history", iter(frames.items()), terms)

    return _write


@pytest.fixture
def history(tmp_path: Path) -> Callable[[], History]:
    """Open what `write` or `read_files` has written."""
    return lambda: History.open(tmp_path / "history")


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    """Make a source: queries by table."""

    def _source(**queries: str) -> Path:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        for table, query in queries.items():
            (folder / f"{table}.sql").write_text(query, encoding="utf-8")
        return folder

    return _source


@pytest.fixture
def order_source(source: Callable[..., Path]) -> Path:
    """A source of orders alone."""
    return source(orders="select order_id, placed_at, total, _file, _row from orders")


@pytest.fixture
def read_files(
    tmp_path: Path, terms: ImportTerms, order_source: Path
) -> Callable[..., ImportReport]:
    """Import files with `order_source`, or with another one."""

    def _read(*files: Path, folder: Path = order_source, encoding: str = "") -> ImportReport:
        return import_files(list(files), folder, tmp_path / "history", terms, encoding=encoding)

    return _read


@pytest.fixture
def quarantined() -> Callable[[ImportReport], pd.DataFrame]:
    """The refused rows of an import, all as text."""

    def _quarantined(report: ImportReport) -> pd.DataFrame:
        return pd.concat([pd.read_csv(file, dtype=str) for file in report.quarantine])

    return _quarantined


@pytest.fixture
def an_order_line() -> Callable[..., pd.DataFrame]:
    """One line of order A, or with other values."""

    def _line(**changed: object) -> pd.DataFrame:
        columns = {"order_id": "A", "line_id": "1", "sku": "S", "units": 1} | changed
        return pd.DataFrame({name: [value] for name, value in columns.items()})

    return _line


@pytest.fixture
def reason(quarantined: Callable[[ImportReport], pd.DataFrame]) -> Callable[[ImportReport], str]:
    """Reason of the only refused row of an import."""

    def _reason(report: ImportReport) -> str:
        (only,) = quarantined(report)["reason"]
        return only

    return _reason
