import pandas as pd
import pytest

from data.domain import BadInputError, UnknownChoiceError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import Source, import_files
from data.ingest.sources import source_folder, source_names


@pytest.fixture
def orders_csv(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,placed_at,total\nA,2024-03-01,1\n")
    return file


def test_a_column_that_the_file_lacks_is_named_with_the_file_and_what_it_has(tmp_path, read_files):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,ordered_on,total\nA,2024-03-01,1\n")

    with pytest.raises(
        BadInputError,
        match=r"shop/orders.sql: column 'placed_at' is missing. "
        r".*orders.csv \(table orders\) has order_id, ordered_on, total",
    ):
        read_files(file)


def test_a_required_column_that_the_query_leaves_out_is_named(source, read_files, orders_csv):
    folder = source(orders="select order_id from orders")

    with pytest.raises(BadInputError, match=r"shop/orders.sql: column 'placed_at' is missing"):
        read_files(orders_csv, folder=folder)


def test_a_table_that_no_file_gives_is_named_with_those_there_are(source, read_files, orders_csv):
    folder = source(orders="select order_id, placed_at from bestellungen")

    with pytest.raises(BadInputError, match=r"bestellungen.*orders.csv \(table orders\)"):
        read_files(orders_csv, folder=folder)


def test_a_slip_in_a_query_is_shown_with_its_line(source, read_files, orders_csv):
    folder = source(orders="select order_id,\n placed_at frm orders where")

    with pytest.raises(BadInputError, match=r"shop/orders.sql: syntax error.*LINE 2"):
        read_files(orders_csv, folder=folder)


def test_a_cast_that_fails_in_a_query_tells_to_leave_text(source, read_files, orders_csv):
    folder = source(orders="select order_id::integer as order_id, placed_at from orders")

    with pytest.raises(BadInputError, match="Leave values as text"):
        read_files(orders_csv, folder=folder)


def test_a_declared_input_without_a_file_is_named(source, read_files, orders_csv):
    folder = source(orders="select order_id, placed_at from sold")
    (folder / "inputs.toml").write_text('sold = ["sales-*"]')

    with pytest.raises(BadInputError, match=r"shop: no file is named like 'sales-\*'"):
        read_files(orders_csv, folder=folder)


def test_a_query_may_read_a_view_of_the_source(source, read_files, orders_csv):
    folder = source(_paid="select * from orders", orders="select order_id, placed_at from _paid")

    assert read_files(orders_csv, folder=folder).counts["orders"].accepted == 1


def test_a_time_that_can_not_be_read_is_empty_and_told_with_an_example(
    tmp_path, source, read_files, quarantined
):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,placed_at\nA,31/12/2023 10:00\nB,32/12/2023 10:00\n")
    query = "select order_id, time_of(placed_at, '%d/%m/%Y %H:%M') as placed_at from orders"
    report = read_files(file, folder=source(orders=query))

    assert report.counts["orders"].accepted == 1
    assert quarantined(report)["reason"].tolist() == ["placed_at: is empty"]
    (notice,) = report.notices
    assert notice.startswith("orders: 1 of 2 values are no time for time_of(placed_at, '%d/%m/%Y")
    assert notice.endswith("such as '32/12/2023 10:00'. They count as empty.")


def test_unread_values_of_a_view_and_of_an_alias_are_told_too(tmp_path, source, read_files):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,day,promised\nA,2023-12-31,Date Not Captured\nB,2023-12-31,\n")
    report = read_files(
        file,
        folder=source(
            _days="select *, trim(promised) as promise from orders",
            orders="select o.order_id, time_of(o.day) as placed_at, "
            "time_of(o.promise) as promised_at from _days as o",
        ),
    )

    assert report.counts["orders"].accepted == 2
    assert [notice.split(", such as ")[1] for notice in report.notices] == [
        "'Date Not Captured'. They count as empty."
    ]


@pytest.mark.parametrize(
    "written",
    ["2023-01-01", "2023-01-01T00:00:00+01:00", "2022-12-31T23:00:00Z", "2023-01-01T00:00:00Z"],
)
def test_the_start_of_a_period_is_not_shifted_by_a_zone(tmp_path, source, written):
    file = tmp_path / "demand.csv"
    file.write_text(f"sku,site,start,known_at\nA,north,{written},2023-02-01\n")
    query = "select sku, site, start as period_start, 3 as units, known_at from demand"
    terms = ImportTerms("test", pd.Timestamp("2024-01-01", tz="UTC"), "Europe/Berlin")
    import_files([file], source(demand=query), tmp_path / "history", terms)
    stored = History.open(tmp_path / "history").table("demand")

    assert stored["period_start"].tolist() == [pd.Timestamp("2023-01-01", tz="UTC")]
    assert stored["known_at"].tolist() == [pd.Timestamp("2023-01-31T23:00", tz="UTC")]


def test_a_query_of_an_unknown_table_is_named(source):
    with pytest.raises(UnknownChoiceError, match="no table 'shipments'"):
        Source.read(source(shipments="select 1"))


def test_an_unknown_source_answers_with_those_there_are():
    with pytest.raises(UnknownChoiceError, match="helpdesk, incident_log, just_in_time, olist"):
        source_folder("olists")


@pytest.mark.parametrize("name", source_names())
def test_every_query_of_a_source_states_its_grain_first(name):
    for query in source_folder(name).glob("*.sql"):
        assert query.read_text().startswith("-- One row"), query


def test_inputs_that_are_not_toml_are_told(source):
    folder = source(orders="select 1")
    (folder / "inputs.toml").write_text("orders = [")

    with pytest.raises(BadInputError, match=r"inputs.toml: is not TOML"):
        Source.read(folder)
