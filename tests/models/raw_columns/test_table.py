"""Raw columns: each text its own category, each moment hours from the detection."""

import numpy as np
import pytest

from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR
from models.raw_columns.table import RawColumns

THURSDAY = 20_419 * MS_PER_DAY  # 27 November 2025


def texts(values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def columns_of(n, **more):
    return {"detected_at": np.full(n, THURSDAY), **more}


def read(columns, of=None):
    raw = RawColumns.of(columns)
    return dict(zip(raw.names, raw.table(of or columns).T, strict=True))


def test_a_category_of_thousands_of_values_keeps_a_code_for_each():
    customers = texts([f"c{i}" for i in range(5_000)] * 2)

    codes = read(columns_of(10_000, customer_id=customers))["customer_id"]

    assert sorted(codes[:5_000]) == list(range(5_000))
    np.testing.assert_array_equal(codes[:5_000], codes[5_000:])


def test_a_value_of_a_single_row_is_no_category():
    codes = read(columns_of(5, type=texts(["a", "a", "b", "b", "rare"])))["type"]

    assert np.isnan(codes).tolist() == [False] * 4 + [True]


def test_a_text_that_is_the_same_for_all_is_not_read():
    assert "type" not in read(columns_of(3, type=texts(["late"] * 3)))


def test_the_message_is_not_read():
    assert "message" not in read(columns_of(4, message=texts(["a", "a", "b", "b"])))


def test_a_moment_is_hours_from_the_detection():
    due = np.array([THURSDAY + 6 * MS_PER_HOUR, THURSDAY - 2 * MS_PER_HOUR, MISSING_TICK])

    hours = read(columns_of(3, due_at=due))["due_at"]

    np.testing.assert_array_equal(hours, [6.0, -2.0, np.nan])


def test_the_detection_is_an_hour_and_a_weekday():
    detected = THURSDAY + np.array([0, 30, 24 * 7]) * MS_PER_HOUR

    table = read({"detected_at": detected})

    assert table["hour detected"].tolist() == [0, 6, 0]
    assert table["weekday detected"].tolist() == [3, 4, 3]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("type", texts(["a", "a", "b", "b"])),
        ("total", np.array([1.0, 2.0, 3.0, 4.0])),
        ("due_at", np.full(4, THURSDAY + MS_PER_HOUR)),
    ],
)
def test_a_column_that_is_missing_later_is_not_a_number(name, values):
    later = read(columns_of(4, **{name: values}), of=columns_of(2))

    assert np.isnan(later[name]).all()


def test_raw_columns_read_back_are_the_same():
    raw = RawColumns.of(
        columns_of(4, type=texts(["a", "a", "b", "b"]), total=np.ones(4), due_at=np.ones(4, int))
    )

    assert RawColumns.from_json(raw.to_json()) == raw


def test_a_row_alone_is_read_as_among_others():
    columns = columns_of(
        4,
        type=texts(["a", "a", "b", None]),
        due_at=np.array([THURSDAY + 7, THURSDAY - 1, MISSING_TICK, THURSDAY]),
        total=np.array([0.1, np.nan, 3.0, 1e9]),
    )
    raw = RawColumns.of(columns)
    later = {**columns, "type": texts(["b", "new", None, "a"])}

    for name in ("type", "due_at", "total", "nothing"):
        sent = {column: values for column, values in later.items() if column != name}
        rows = [
            raw.single_row({column: values[i : i + 1] for column, values in sent.items()})
            for i in range(4)
        ]

        np.testing.assert_array_equal(rows, raw.table(sent))
