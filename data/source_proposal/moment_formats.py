"""Spelling of a column's times: ISO 8601, another format, a number since 1970, or parts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from data.contract.time_spellings import spellings_of

MIN_YEAR, MAX_YEAR = 1990, 2060
MIN_SHARE = 0.95
NUMBERS = {
    "%Y%m%d": r"\d{8}",
    "%Y%m": r"\d{6}",
    "%Y%m%d%H%M%S": r"\d{14}",
    "%Y-%m": r"\d{4}-\d{2}",
    "%m/%Y": r"\d{2}/\d{4}",
}
ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?"
SHAPED = r".*\d.*[-/.:年 T].*\d.*[-/.:月 ].*\d.*"
EPOCHS = {"seconds": (6.3e8, 2.05e9, 1), "milliseconds": (6.3e11, 2.05e12, 1000)}
"""From 1990 to 2034: numbers of telephones with ten digits lie above."""


@dataclass(frozen=True)
class Moments:
    """Times of a column.

    Attributes:
        expression: SQL that turns the column into text or a timestamp; `{c}` stands for the column.
        values: The times of the sample, in UTC without a zone, empty where there is none.
        share: Share of the filled values that are times.
        is_date: Whether all stand at midnight.
        alternative: Another format that reads as many, such as month before day.
    """

    expression: str
    values: pd.Series
    share: float
    is_date: bool
    alternative: str = ""

    @property
    def is_month(self) -> bool:
        """True where all are the first day of a month."""
        return self.is_date and bool((self.values.dt.day == 1).all())


def moments_of(texts: pd.Series) -> Moments | None:
    """Read the filled values of a sample as times; None where fewer than 95 % are."""
    filled = texts.dropna().str.strip()
    if filled.empty:
        return None
    if _share(filled, ISO) >= MIN_SHARE:
        return _moments(
            "{c}", pd.to_datetime(filled, format="ISO8601", errors="coerce", utc=True), filled
        )
    for spelling, shape in NUMBERS.items():
        if _share(filled, shape) >= MIN_SHARE:
            return _if_times(_by_format(filled, spelling), filled)
    for low, high, unit in EPOCHS.values():
        numbers = pd.to_numeric(filled, errors="coerce")
        if numbers.between(low, high).mean() >= MIN_SHARE and not (numbers % 1).any():
            times = pd.to_datetime(numbers / unit, unit="s", errors="coerce", utc=True)
            return _moments(f"to_timestamp(try_cast({{c}} as double) / {unit})", times, filled)
    return _formatted(filled)


def _formatted(filled: pd.Series) -> Moments | None:
    if _share(filled, SHAPED) < MIN_SHARE:
        return None
    spellings = spellings_of(filled, MIN_SHARE)
    read = [m for f in spellings if (m := _if_times(_by_format(filled, f), filled))]
    if not read:
        return None
    best = max(read, key=lambda moments: moments.share)
    others = [m.expression for m in read if m.share == best.share and m is not best]
    return Moments(
        best.expression, best.values, best.share, best.is_date, others[0] if others else ""
    )


def _by_format(filled: pd.Series, spelling: str) -> tuple[str, pd.Series]:
    return f"time_of({{c}}, '{spelling}')", pd.to_datetime(
        filled, format=spelling, errors="coerce", utc=True
    )


def _if_times(read: tuple[str, pd.Series], filled: pd.Series) -> Moments | None:
    moments = _moments(*read, filled)
    return moments if moments.share >= MIN_SHARE else None


def _moments(expression: str, times: pd.Series, filled: pd.Series) -> Moments:
    good = times[times.dt.year.between(MIN_YEAR, MAX_YEAR)]
    values = good.dt.tz_localize(None)
    return Moments(
        expression, values, len(good) / len(filled), bool((values.dt.normalize() == values).all())
    )


def _share(filled: pd.Series, shape: str) -> float:
    return float(filled.str.fullmatch(shape).mean())


@dataclass(frozen=True)
class DateParts:
    """A date in columns of its year, month and day, and a clock that may follow."""

    columns: tuple[str, ...]
    expression: str


def date_parts(frame: pd.DataFrame) -> list[DateParts]:
    """Runs of columns side by side: year, month, day, and perhaps a clock."""
    names: Sequence[str] = list(frame.columns)
    ranges = [(MIN_YEAR, MAX_YEAR), (1, 12), (1, 31)]
    parts = []
    for start in range(len(names) - 2):
        run = names[start : start + 3]
        if not all(
            _whole_between(frame[name], low, high)
            for name, (low, high) in zip(run, ranges, strict=True)
        ):
            continue
        year, month, day = (f'{{t}}."{name}"::int' for name in run)
        expression = f"make_date({year}, {month}, {day})::timestamp"
        clock = names[start + 3] if start + 3 < len(names) else None
        if (
            clock
            and _share(frame[clock].dropna().str.strip(), r"\d{1,2}:\d{2}(?::\d{2})?") >= MIN_SHARE
        ):
            seconds = (
                ""
                if re.fullmatch(r"\d{1,2}:\d{2}:\d{2}", frame[clock].dropna().iloc[0].strip())
                else " || ':00'"
            )
            expression += f' + ({{t}}."{clock}"{seconds})::interval'
            run = [*run, clock]
        parts.append(DateParts(tuple(run), expression))
    return parts


def _whole_between(texts: pd.Series, low: int, high: int) -> bool:
    filled = texts.dropna().str.strip()
    if filled.empty or _share(filled, r"\d{1,4}") < MIN_SHARE:
        return False
    numbers = pd.to_numeric(filled, errors="coerce").dropna()
    return bool(numbers.between(low, high).mean() >= MIN_SHARE and numbers.min() < numbers.max())
