import gzip
import json

import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError

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


def test_a_wrong_encoding_is_told_with_its_cure(file, read_files):
    latin = (HEADER + ROWS + "São Paulo,2024-03-03,30\n").encode("latin-1")

    with pytest.raises(BadInputError, match=r"not in utf-8: 1 lines.*row 3.*--encoding latin-1"):
        read_files(file(latin))


def test_a_header_in_a_wrong_encoding_is_told(file, read_files):
    with pytest.raises(BadInputError, match="its header is in another encoding"):
        read_files(file((HEADER + ROWS).encode("utf-16")))


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

    assert sorted(refused["row"].astype(int)) == [1, 2, 3, 4]
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
    with pytest.raises(BadInputError, match=r"orders.xlsx: is not, or does not hold, a .csv"):
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
