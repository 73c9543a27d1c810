"""A forecast book is written whole, checked, mapped, and never half in use."""

import os
import subprocess
import sys
from dataclasses import fields, is_dataclass

import numpy as np
import pyarrow as pa
import pytest

from data.domain import BadInputError
from models.forecast_book.store import current_book, read_book, write_book
from models.registry.version_files import SHA_FILE

LATER_MS = 1_772_400_000_000


def assert_same(actual, expected, name=""):
    if is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(actual, field.name), getattr(expected, field.name), field.name)
    elif isinstance(expected, np.ndarray):
        assert actual.shape == expected.shape, name
        assert np.array_equal(actual, expected, equal_nan=expected.dtype.kind == "f"), name
    elif isinstance(expected, dict):
        assert actual.keys() == expected.keys(), name
        for key, value in expected.items():
            assert_same(actual[key], value, key)
    elif isinstance(expected, list):
        for row, other in zip(actual, expected, strict=True):
            assert_same(row, other, name)
    else:
        assert actual == expected, name


def test_a_book_is_read_as_it_was_written(tmp_path, a_book):
    exceptions = pa.table({"sku": ["A-00001"], "probability": [0.4]})
    book = a_book(exceptions=exceptions)
    pointer = write_book(tmp_path, book)

    assert current_book(tmp_path) == pointer
    assert_same(read_book(tmp_path, pointer), book)


def test_a_book_of_no_series_and_no_aggregates_is_read_too(tmp_path, a_book):
    pointer = write_book(tmp_path, a_book(skus=0))
    book = read_book(tmp_path, pointer)

    assert (book.forecast.series, book.row("A-00001", "north"), book.skus) == (0, None, [])


def test_numbers_are_mapped_and_not_read(tmp_path, a_book):
    book = read_book(tmp_path, write_book(tmp_path, a_book()))

    for matrix in (book.forecast.point, book.recent.units, book.aggregates.spread):
        assert isinstance(matrix.base, np.memmap)


def test_there_is_no_book_in_an_empty_folder(tmp_path):
    assert current_book(tmp_path / "nothing") is None


@pytest.mark.parametrize("name", ["book.json", "series.arrow", "forecast.point.npy", SHA_FILE])
def test_a_changed_file_is_refused_by_its_name(tmp_path, a_book, name):
    pointer = write_book(tmp_path, a_book())
    file = tmp_path / pointer.name / name
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    with pytest.raises(BadInputError, match=f"{name} is not the file.*training forecast"):
        read_book(tmp_path, pointer)


def test_a_missing_file_is_refused(tmp_path, a_book):
    pointer = write_book(tmp_path, a_book())
    (tmp_path / pointer.name / "stock.inbound.npy").unlink()

    with pytest.raises(BadInputError, match=r"stock\.inbound"):
        read_book(tmp_path, pointer)


def test_a_pointer_that_can_not_be_read_says_how_to_mend_it(tmp_path):
    (tmp_path / "current.json").write_text("{")

    with pytest.raises(BadInputError, match="training forecast"):
        current_book(tmp_path)


def test_a_writer_that_fails_leaves_the_book_before_it_and_no_rubbish(tmp_path, a_book):
    before = write_book(tmp_path, a_book())
    with pytest.raises(TypeError):
        write_book(tmp_path, a_book(made_at_ms=LATER_MS, model_version=object()))

    assert current_book(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [before.name, "current.json"]


KILLED = """
import os, sys
from pathlib import Path
from models.forecast_book import store as forecast_book
root = Path(sys.argv[1])
book = forecast_book.read_book(root, forecast_book.current_book(root))
forecast_book.sha256_of = lambda path: os._exit(9)  # every file is written, none is named yet
forecast_book.write_book(root, book)
"""


def test_a_writer_that_is_killed_leaves_the_book_before_it(tmp_path, a_book):
    before = write_book(tmp_path, a_book())
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, env=os.environ
    )

    assert ended.returncode == 9
    assert current_book(tmp_path) == before
    assert read_book(tmp_path, before).model_version == "demand-1"


def test_old_books_and_what_was_left_unfinished_are_removed(tmp_path, a_book):
    left = tmp_path / ".writing-left"
    left.mkdir()
    os.utime(left, (0, 0))
    written = [write_book(tmp_path, a_book(made_at_ms=LATER_MS + i)) for i in range(5)]

    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == [pointer.name for pointer in written[-3:]]


def test_two_books_of_one_moment_do_not_overwrite_each_other(tmp_path, a_book):
    first = write_book(tmp_path, a_book())
    second = write_book(tmp_path, a_book(model_version="demand-2"))

    assert first.name != second.name
    assert read_book(tmp_path, second).model_version == "demand-2"


def test_a_row_is_found_by_sku_and_site(a_book):
    book = a_book(skus=5)

    assert [book.row(book.forecast.sku[i], book.forecast.site[i]) for i in range(10)] == [
        *range(10)
    ]
    assert book.row("A-00001", "west") is None
    assert book.row("B-1", "north") is None


def test_the_rows_of_a_sku_are_its_sites(a_book):
    book = a_book()

    assert [*book.rows("A-00001")] == [2, 3]
    assert [*book.rows("B-1")] == []


def test_quantiles_of_an_aggregate_are_interpolated(a_book):
    book = a_book()
    row = book.aggregates.rows["total", ""]

    actual = book.aggregates.quantiles(row, np.array([0.5, 0.52, 0.55]))
    assert actual[:, 0] == pytest.approx(book.aggregates.mean[row], rel=1e-5)
    assert (actual[:, 0] < actual[:, 1]).all()
    assert (actual[:, 1] < actual[:, 2]).all()
