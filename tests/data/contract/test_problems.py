"""Cures of values that can't be read: each is tried in a query, as it is printed."""

import re
from functools import partial

import pandas as pd
import pytest

from data.contract.problems import code_problem, number_problem, time_problem
from data.history.queries import database, query_text


@pytest.fixture(scope="module")
def con():
    with database() as opened:
        opened.execute("create table country_names as select 'germany' as name, 'DE' as code")
        opened.execute(query_text("reading/time_words"))
        opened.execute(query_text("reading/macros"))
        yield opened


def read_by(con, call, value):
    query = f"select ({call.replace('(x', '($x')})::varchar as value"
    return con.sql(query, params={"x": value}).to_arrow_table()["value"][0].as_py()


@pytest.mark.parametrize(
    ("problem_of", "values", "expected"),
    [
        (number_problem, ["1.234,50", "2,5"], ["1234.5", "2.5"]),
        (number_problem, ["1,234", "1,5"], ["1.234", "1.5"]),
        (number_problem, ["1,234", "1,234.5"], ["1234.0", "1234.5"]),
        (number_problem, ["0,123"], ["0.123"]),
        (number_problem, ["1 234,50"], ["1234.5"]),
        (number_problem, ["€ 5.20", "$1,234.00"], ["5.2", "1234.0"]),
        (partial(code_problem, "^[A-Z]{2}$"), ["Germany"], ["DE"]),
        (time_problem, ["01.03.2024 09:30:15"], ["2024-03-01 09:30:15+00"]),
        (time_problem, ["31.12.2023 9:05"], ["2023-12-31 09:05:00+00"]),
        (time_problem, ["2024/03/01"], ["2024-03-01 00:00:00+00"]),
        (time_problem, ["20240301"], ["2024-03-01 00:00:00+00"]),
        (
            time_problem,
            ["31/12/2023", "01/02/2024"],
            ["2023-12-31 00:00:00+00", "2024-02-01 00:00:00+00"],
        ),
        (time_problem, ["12/31/2023 9:05 PM"], ["2023-12-31 21:05:00+00"]),
        (time_problem, ["31-Dec-2023"], ["2023-12-31 00:00:00+00"]),
        (time_problem, ["Dec 31, 2023"], ["2023-12-31 00:00:00+00"]),
        (time_problem, ["2023-12"], ["2023-12-01 00:00:00+00"]),
        (time_problem, ["2024-W09"], ["2024-02-26 00:00:00+00"]),
        (time_problem, ["2024-Q3", "2024Q1"], ["2024-07-01", "2024-01-01"]),
        (time_problem, ["2023年12月31日"], ["2023-12-31 00:00:00+00"]),
        (time_problem, ["45352.5"], ["2024-03-01 12:00:00+00"]),
        (time_problem, ["1709280000000"], ["2024-03-01 08:00:00+00"]),
    ],
)
def test_a_cure_reads_the_values_as_it_is_printed(con, problem_of, values, expected):
    call = re.fullmatch(r"is .*; in the query, (.*) reads it", problem_of(pd.Series(values)))[1]

    assert [read_by(con, call, value) for value in values] == expected


@pytest.mark.parametrize("value", ["1,234", "-1,234", "€1.234"])
def test_a_mark_with_three_digits_names_both_readings_and_both_are_true(con, value):
    problem = number_problem(pd.Series([value]))
    _, comma, with_comma, point, with_point = re.fullmatch(
        r"(.*), (number_of\(x, ','\)) reads '.*' as (\S+), (number_of\(x, '.'\)) as (\S+)", problem
    ).groups()

    assert float(read_by(con, comma, value)) == float(with_comma)
    assert float(read_by(con, point, value)) == float(with_point)


def test_a_day_that_may_be_a_month_names_both_readings_and_both_are_true(con):
    problem = time_problem(pd.Series(["03/03/2024", "03/04/2024 "]))
    one, as_one, other, as_other = re.fullmatch(
        r".*, (time_of\(x, '\S+'\)) reads '03/04/2024' as (\S+), (time_of\(x, '\S+'\)) as (\S+)",
        problem,
    ).groups()

    assert as_one != as_other
    assert read_by(con, one, "03/04/2024").startswith(as_one)
    assert read_by(con, other, "03/04/2024").startswith(as_other)


@pytest.mark.parametrize("value", ["12-", "(12.50)", "12,5 %", "many"])
def test_no_cure_is_printed_that_would_not_read_the_values(value):
    assert number_problem(pd.Series([value])) == "is not a number"
