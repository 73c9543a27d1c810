from dataclasses import replace

import pandas as pd
import pytest

from data.contract.tables import TABLES, columns_of
from data.domain import BadInputError, NoHistoryError, UnknownChoiceError
from data.history.history import History
from data.history.manifest import Manifest


def test_no_history_says_how_to_make_one(tmp_path):
    with pytest.raises(NoHistoryError, match="python -m data import FILES"):
        History.open(tmp_path)


def test_a_table_holds_what_was_known_strictly_before_a_moment(write, history, orders):
    write(orders=orders)
    before_b = history().table("orders", known_before=pd.Timestamp("2024-03-02T10:00Z"))

    assert before_b["order_id"].tolist() == ["A"]


def test_rows_come_in_the_order_in_which_they_became_known_then_by_key(write, history):
    days = ["2024-03-02", "2024-03-01", "2024-03-02", "2024-03-01"]
    write(orders=pd.DataFrame({"order_id": ["B", "D", "A", "C"], "placed_at": days}))

    assert history().table("orders")["order_id"].tolist() == ["C", "D", "A", "B"]


def test_rows_of_many_row_groups_come_in_order(write, history):
    rows = 300_000
    numbers = pd.Series(range(rows)).sample(frac=1, random_state=1)
    placed = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(numbers, unit="s")
    write(orders=pd.DataFrame({"order_id": numbers.astype(str), "placed_at": placed}))

    assert history().table("orders")["placed_at"].is_monotonic_increasing


@pytest.mark.parametrize("table", TABLES)
def test_an_absent_table_is_empty_with_the_types_of_the_contract(write, history, orders, table):
    write(orders=orders)
    empty = history().table(table, known_before=pd.Timestamp("2000-01-01", tz="UTC"))

    assert list(empty.columns) == [name for name, _ in columns_of(table)]
    TABLES[table].schema.validate(empty)
    pd.testing.assert_frame_equal(empty, TABLES[table].schema.to_schema().coerce_dtype(empty))


def test_a_full_table_has_the_types_of_the_contract(write, history, orders):
    write(orders=orders)
    full = history().table("orders")

    pd.testing.assert_frame_equal(full, TABLES["orders"].schema.to_schema().coerce_dtype(full))


def test_only_the_wanted_columns_come_in_their_order(write, history, orders):
    write(orders=orders)

    assert list(history().table("orders", columns=["total", "order_id"])) == ["total", "order_id"]


def test_an_unknown_column_is_named(write, history, orders):
    write(orders=orders)

    with pytest.raises(UnknownChoiceError, match="no column of orders 'prize'"):
        history().table("orders", columns=["prize"])


def test_a_query_sees_all_tables_even_absent_ones(write, history, exceptions):
    write(exceptions=exceptions)

    assert history().query("breach_rate_by_month")["exceptions"].tolist() == [2]


def test_filled_columns_are_those_with_a_value(write, history, exceptions):
    write(exceptions=exceptions.assign(message=["where is it?", None], severity=None))

    assert history().filled_columns() == {
        "exceptions.exception_id",
        "exceptions.detected_at",
        "exceptions.known_at",
        "exceptions.message",
    }


def test_a_history_written_before_a_column_was_added_shows_it_empty(tmp_path, write, orders):
    write(orders=orders)
    old = History.open(tmp_path / "history")
    stored = old.manifest.tables["orders"]
    narrow = pd.read_parquet(old.path / stored.file).drop(columns="region")
    narrow.to_parquet(old.path / "tables" / "narrow.parquet")
    tables = {"orders": replace(stored, file="tables/narrow.parquet")}

    regions = History(old.path, Manifest(tables)).table("orders")["region"]
    assert regions.isna().all()


def test_a_broken_manifest_is_told(tmp_path):
    (tmp_path / "manifest.json").write_text('{"tables": ')

    with pytest.raises(BadInputError, match="is not a manifest"):
        History.open(tmp_path)
