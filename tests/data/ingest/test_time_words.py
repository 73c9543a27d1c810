import pyarrow as pa
import pytest

from data.history.queries import database, query_text


@pytest.fixture(scope="module")
def berlin():
    with database(timezone="Europe/Berlin") as con:
        con.execute(query_text("reading/time_words"))
        con.from_arrow(pa.table({"name": ["austria"], "code": ["AT"]})).create("country_names")
        con.execute(query_text("reading/macros"))
        yield con


def utc(con, expression, value=None):
    sql = f"select strftime(timezone('UTC', {expression}), '%Y-%m-%d %H:%M') as t"
    return con.sql(sql, params={"value": value} if value is not None else None).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05T10:00:00+0530", "2026-01-05 04:30"),
        ("2026-01-05T10:00:00-0330", "2026-01-05 13:30"),
        ("2026-01-05T10:00:00+00", "2026-01-05 10:00"),
        ("2026-01-05T10:00:00Z", "2026-01-05 10:00"),
        ("2026-01-05T10:00:00z", "2026-01-05 10:00"),
        ("2026-01-05T10:00:00.123456789+05:30", "2026-01-05 04:30"),
        ("2026-01-05T10:00:00,5", "2026-01-05 09:00"),
        ("2026-01-05 10:00:00.5 -05", "2026-01-05 15:00"),
        ("2026-01-05T10:00 UTC", "2026-01-05 10:00"),
        ("20260105T100000Z", "2026-01-05 10:00"),
        ("20260105T1000+0200", "2026-01-05 08:00"),
        ("2026-01-05T10:00+5:30", "2026-01-05 04:30"),
        ("20260105", None),
        ("epoch", None),
        ("2026-01-05 10:00", "2026-01-05 09:00"),
        ("2026-07-05 10:00", "2026-07-05 08:00"),
        ("2026-01-05", "2026-01-04 23:00"),
        ("Date Not Captured", None),
        ("00/00/0000", None),
        ("0000-00-00", None),
        ("0026-01-05", None),
        ("infinity", None),
        ("", None),
    ],
)
def test_a_time_in_iso_8601_is_a_moment_or_null(berlin, text, moment):
    assert utc(berlin, "time_of($value)", text) == moment


@pytest.mark.parametrize(
    ("text", "spelling", "moment"),
    [
        ("05/Jan/2026:10:00:00 +0100", "%d/%b/%Y:%H:%M:%S %z", "2026-01-05 09:00"),
        ("05/Jan/2026:10:00:00 -05:00", "%d/%b/%Y:%H:%M:%S %z", "2026-01-05 15:00"),
        ("05/Jan/2026:10:00:00 +0530", "%d/%b/%Y:%H:%M:%S %z", "2026-01-05 04:30"),
        ("05/Jan/2026:10:00:00 +00", "%d/%b/%Y:%H:%M:%S %z", "2026-01-05 10:00"),
        ("05/Jan/2026:10:00:00 Z", "%d/%b/%Y:%H:%M:%S %z", "2026-01-05 10:00"),
        ("05/Jan/2026:10:00:00 UTC", "%d/%b/%Y:%H:%M:%S %z", "2026-01-05 10:00"),
        ("Mon Jan 05 10:00:00 GMT 2026", "%a %b %d %H:%M:%S %z %Y", "2026-01-05 10:00"),
        ("2026-01-05T10:00:00Z", "%Y-%m-%dT%H:%M:%SZ", "2026-01-05 10:00"),
        ("05.01.2026 10:00", "%d.%m.%Y %H:%M", "2026-01-05 09:00"),
        ("05/01/26 10:00 PM", "%d/%m/%y %I:%M %p", "2026-01-05 21:00"),
        ("12/31/2025 12:30 AM", "%m/%d/%Y %I:%M %p", "2025-12-30 23:30"),
        ("25.10.2026 02:30", "%d.%m.%Y %H:%M", "2026-10-25 01:30"),
        ("29.03.2026 02:30", "%d.%m.%Y %H:%M", "2026-03-29 01:30"),
        ("05/01/26", "%d/%m/%Y", None),
        ("00/00/0000", "%d/%m/%Y", None),
        ("Date Not Captured", "%d/%m/%Y", None),
        ("05/Jan/2026:10:00:00", "%d/%b/%Y:%H:%M:%S %z", None),
    ],
)
def test_a_time_in_another_spelling_is_a_moment_or_null(berlin, text, spelling, moment):
    assert utc(berlin, f"time_of($value, '{spelling}')", text) == moment


@pytest.mark.parametrize(
    ("expression", "moment"),
    [
        ("time_of_seconds('1767607200')", "2026-01-05 10:00"),
        ("time_of_milliseconds(1767607200000)", "2026-01-05 10:00"),
        ("time_of_seconds(1767607200000)", None),
        ("time_of_seconds('never')", None),
        ("time_of(timestamptz '2026-01-05 10:00:00+00')", "2026-01-05 10:00"),
        ("later_of('2026-01-05T10:00', '2026-01-05T09:30Z')", "2026-01-05 09:30"),
        ("later_of('2026-01-05T10:00', 'Date Not Captured')", None),
    ],
)
def test_numbers_and_moments_are_moments_too(berlin, expression, moment):
    assert utc(berlin, expression) == moment


def test_moments_are_compared_and_not_their_texts(berlin):
    later = "time_of('9/1/2026', '%d/%m/%Y') > time_of('10/1/2026', '%d/%m/%Y')"
    unread = "time_of('Date Not Captured', '%d/%m/%Y') > time_of('2026-01-05')"

    assert berlin.sql(f"select {later} as a, {unread} as b").fetchall() == [(False, None)]


@pytest.mark.parametrize(
    ("days", "moment"),
    [
        ("46027.5", "2026-01-05 11:00"),
        ("46027", "2026-01-04 23:00"),
        ("0.25", None),
        ("20260105", None),
    ],
)
def test_a_date_that_a_workbook_counts_in_days_is_a_moment_of_the_zone(berlin, days, moment):
    assert utc(berlin, "time_of_serial($value)", days) == moment


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("1.234,50", ",", 1234.5),
        ("1 234,5", ",", 1234.5),
        ("1\u202f234,5 €", ",", 1234.5),
        ("-7", ",", -7),
        ("1,234.50", ".", 1234.5),
        ("1'234.50", ".", 1234.5),
        (".5", ".", 0.5),
        ("1.5e3", ".", 1500),
        ("1,5", ".", None),
        ("12.34,5", ",", None),
        ("n/a", ",", None),
        ("", ".", None),
    ],
)
def test_a_number_is_read_by_its_decimal_mark(berlin, text, mark, number):
    values = {"text": text, "mark": mark}

    assert berlin.sql("select number_of($text, $mark)", params=values).fetchall() == [(number,)]
