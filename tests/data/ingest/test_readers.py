import gzip
import json
import sqlite3
from contextlib import closing
from zipfile import ZipFile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from sqlalchemy import create_engine

from data.domain import BadInputError, UnknownChoiceError

HEADER = "order_id,placed_at,total\n"
ROWS = "0001,2024-03-01,10\n0002,2024-03-02,20\n"


@pytest.fixture
def file(tmp_path):
    """Write a file that is read as the table `orders`."""

    def _file(content: str | bytes, name: str = "orders.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _file


@pytest.mark.parametrize("name", ["orders.csv", "Orders.CSV"])
def test_a_csv_is_read_with_its_ids_as_text(file, read_files, history, name):
    read_files(file(HEADER + ROWS, name))

    assert history().table("orders")["order_id"].tolist() == ["0001", "0002"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header(file, read_files, delimiter):
    report = read_files(file((HEADER + ROWS).replace(",", delimiter)))

    assert report.counts["orders"].accepted == 2


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(file, read_files):
    report = read_files(file(("\ufeff" + HEADER + ROWS).replace("\n", "\r\n")))

    assert report.counts["orders"].accepted == 2


def test_a_gzipped_csv_is_read(file, read_files):
    report = read_files(file(gzip.compress((HEADER + ROWS).encode()), "orders.csv.gz"))

    assert report.counts["orders"].accepted == 2


def test_json_values_are_read_as_text(file, read_files, history):
    rows = [{"order_id": "0001", "placed_at": "2024-03-01", "total": 1.5, "basket": [1, 2]}]
    read_files(file(json.dumps(rows), "orders.json"))

    assert history().table("orders")[["order_id", "total"]].to_numpy().tolist() == [["0001", 1.5]]


def test_a_parquet_file_is_read_with_its_types(tmp_path, read_files, history):
    placed = pd.to_datetime(["2024-03-01T10:00"]).tz_localize("Asia/Tokyo")
    frame = pd.DataFrame({"order_id": ["A"], "placed_at": placed, "total": [1]})
    frame.to_parquet(tmp_path / "orders.parquet")
    read_files(tmp_path / "orders.parquet")

    assert str(history().table("orders")["placed_at"][0]) == "2024-03-01 01:00:00+00:00"


def test_a_folder_is_read_file_by_file_and_a_bad_row_named(
    tmp_path, source, read_files, quarantined
):
    folder = source(orders="select order_id, placed_at, _file, _row from parts")
    (folder / "inputs.toml").write_text('parts = ["part-*"]')
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "part-1.csv").write_text(HEADER + ROWS)
    (inbox / "part-2.csv").write_text("placed_at,order_id\n2024-03-03,3\nsoon,4\n")

    refused = quarantined(read_files(inbox, folder=folder))

    assert refused[["file", "row"]].to_numpy().tolist() == [["part-2.csv", "2"]]


def test_an_empty_file_is_told(file, read_files):
    with pytest.raises(BadInputError, match=r"orders.csv: is empty"):
        read_files(file(""))


def test_a_file_with_a_header_alone_is_told(file, read_files):
    with pytest.raises(BadInputError, match="has a header but no rows"):
        read_files(file(HEADER))


def test_a_truncated_parquet_file_is_told(tmp_path, file, read_files):
    pd.DataFrame({"order_id": np.arange(5000).astype(str)}).to_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()

    with pytest.raises(BadInputError, match=r"orders.parquet: is cut off, damaged"):
        read_files(file(whole[: len(whole) // 2], "orders.parquet"))


def test_a_truncated_gzip_file_is_told(file, read_files):
    rows = "".join(f"{n},2024-03-01,{n * 7919 % 10007}\n" for n in range(20_000))
    packed = gzip.compress((HEADER + rows).encode())

    with pytest.raises(BadInputError, match=r"orders.csv.gz: is cut off, damaged"):
        read_files(file(packed[: len(packed) // 2], "orders.csv.gz"))


def test_a_wrong_encoding_is_told_with_its_cure(file, read_files, history):
    latin = file((HEADER + ROWS + "São Paulo,2024-03-03,30\n").encode("latin-1"))

    with pytest.raises(BadInputError, match=r"not in utf-8: 1 lines.*row 3. Leave out --encoding"):
        read_files(latin, encoding="utf-8")
    read_files(latin)
    assert "São Paulo" in history().table("orders")["order_id"].tolist()


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", ["上海", "北京", "深圳", "广州"]),
        ("big5", ["臺北", "高雄", "新竹"]),
        ("cp932", ["東京", "大阪", "札幌"]),
        ("cp949", ["서울특별시", "부산광역시"]),
        ("cp1252", ["São Paulo", "Köln «Mitte»"]),
        ("cp1250", ["Łódź", "Wrocław"]),
        ("cp1251", ["Москва", "Казань"]),
        ("cp1253", ["Αθήνα", "Θεσσαλονίκη"]),
        ("utf-8-sig", ["上海"]),
        ("utf-16", ["上海"]),
        ("utf-16-le", ["上海", "Köln"]),
        ("utf-16-be", ["Köln"]),
    ],
)
def test_the_encoding_is_detected_and_said(file, read_files, history, encoding, names):
    rows = "".join(f"{name},2024-03-01,1\n" for name in names)
    report = read_files(file((HEADER + rows).encode(encoding)))

    assert sorted(history().table("orders")["order_id"]) == sorted(names)
    said = "" if encoding == "utf-8-sig" else f"orders.csv: read as {encoding}"
    assert "".join(report.notices).startswith(said)


def test_where_several_encodings_fit_the_text_in_each_is_shown(file, read_files):
    ambiguous = file((HEADER + "東京,2024-03-03,30\n").encode("euc_jp"), "orders_jp.csv")
    with pytest.raises(BadInputError, match=r"several encodings fit: .*\('東京'\).*--encoding"):
        read_files(ambiguous)


def test_a_file_in_two_encodings_costs_its_foreign_lines(file, read_files):
    lines = [f"Köln {n},2024-03-01,1\n".encode() for n in range(99)]
    report = read_files(
        file(HEADER.encode() + b"".join(lines) + "Köln,2024-03-01,1\n".encode("cp1252"))
    )

    assert report.counts["lines of orders.csv"].quarantined == 1


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\norder_id;placed_at;total\nA;2024-03-01;1\n",
        '"sep=;"\r\norder_id;placed_at;total\r\nA;2024-03-01;1\r\n',
        "order_id,placed_at,total,,\nA,2024-03-01,1,,\n",
        "order_id,placed_at,total\nA,2024-03-01,1,,\n",
        "order_id,placed_at,total,,\nA,2024-03-01,1\n",
        "id,ID,order_id,placed_at,total\n1,2,A,2024-03-01,1\n",
        'order_id;placed_at;"net, gross, EUR";total\nA;2024-03-01;5;1\n',
        "Orders of March\n\norder_id,placed_at,total\nA,2024-03-01,1\nB,2024-03-01,1\n",
        "Orders,,\nby Ana,,\norder_id,placed_at,total\nA,2024-03-01,1\nB,2024-03-01,1\n",
        "order_id,placed_at,total\r\nA,2024-03-01,1\nB,2024-03-02,2\r\n",
        "order_id,placed_at,total\rA,2024-03-01,1\r",
        "ORDER_ID,Placed_At,TOTAL\nA,2024-03-01,1\n",
    ],
)
def test_a_file_as_excel_writes_it_is_read(file, read_files, history, text):
    read_files(file(text))

    first = history().table("orders").sort_values("order_id").iloc[0]
    assert (first["order_id"], first["total"]) == ("A", 1)


def test_rows_below_a_title_are_numbered_from_the_header(file, read_files, quarantined):
    title = "Orders of March\n\n"
    refused = quarantined(read_files(file(title + HEADER + ROWS + "3,when,4\n4\n")))

    assert sorted(refused["row"].astype(int)) == [3, 4]


def test_columns_that_differ_only_in_case_are_named_where_a_query_reads_them(file, read_files):
    with pytest.raises(BadInputError, match=r"'total' is missing.*total \(1\), TOTAL \(2\)"):
        read_files(file("order_id,placed_at,total,TOTAL\nA,2024-01-01,1,2\n"))


def test_a_header_narrower_than_its_rows_is_named(file, read_files):
    with pytest.raises(BadInputError, match=r"row 1.*as many columns as its rows have"):
        read_files(file("order_id,placed_at,total\nA,2024-01-01,1,2\nB,2024-01-01,1,3\n"))


@pytest.mark.parametrize("pattern", ["ORD*", "*.CSV", "orders.csv", "Orders*"])
def test_patterns_fit_in_any_case(file, source, read_files, pattern):
    folder = source(orders="select order_id, placed_at from o")
    (folder / "inputs.toml").write_text(f'o = ["{pattern}"]')

    assert (
        read_files(file(HEADER + ROWS, "Orders.CSV"), folder=folder).counts["orders"].accepted == 2
    )


@pytest.mark.parametrize("above", ["", "\n", '"March\n2024"\n'])
def test_a_line_break_in_a_header_costs_no_row(file, read_files, quarantined, history, above):
    header = 'order_id,placed_at,total,"noted\nby"\n'
    rows = "0001,2024-03-01,10,a\n0002,2024-03-02,20,b\n0003,2024-03-03,30,c,x\n"
    report = read_files(file(above + header + rows))

    assert history().table("orders")["order_id"].tolist() == ["0001", "0002"]
    assert len(quarantined(report)) == 1


@pytest.mark.parametrize("content", ['\ufeff"', '"', '"\n"', ",\n,\n"])
def test_a_file_of_blank_fields_is_refused_in_one_line(file, read_files, content):
    with pytest.raises(BadInputError) as refusal:
        read_files(file(content))
    assert "\n" not in str(refusal.value)


def test_a_missing_column_is_told_in_one_line(file, read_files):
    with pytest.raises(BadInputError, match=r"'total' is missing.*'total\\nin EUR'") as refusal:
        read_files(file('order_id,placed_at,"total\nin EUR"\n' + ROWS))
    assert "\n" not in str(refusal.value)


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


SHEET = [
    ["order_id", "placed_at", "total"],
    ["0007", pd.Timestamp("2024-03-01T09:30").to_pydatetime(), 12.5],
    [20931, pd.Timestamp("2024-03-02").to_pydatetime(), "7"],
]


def test_a_workbook_is_read_as_a_csv_is(tmp_path, read_files, history):
    report = read_files(
        workbook(tmp_path / "orders.xlsx", empty=[["note"]], data=[["March"], *SHEET])
    )

    table = history().table("orders")
    assert table["order_id"].tolist() == ["0007", "20931"]
    assert table["total"].tolist() == [12.5, 7]
    assert str(table["placed_at"][0]) == "2024-03-01 09:30:00+00:00"
    assert "sheet 'data' was read" in report.notices[0]


def test_the_sheet_that_the_source_names_is_read(tmp_path, source, read_files):
    folder = source(orders="select order_id, placed_at from o")
    (folder / "inputs.toml").write_text('o = {files = ["*orders*"], sheet = "Data"}')
    book = workbook(tmp_path / "orders.xlsx", Old=SHEET[:2], Data=SHEET)
    assert read_files(book, folder=folder).counts["orders"].accepted == 2

    (folder / "inputs.toml").write_text('o = {files = ["*orders*"], sheet = "Lost"}')
    with pytest.raises(UnknownChoiceError, match=r"no sheet of orders.xlsx 'Lost'.*Data, Old"):
        read_files(book, folder=folder)


def test_a_table_of_sqlite_is_read_only(tmp_path, source, read_files, history, monkeypatch):
    path = tmp_path / "shop 100%.sqlite"
    with closing(sqlite3.connect(path)) as shop:
        shop.execute("create table sales (order_id integer, placed_at text, total real)")
        shop.execute("insert into sales values (7, '2024-03-01', 1.5)")
        shop.commit()
    folder = source(orders="select order_id, placed_at, total, _file, _row from o")
    (folder / "inputs.toml").write_text('o = {database = "SHOP_DATABASE", table = "sales"}')

    with pytest.raises(BadInputError, match="SHOP_DATABASE: is not set"):
        read_files(folder=folder)
    monkeypatch.setenv("SHOP_DATABASE", f"sqlite:///{path}")
    read_files(folder=folder)
    assert history().table("orders")[["order_id", "total"]].to_numpy().tolist() == [["7", 1.5]]


SHOP_OF_POSTGRESQL = """
    create schema sales;
    create table sales.orders as select 7 as order_id, 12.50::numeric as total,
        timestamptz '2024-03-01 10:00+02' as placed_at,
        jsonb_build_object('gift', true) as attributes, null::text as city;
    create view sales.open_orders as select * from sales.orders;
    create function sales.sold() returns setof sales.orders language sql
        as 'delete from sales.orders returning *';
    create view sales.emptied as select * from sales.sold()
"""


def test_a_view_of_postgresql_is_read_and_nothing_is_written(
    postgres_url, source, read_files, history, monkeypatch
):
    engine = create_engine(postgres_url)
    with engine.begin() as shop:
        for statement in SHOP_OF_POSTGRESQL.split(";"):
            shop.exec_driver_sql(statement)
    engine.dispose()
    folder = source(orders="select order_id, placed_at, total, attributes, city from o")
    inputs = 'o = {{database = "SHOP_DATABASE", table = "sales.{view}"}}'
    monkeypatch.setenv("SHOP_DATABASE", postgres_url.replace("+psycopg", ""))

    (folder / "inputs.toml").write_text(inputs.format(view="emptied"))
    with pytest.raises(BadInputError, match="read-only transaction"):
        read_files(folder=folder)
    (folder / "inputs.toml").write_text(inputs.format(view="open_orders"))
    read_files(folder=folder)

    order = history().table("orders").iloc[0]
    assert (order["order_id"], order["total"], order["attributes"]) == ("7", 12.5, '{"gift":true}')
    assert str(order["placed_at"]) == "2024-03-01 08:00:00+00:00"


def test_a_database_that_can_not_be_read_keeps_its_secret(source, read_files, monkeypatch):
    folder = source(orders="select order_id, placed_at from o")
    (folder / "inputs.toml").write_text('o = {database = "SHOP_DATABASE", table = "sales"}')
    monkeypatch.setenv("SHOP_DATABASE", "postgresql://ana:hunter2@127.0.0.1:1/shop")

    with pytest.raises(BadInputError, match="SHOP_DATABASE, table sales: can't be read") as refusal:
        read_files(folder=folder)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_the_right_encoding_is_read(file, read_files, history, encoding):
    read_files(file((HEADER + "São,2024-03-03,30\n").encode(encoding)), encoding=encoding)

    assert history().table("orders")["order_id"].tolist() == ["São"]


def test_a_line_of_broken_bytes_among_many_is_refused_alone(file, read_files):
    rows = "".join(f"{n},2024-03-01,1\n" for n in range(200)).encode()
    report = read_files(file(HEADER.encode() + rows + b"\xff\xfe,2024-03-01,1\n"))

    assert report.counts["lines of orders.csv"].quarantined == 1


def test_lines_with_missing_fields_are_refused_and_the_others_keep_their_numbers(
    file, read_files, quarantined
):
    text = '1,2024-03-01,"one\nline"\n2\n3,2024-03-01,3,4,5\n4,when,4\n5,2024-03-01,5\n'
    refused = quarantined(read_files(file(HEADER + text)))

    assert sorted(refused["row"].astype(int)) == [2, 3, 4]
    assert refused.set_index("row")["line_text"].dropna().to_dict() == {
        "2": "2",
        "3": "3,2024-03-01,3,4,5",
    }


def test_a_column_that_stands_twice_is_named_where_a_query_reads_it(file, read_files):
    with pytest.raises(BadInputError, match=r"'total' is missing") as refusal:
        read_files(file("order_id,placed_at,total,note,note,total\nA,2024-01-01,1,x,y,2\n"))

    assert "total (1), note (1), note (2), total (2)" in str(refusal.value)


def test_a_column_that_stands_twice_does_no_harm_where_no_query_reads_it(file, read_files):
    report = read_files(
        file("order_id,placed_at,total,currency,note,note\nA,2024-01-01,1,EUR,x,y\n")
    )

    assert report.counts["orders"].accepted == 1


def test_a_missing_file_is_told(tmp_path, read_files):
    with pytest.raises(BadInputError, match=r"nowhere.csv: does not exist"):
        read_files(tmp_path / "nowhere.csv")


def test_a_file_of_an_unknown_kind_is_told(tmp_path, file, read_files):
    with pytest.raises(BadInputError, match=r"orders.pdf: is not, or does not hold, a .csv"):
        read_files(file("PDF", "orders.pdf"))


def test_a_workbook_with_one_damaged_part_is_told(tmp_path, read_files):
    path = workbook(tmp_path / "orders.xlsx", data=SHEET)
    raw = bytearray(path.read_bytes())
    with ZipFile(path) as parts:
        raw[parts.getinfo("xl/worksheets/sheet1.xml").header_offset] = 0
    path.write_bytes(raw)
    with pytest.raises(BadInputError, match=r"orders.xlsx: is damaged, locked or no workbook"):
        read_files(path)


def test_a_damaged_workbook_is_told(file, read_files):
    with pytest.raises(BadInputError, match=r"orders.xlsx: is damaged, locked or no workbook"):
        read_files(file("PK", "orders.xlsx"))


def test_nothing_is_touched_by_a_file_that_can_not_be_read(file, read_files, history):
    read_files(file(HEADER + ROWS))
    before = history().fingerprint

    with pytest.raises(BadInputError):
        read_files(file(b"PAR1 but not really", "orders.parquet"))
    assert history().fingerprint == before


def test_files_whose_columns_do_not_fit_are_told(tmp_path, source, read_files):
    folder = source(orders="select order_id, placed_at from parts")
    (folder / "inputs.toml").write_text('parts = ["part-*"]')
    pd.DataFrame({"order_id": ["A"], "placed_at": [[1, 2]]}).to_parquet(tmp_path / "part-1.parquet")
    pd.DataFrame({"order_id": ["B"], "placed_at": ["no list"]}).to_parquet(
        tmp_path / "part-2.parquet"
    )

    with pytest.raises(BadInputError, match=r"part-2.parquet: its columns do not fit"):
        read_files(tmp_path / "part-1.parquet", tmp_path / "part-2.parquet", folder=folder)


def test_an_encoding_that_the_bytes_do_not_look_like_is_read_and_said(file, read_files):
    rows = "".join(f"{n},2024-03-0{n},上海市北京\n" for n in range(1, 9))
    report = read_files(file((HEADER + rows).encode("gbk")), encoding="latin-1")

    assert "read as latin-1, but its bytes look like gb18030 ('上海市北京')" in report.notices[0]


def test_a_quote_that_is_never_closed_is_named(file, read_files):
    with pytest.raises(BadInputError, match="opened there is never closed"):
        read_files(file(HEADER + '0001,2024-03-01,"10\n' + ROWS))


def test_values_that_no_word_could_read_are_counted(file, source, read_files):
    folder = source(
        orders="select order_id, time_of_serial(placed_at) as placed_at, "
        "number_of(total, ',') as total, _file, _row from orders"
    )
    text = 'order_id,placed_at,total\n1,45352.5,"10,5"\n2,45353,n/a\n'
    report = read_files(file(text), folder=folder)

    assert report.counts["orders"].accepted == 2
    assert [notice.split(", such")[0] for notice in report.notices] == [
        "orders: 1 of 2 values are no number for number_of(total, ',')"
    ]


def test_blanks_around_a_header_are_shown(file, read_files):
    with pytest.raises(BadInputError, match='has " order_id ", placed_at'):
        read_files(file(" order_id ,placed_at\n1,2024-03-01\n"))
