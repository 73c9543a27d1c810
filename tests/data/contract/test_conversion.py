from datetime import date

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract.conversion import ColumnKind, as_text, convert, kinds_of
from data.contract.tables import TABLES, columns_of
from data.domain import BadInputError
from data.history.queries import database


def turned(values, kind, timezone="UTC"):
    column = pa.chunked_array([pa.array(values)])
    return convert(column, kind, where="orders.placed_at", timezone=timezone)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-03-01", "2024-03-01 00:00:00+00:00"),
        ("2024-03-01 12:30", "2024-03-01 12:30:00+00:00"),
        ("2024-03-01T12:30:15.123456Z", "2024-03-01 12:30:15.123456+00:00"),
        ("2024-03-01T12:30:15+02:00", "2024-03-01 10:30:15+00:00"),
        ("2024-03-01T12:30:15-0330", "2024-03-01 16:00:15+00:00"),
    ],
)
def test_iso_times_are_read(text, utc):
    assert str(turned([text], ColumnKind.TIME).values[0]) == utc


@pytest.mark.parametrize(
    "text", ["01/02/2024", "2024", "20240301", "2024-02-30", "0001-01-01", "9999-12-31", "now"]
)
def test_other_times_are_marked(text):
    assert turned([text], ColumnKind.TIME).bad.tolist() == [True]


def test_blank_text_is_no_value_and_no_fault():
    result = turned(["  ", "", None], ColumnKind.TIME)

    assert (result.values.isna().all(), result.bad.any()) == (True, False)


def test_an_hour_that_the_clock_shows_twice_is_the_later_one():
    result = turned(["2024-10-27T02:30"], ColumnKind.TIME, timezone="Europe/Berlin")

    assert str(result.values[0]) == "2024-10-27 01:30:00+00:00"


def test_an_hour_that_the_clock_skips_moves_to_the_next_that_is():
    result = turned(["2024-03-31T02:30"], ColumnKind.TIME, timezone="Europe/Berlin")

    assert str(result.values[0]) == "2024-03-31 01:00:00+00:00"


def test_typed_times_keep_their_zone():
    stamps = pd.Series([pd.Timestamp("2024-03-01T12:00", tz="Asia/Tokyo")])

    assert str(turned(stamps, ColumnKind.TIME).values[0]) == "2024-03-01 03:00:00+00:00"


def test_a_date_is_its_midnight():
    column = pd.Series([pd.Timestamp("2024-03-01").date()])

    assert str(turned(column, ColumnKind.TIME).values[0]) == "2024-03-01 00:00:00+00:00"


def test_repeated_words_in_a_dictionary_are_text():
    assert turned(
        pd.Series(["a", "b", "a"], dtype="category"), ColumnKind.TEXT
    ).values.tolist() == [
        "a",
        "b",
        "a",
    ]


def test_numbers_are_no_times():
    with pytest.raises(BadInputError, match=r"orders.placed_at: holds int64, not times"):
        turned([1_700_000_000], ColumnKind.TIME)


@pytest.mark.parametrize("text", ["1,5", "inf", "nan", "12 EUR", "--1"])
def test_what_is_no_number_is_marked(text):
    assert turned([text], ColumnKind.NUMBER).bad.tolist() == [True]


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_its_text(number):
    assert turned([repr(number)], ColumnKind.NUMBER).values.tolist() == [number]


def test_half_steps_are_no_whole_numbers():
    assert turned(["1", "2.0", "2.5"], ColumnKind.WHOLE).bad.tolist() == [False, False, True]


def test_yes_and_no_are_read_in_many_spellings():
    result = turned(["true", "No", "1", "F", "maybe", None], ColumnKind.YES_NO)

    assert result.values.tolist()[:4] == [True, False, True, False]
    assert result.bad.tolist() == [False, False, False, False, True, False]


def test_an_id_of_digits_stays_text():
    assert turned(["0000045"], ColumnKind.TEXT).values.tolist() == ["0000045"]


def test_nested_values_are_refused_as_a_whole():
    with pytest.raises(BadInputError, match="not one plain value a row"):
        turned([{"a": 1}], ColumnKind.TEXT)


def test_a_column_without_any_value_takes_its_type():
    assert str(turned([None], ColumnKind.TIME).values.dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_the_contract_has_the_kind_of_its_dtype(table):
    kinds = kinds_of(table)

    for name, column in columns_of(table):
        empty = turned([None], kinds[name]).values
        if kinds[name] is not ColumnKind.WHOLE:
            assert str(empty.dtype) in {str(column.dtype), str(column.dtype.type), "str"}


def test_nul_is_no_part_of_a_text():
    column = pa.chunked_array([["a\0b", "\0", "c"]])

    assert as_text(column).to_pylist() == ["ab", None, "c"]


@pytest.mark.parametrize("kind", [ColumnKind.NUMBER, ColumnKind.WHOLE, ColumnKind.YES_NO])
def test_a_date_is_no_number_and_no_yes_or_no(kind):
    assert turned([date(2024, 3, 1), None], kind).bad.tolist() == [True, False]


@pytest.mark.parametrize("kind", [ColumnKind.NUMBER, ColumnKind.TEXT])
def test_the_cure_of_an_interval_gives_its_minutes(kind):
    with database() as con:
        span = con.sql("select interval 90 minutes as x").to_arrow_table()["x"]
        with pytest.raises(BadInputError, match=r"epoch\(x\) / 60"):
            convert(span, kind, where="outcomes.touch_minutes", timezone="UTC")
        minutes = con.sql("select epoch(x) / 60 as x from (select interval 90 minutes as x)")
        column = minutes.to_arrow_table()["x"]

    result = convert(column, ColumnKind.NUMBER, where="outcomes.touch_minutes", timezone="UTC")
    assert result.values.tolist() == [90]
