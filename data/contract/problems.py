"""Problems of values that can't be read, with the word of a query that reads most of them."""

import pandas as pd

NO_NUMBER, NO_TIME = "is not a number", "is not a time between 1900 and 2200"
CURE = "{problem}; in the query, {call} reads it"
BLANKS = "\\s\u00a0\u202f'\u2019"
NUMBER_CALLS = {
    rf"[+-]?\d{{1,3}}(?:[.{BLANKS}]?\d{{3}})*,(?:\d{{1,2}}|\d{{4,}})|0,\d+": "number_of(x, ',')",
    rf"[+-]?\d{{1,3}}(?:[,{BLANKS}]?\d{{3}})*(?:\.\d+)?": "number_of(x, '.')",
}
DAY = r"(?:3[01]|[12]\d|0?[1-9])\.(?:1[0-2]|0?[1-9])\.\d{4}"
TIME_CALLS = {
    r"[1-9]\d{4}(?:\.\d+)?": "time_of_serial(x)",
    r"1\d{9}(?:\.\d+)?": "time_of_seconds(x)",
    r"1\d{12}(?:\.\d+)?": "time_of_milliseconds(x)",
    DAY: "time_of(x, '%d.%m.%Y')",
    rf"{DAY} \d{{1,2}}:\d\d": "time_of(x, '%d.%m.%Y %H:%M')",
    r"\d{8}": "time_of(x, '%Y%m%d')",
}
MIN_SHARE = 0.9
"""Share of the values that a word must read to be named."""


def number_problem(values: pd.Series) -> str:
    """Return what is wrong with values that are no numbers."""
    return _with_cure(NO_NUMBER, values, NUMBER_CALLS)


def time_problem(values: pd.Series) -> str:
    """Return what is wrong with values that are no moments."""
    return _with_cure(NO_TIME, values, TIME_CALLS)


def _with_cure(problem: str, values: pd.Series, calls: dict[str, str]) -> str:
    texts = values.dropna().astype(str).str.strip()
    if texts.empty:
        return problem
    for shape, call in calls.items():
        if texts.str.fullmatch(shape).mean() >= MIN_SHARE:
            return CURE.format(problem=problem, call=call)
    return problem
