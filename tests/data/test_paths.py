"""Folders of any name: a history, its files, a ledger and a database as a source."""

import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from data.history.history import History
from data.ingest.databases import read_table
from data.ingest.run_source import import_files
from data.ledger.ledger import Ledger

NAMES = ["a b", "a%20b", "a?b", "a#b", "\u00e9\u4e2d", "[ab]", "a*b", "a\\b"]


@pytest.fixture
def folder(request, tmp_path):
    """A folder beside others of which a pattern or a URL could mean one."""
    for name in ("a", "b", "axb", "a b", request.param):
        (tmp_path / name).mkdir(exist_ok=True)
    return tmp_path / request.param


@pytest.mark.parametrize(
    ("folder", "ending"),
    [*((name, "csv") for name in NAMES), ("a?b", "jsonl"), ("[ab]", "parquet")],
    indirect=["folder"],
)
def test_files_and_a_history_lie_in_a_folder_of_any_name(folder, source, terms, ending):
    for neighbour in folder.parent.iterdir():
        frame = pd.DataFrame({"order_id": [neighbour.name], "placed_at": ["2024-03-01"]})
        _WRITERS[ending](frame, neighbour / f"orders.{ending}")
    queries = source(orders="select order_id, placed_at from orders")

    for into in (folder, folder.parent / "axb", folder):
        import_files([folder / f"orders.{ending}"], queries, into / "history", terms)

    assert History.open(folder / "history").table("orders")["order_id"].tolist() == [folder.name]


_WRITERS = {
    "csv": lambda frame, file: frame.to_csv(file, index=False),
    "jsonl": lambda frame, file: frame.to_json(file, orient="records", lines=True),
    "parquet": lambda frame, file: frame.to_parquet(file),
}


@pytest.mark.parametrize("folder", NAMES, indirect=True)
def test_a_ledger_lies_in_a_folder_of_any_name(folder):
    Ledger.open(f"sqlite:///{folder}/ledger.sqlite").close()

    assert [file.parent for file in folder.parent.rglob("*.sqlite")] == [folder]


@pytest.mark.parametrize("folder", NAMES, indirect=True)
def test_a_database_is_read_in_a_folder_of_any_name(folder):
    with closing(sqlite3.connect(folder / "shop.sqlite")) as database:
        database.execute("create table sales as select 'A' as order_id")
        database.commit()

    (part,) = read_table(f"sqlite:///{folder}/shop.sqlite", "sales", where="SHOP")

    assert part["order_id"].to_pylist() == ["A"]
