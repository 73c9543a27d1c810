"""Problems of values that can't be read, with the word of a query that reads most of them."""

import numpy as np
import pandas as pd

from data.contract.codes import country_by_name, country_key
from data.contract.time_spellings import MAX_TRIED, spellings_of

NO_NUMBER, NO_TIME = "is not a number", "is not a time between 1900 and 2200"
CURE = "{problem}; in the query, {call} reads it"
AMBIGUOUS = (
    "{problem}; in the query, {by_comma} reads '{text}' as {with_comma}, {by_point} as {with_point}"
)
AMBIGUOUS_TIME = "{problem}; in the query, {one} reads '{text}' as {as_one}, {other} as {as_other}"
SIGNS = "[\\s\u00a0\u202f'\u2019€$£¥]"
"""Signs that `number_of` passes over: those of `digits_of` in data/sql/reading/macros.sql."""
DECIMAL_COMMA = r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?"
DECIMAL_POINT = r"[+-]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)"
THOUSANDS = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
"""A mark and three digits: a fraction, or thousands."""
BY_COMMA, BY_POINT = "number_of(x, ',')", "number_of(x, '.')"
TIME_CALLS = {
    r"[1-9]\d{4}(?:\.\d+)?": "time_of_serial(x)",
    r"1\d{9}(?:\.\d+)?": "time_of_seconds(x)",
    r"1\d{12}(?:\.\d+)?": "time_of_milliseconds(x)",
    r"\d{8}": "time_of(x, '%Y%m%d')",
    r"\d{4}-W\d\d": "time_of(x || '-1', '%G-W%V-%u')",
    r"\d{4}-?Q[1-4]": "make_date(left(x, 4)::int, right(x, 1)::int * 3 - 2, 1)",
}
MIN_SHARE = 0.9
"""Share of the values that a word must read to be named."""


def code_problem(pattern: str, values: pd.Series) -> str:
    """Return what is wrong with values that are no codes, by the pattern of the codes."""
    if "{2}" not in pattern:
        return "is not a code of three letters"
    named = values.map(lambda text: country_key(str(text)) in country_by_name())
    problem = "is not a code of two letters"
    return (
        CURE.format(problem=problem, call="country_of(x)") if named.mean() >= MIN_SHARE else problem
    )


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
    readings = {s: _days(texts, s) for s in spellings_of(texts, MIN_SHARE)}
    if not readings:
        return NO_TIME
    first, *others = readings
    differing = {s: readings[s] != readings[first] for s in others}
    other = next((s for s, differs in differing.items() if differs.any()), None)
    if other is None:
        return CURE.format(problem=NO_TIME, call=f"time_of(x, '{first}')")
    position = int(np.flatnonzero(differing[other])[0])
    return AMBIGUOUS_TIME.format(
        problem=NO_TIME,
        text=texts.iloc[position],
        one=f"time_of(x, '{first}')",
        as_one=readings[first].iloc[position],
        other=f"time_of(x, '{other}')",
        as_other=readings[other].iloc[position],
    )


def _days(texts: pd.Series, spelling: str) -> pd.Series:
    moments = pd.to_datetime(texts.head(MAX_TRIED), format=spelling, errors="coerce")
    return moments.dt.strftime("%Y-%m-%d").fillna("")
