import fcntl

import pandas as pd
import pytest

from data.domain import BadInputError, UnknownChoiceError
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))


def test_good_rows_are_taken(write, history, orders):
    write(orders=orders)

    assert history().rows["orders"] == 3


def test_an_unknown_table_is_named(write, orders):
    with pytest.raises(UnknownChoiceError, match="no table 'order'"):
        write(order=orders)


def test_importing_twice_changes_nothing(write, tmp_path, orders, an_order_line):
    rows = {
        "orders": pd.concat([orders, orders.assign(total=-1.0)]),
        "order_lines": an_order_line(),
    }
    write(**rows)
    before = {f: f.read_bytes() for f in (tmp_path / "history").rglob("*") if f.is_file()}

    assert not write(**rows).changed
    after = {f: f.read_bytes() for f in (tmp_path / "history").rglob("*") if f.is_file()}
    assert after == before


def test_a_second_import_at_the_same_time_is_refused(write, tmp_path, orders):
    write(orders=orders)
    with (tmp_path / "history" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BadInputError, match="another import is running"):
            write(orders=orders)


def test_a_folder_of_other_things_is_not_written_to(tmp_path, orders):
    (tmp_path / "letter.txt").write_text("Dear all")

    with pytest.raises(BadInputError, match="is not an order history: it holds other files"):
        write_history(tmp_path, [("orders", orders)], TERMS)


def test_a_source_that_breaks_leaves_no_trace(tmp_path, orders):
    def rows():
        yield "orders", orders
        raise BadInputError("source", "breaks", "Mend it.")

    with pytest.raises(BadInputError):
        write_history(tmp_path / "h", rows(), TERMS)
    assert [f.name for f in (tmp_path / "h").iterdir()] == [".lock"]


def test_an_old_reader_keeps_its_files_through_the_next_import(write, history, orders):
    write(orders=orders.iloc[:1])
    old = history()
    write(orders=orders)

    assert len(old.table("orders")) == 1


def test_a_file_is_no_place_for_a_history(tmp_path, orders):
    (tmp_path / "h").write_text("")

    with pytest.raises(BadInputError, match="is a file"):
        write_history(tmp_path / "h", [("orders", orders)], TERMS)


def test_a_folder_that_can_not_be_made_is_told(tmp_path, orders):
    (tmp_path / "h").write_text("")

    with pytest.raises(BadInputError, match="cannot be created"):
        write_history(tmp_path / "h" / "below", [("orders", orders)], TERMS)
