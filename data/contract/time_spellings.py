"""Spellings of moments that exports use, as of strptime, and those that read given texts."""

from itertools import product

import pandas as pd

DATES = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d %b %Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%Y年%m月%d日",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%m-%y",
    "%m-%d-%y",
)
CLOCKS = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
MONTHS = ("%Y-%m", "%m/%Y", "%m.%Y", "%b %Y", "%b-%Y", "%Y年%m月")
MAX_TRIED = 200


def spellings_of(texts: pd.Series, min_share: float) -> list[str]:
    """Return the spellings that read at least this share of the first texts."""
    tried = texts.head(MAX_TRIED)
    spellings = [date + clock for date, clock in product(DATES, CLOCKS)]
    return [
        spelling
        for spelling in (*spellings, *MONTHS)
        if pd.to_datetime(tried, format=spelling, errors="coerce").notna().mean() >= min_share
    ]
