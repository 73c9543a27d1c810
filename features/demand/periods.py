"""Periods of demand as whole numbers, and the calendar that recorded period starts follow."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from data.domain import BadInputError
from data.ticks import DAYS_PER_WEEK
from features.demand.grain import Grain

MONDAY = -3  # days from 1 January 1970, a Thursday, to the Monday of its week
MAX_FIRST_DAY_OF_MONTH = 28  # a later day is not in every month
MIN_SHARE_RECORDED = 0.5  # of fewer periods a row may be a slip in longer ones
MIN_SHARE_ON_GRID = 0.8
MIN_PERIODS_OF_GRID = 4
WHERE = "demand.period_start"
CURE = (
    "Give periods of one length in the query of 'demand': days, weeks, months, quarters or any "
    "fixed number of days. Sum finer ones up, half-months to months too; a period without sales "
    "may be left out."
)


@dataclass(frozen=True)
class PeriodCalendar:
    """Periods of days or months, numbered through.

    Attributes:
        grain: How long a period is.
        begins: Days from 1 January 1970 to the first day of period 0.
    """

    grain: Grain
    begins: int = 0

    @classmethod
    def of(cls, grain: Grain) -> Self:
        """Return the usual calendar: weeks begin on Monday, years on 1 January."""
        return cls.from_day(grain, np.datetime64(MONDAY if grain.days > 1 else 0, "D"))

    @classmethod
    def from_day(cls, grain: Grain, day: np.datetime64) -> Self:
        """Return the calendar in which a period begins on a day (of a month the 28th at most)."""
        day = day.astype("datetime64[D]")
        if grain.days:
            return cls(grain, int(day.astype(np.int64)) % grain.days)
        month = day.astype("datetime64[M]")
        later = int((day - month.astype("datetime64[D]")).astype(np.int64))
        first = np.datetime64(int(month.astype(np.int64)) % grain.months, "M")
        return cls(grain, int(first.astype("datetime64[D]").astype(np.int64)) + later)

    def number(self, days: np.ndarray) -> np.ndarray:
        """Return the numbers of the periods that days, as datetime64[D], lie in."""
        days = days.astype("datetime64[D]")
        if self.grain.days:
            return (days.astype(np.int64) - self.begins) // self.grain.days
        months = (days - self._later).astype("datetime64[M]").astype(np.int64)
        return (months - self._first_month) // self.grain.months

    def first_day(self, number: np.ndarray) -> np.ndarray:
        """Return the first days of periods, as datetime64[D]."""
        numbers = np.asarray(number, np.int64)
        if self.grain.days:
            return (numbers * self.grain.days + self.begins).astype("datetime64[D]")
        months = numbers * self.grain.months + self._first_month
        return months.astype("datetime64[M]").astype("datetime64[D]") + self._later

    def after(self, day: np.datetime64, count: int) -> np.ndarray:
        """Return the first days of the periods after the one that a day lies in."""
        number = self.number(np.array([day]))
        return self.first_day(number + np.arange(1, count + 1))

    @property
    def _begins_on(self) -> np.datetime64:
        return np.datetime64(self.begins, "D")

    @property
    def _first_month(self) -> int:
        return int(self._begins_on.astype("datetime64[M]").astype(np.int64))

    @property
    def _later(self) -> np.timedelta64:
        """Days after the first of a month on which periods begin."""
        return self._begins_on - self._begins_on.astype("datetime64[M]").astype("datetime64[D]")

    def coarser(self, grain: Grain) -> "PeriodCalendar | None":
        """Return the calendar of longer periods that these can be summed up to; None if none can.

        A period belongs to the longer one that it begins in. Of periods that do not divide the
        longer ones at least four must go into one, as weeks go into a month.
        """
        own = self.grain
        if own.days and grain.days % own.days == 0 and grain.days:
            usual = PeriodCalendar.of(grain)
            return usual if own.days == 1 else PeriodCalendar.from_day(grain, self._begins_on)
        if own.months and grain.months and grain.months % own.months == 0:
            return PeriodCalendar.from_day(grain, self._begins_on)
        few = own.mean_days * 4 > grain.mean_days
        return None if few else PeriodCalendar.of(grain)


class RecordedPeriods(NamedTuple):
    """Periods that demand is recorded in.

    Attributes:
        calendar: Their calendar.
        by_last_day: True if months are recorded by their last day.
        missing: Number of periods between the first and the last without a row.
    """

    calendar: PeriodCalendar
    by_last_day: bool = False
    missing: int = 0


def read_periods(starts: np.ndarray, grain: Grain | None = None) -> RecordedPeriods:
    """Read the calendar from all period starts, as datetime64[D].

    Args:
        starts: In any order, with repetitions.
        grain: Of a single period, which does not show how long it is; a day if left out.

    Raises:
        BadInputError: They are at no regular distance.
    """
    days = np.unique(starts.astype("datetime64[D]"))
    if len(days) < 2:
        day = days[0] if len(days) else np.datetime64(MONDAY, "D")
        return RecordedPeriods(PeriodCalendar.from_day(grain or Grain.DAY, day))
    by_month = _months(days)
    recorded = by_month or _days(days)
    numbers = np.unique(recorded.calendar.number(days))
    span = int(numbers[-1] - numbers[0]) + 1
    if not by_month and len(numbers) < MIN_SHARE_RECORDED * span:
        _refuse_slips(days)
    return recorded._replace(missing=span - len(numbers))


def _months(days: np.ndarray) -> RecordedPeriods | None:
    """Return months that all begin on one day of the month, or are recorded by their last day."""
    months = days.astype("datetime64[M]")
    later = (days - months.astype("datetime64[D]")).astype(np.int64)
    by_last_day = bool(((days + 1).astype("datetime64[M]") != months).all())
    same_day = (later == later[0]).all() and later[0] < MAX_FIRST_DAY_OF_MONTH
    if not (by_last_day or same_day):
        return None
    grain = Grain(months=int(np.gcd.reduce(np.diff(months.astype(np.int64)))))
    first = (months[0] - (grain.months - 1)).astype("datetime64[D]") if by_last_day else days[0]
    return RecordedPeriods(PeriodCalendar.from_day(grain, first), by_last_day)


def _days(days: np.ndarray) -> RecordedPeriods:
    """Return periods of a number of days.

    Where the shortest distance divides the others it is the length, and periods are missing.
    """
    gaps = np.diff(days).astype(np.int64)
    step, shortest = int(np.gcd.reduce(gaps)), int(gaps.min())
    if step < shortest:
        if shortest >= DAYS_PER_WEEK or gaps.max() < 2 * shortest:
            raise _irregular(days, gaps)
        step = 1  # days with sales, and many without
    return RecordedPeriods(PeriodCalendar.from_day(Grain(days=step), days[0]))


def _irregular(days: np.ndarray, gaps: np.ndarray) -> BadInputError:
    short, long = int(gaps.argmin()), int(gaps.argmax())
    problem = (
        f"periods are {gaps[short]} days apart from {days[short]} and {gaps[long]} days from "
        f"{days[long]}, so that no calendar fits"
    )
    return BadInputError(WHERE, problem, CURE)


def _refuse_slips(days: np.ndarray) -> None:
    """Refuse starts most of which follow a longer calendar than all of them do."""
    if len(days) <= MIN_PERIODS_OF_GRID:
        return
    typical = int(np.median(np.diff(days).astype(np.int64)))
    if typical < DAYS_PER_WEEK:
        return
    months = days.astype("datetime64[M]").astype("datetime64[D]")
    for phase in ((days - months).astype(np.int64), days.astype(np.int64) % typical):
        values, counts = np.unique(phase, return_counts=True)
        if MIN_SHARE_ON_GRID <= counts.max() / len(days) < 1:
            off = days[phase != values[counts.argmax()]]
            problem = (
                f"{len(days) - len(off)} of {len(days)} periods are regular, but not the "
                f"one from {off[0]}"
            )
            raise BadInputError(WHERE, problem, CURE)
