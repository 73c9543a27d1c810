"""Periods of demand as whole numbers, so that days of any kind find their column."""

from dataclasses import dataclass

import numpy as np

from data.domain import Grain

EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday; Monday is 0
COARSENESS = {Grain.DAY: 0, Grain.WEEK: 1, Grain.MONTH: 2}


@dataclass(frozen=True)
class PeriodCalendar:
    """Periods of days. Periods are numbered through; the number 0 holds 1 January 1970.

    Attributes:
        grain: How long a period is.
        weekday: On which weeks begin; Monday is 0.
    """

    grain: Grain
    weekday: int = 0

    def number(self, days: np.ndarray) -> np.ndarray:
        """Return the numbers of the periods that days, as datetime64[D], lie in."""
        if self.grain is Grain.MONTH:
            return days.astype("datetime64[M]").astype(np.int64)
        since_epoch = days.astype("datetime64[D]").astype(np.int64)
        if self.grain is Grain.WEEK:
            return (since_epoch + EPOCH_WEEKDAY - self.weekday) // 7
        return since_epoch

    def first_day(self, number: np.ndarray) -> np.ndarray:
        """Return the first days of periods, as datetime64[D]."""
        numbers = np.asarray(number, np.int64)
        if self.grain is Grain.MONTH:
            return numbers.astype("datetime64[M]").astype("datetime64[D]")
        if self.grain is Grain.WEEK:
            return (numbers * 7 - EPOCH_WEEKDAY + self.weekday).astype("datetime64[D]")
        return numbers.astype("datetime64[D]")

    def is_coarser_than(self, other: "PeriodCalendar") -> bool:
        """True if a period of this one is longer than one of the other."""
        return COARSENESS[self.grain] > COARSENESS[other.grain]


def calendar_of(first: np.datetime64, step_days: float) -> PeriodCalendar:
    """Return the calendar of periods, the shortest of which lasts so many days (or NaN)."""
    if step_days >= 28:
        return PeriodCalendar(Grain.MONTH)
    if step_days >= 7:
        since_epoch = int(first.astype("datetime64[D]").astype(np.int64))
        return PeriodCalendar(Grain.WEEK, (since_epoch + EPOCH_WEEKDAY) % 7)
    return PeriodCalendar(Grain.DAY)
