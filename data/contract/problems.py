"""Problems of values that can't be read, with the word of a query that reads most of them."""

import pandas as pd

NO_NUMBER, NO_TIME = "is not a number", "is not a time between 1900 and 2200"
CURE = "{problem}; in the query, {call} reads it"
AMBIGUOUS = (
    "{problem}; in the query, {by_comma} reads '{text}' as {with_comma}, {by_point} as {with_point}"
)
SIGNS = "[\\s\u00a0\u202f'\u2019€$£¥]"
"""Signs that `number_of` passes over: those of `digits_of` in data/sql/reading/macros.sql."""
DECIMAL_COMMA = r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?"
DECIMAL_POINT = r"[+-]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)"
THOUSANDS = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
"""A mark and three digits: a fraction, or thousands."""
BY_COMMA, BY_POINT = "number_of(x, ',')", "number_of(x, '.')"
DAY = r"(?:3[01]|[12]\d|0?[1-9])\.(?:1[0-2]|0?[1-9])\.\d{4}"
TIME_CALLS = {
    r"[1-9]\d{4}(?:\.\d+)?": "time_of_serial(x)",
    r"1\d{9}(?:\.\d+)?": "time_of_seconds(x)",
    r"1\d{12}(?:\.\d+)?": "time_of_milliseconds(x)",
    DAY: "time_of(x, '%d.%m.%Y')",
    rf"{DAY} \d{{1,2}}:\d\d": "time_of(x, '%d.%m.%Y %H:%M')",
    rf"{DAY} \d{{1,2}}:\d\d:\d\d": "time_of(x, '%d.%m.%Y %H:%M:%S')",
    r"\d{8}": "time_of(x, '%Y%m%d')",
    r"\d{4}/\d{1,2}/\d{1,2}": "time_of(x, '%Y/%m/%d')",
}
MIN_SHARE = 0.9
"""Share of the values that a word must read to be named."""


def number_problem(values: pd.Series) -> str:
    """Return what is wrong with values that are no numbers."""
    texts = values.dropna().astype(str).str.replace(SIGNS, "", regex=True)
    thousands = texts[texts.str.fullmatch(THOUSANDS).astype(bool)]
    shapes = {BY_COMMA: DECIMAL_COMMA, BY_POINT: DECIMAL_POINT}
    shares = {call: texts.str.fullmatch(shape).mean() for call, shape in shapes.items()}
    readable = [call for call, share in shares.items() if share >= MIN_SHARE]
    if len(readable) == 1:
        return CURE.format(problem=NO_NUMBER, call=readable[0])
    if not readable:
        return NO_NUMBER
    if thousands.empty:
        has_comma = texts.str.contains(",").any()
        return CURE.format(problem=NO_NUMBER, call=BY_COMMA if has_comma else BY_POINT)
    text = str(thousands.iloc[0])
    return AMBIGUOUS.format(
        problem=NO_NUMBER,
        text=text,
        by_comma=BY_COMMA,
        with_comma=text.replace(".", "").replace(",", "."),
        by_point=BY_POINT,
        with_point=text.replace(",", ""),
    )


def time_problem(values: pd.Series) -> str:
    """Return what is wrong with values that are no moments."""
    texts = values.dropna().astype(str).str.strip()
    for shape, call in TIME_CALLS.items():
        if texts.str.fullmatch(shape).mean() >= MIN_SHARE:
            return CURE.format(problem=NO_TIME, call=call)
    return NO_TIME
