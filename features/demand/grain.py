"""Grain of demand: the length of its periods, in days or in months."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

from data.ticks import DAYS_PER_MONTH, DAYS_PER_WEEK

_UNITS = {"day": (0, 1), "week": (0, DAYS_PER_WEEK), "month": (1, 0), "year": (12, 0)}
_NAMES = {
    (0, 1): "day",
    (0, DAYS_PER_WEEK): "week",
    (1, 0): "month",
    (3, 0): "quarter",
    (6, 0): "half-year",
    (12, 0): "year",
}
GRAIN_WORDS = "day, week, month, quarter, half-year, year, or a length such as '28 days'"


@dataclass(frozen=True)
class Grain:
    """Length of a period of demand.

    Attributes:
        months: Calendar months; 0 where it is days.
        days: Days; 0 where it is months.
    """

    DAY: ClassVar["Grain"]
    WEEK: ClassVar["Grain"]
    MONTH: ClassVar["Grain"]

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a grain as `str` writes it: `week`, `quarter`, `28 days`, also `4 weeks`.

        Raises:
            ValueError: It is no grain.
        """
        words = text.strip().lower()
        for (months, days), name in _NAMES.items():
            if words == name:
                return cls(months, days)
        count, _, unit = words.partition(" ")
        if count.isdecimal() and int(count) > 0 and (size := _UNITS.get(unit.removesuffix("s"))):
            return cls(*(int(count) * part for part in size))
        raise ValueError(f"'{text}' is no length of a period: use {GRAIN_WORDS}")

    def __str__(self) -> str:
        """Return its name, as files and answers hold it."""
        name = _NAMES.get((self.months, self.days))
        return name or (f"{self.months} months" if self.months else f"{self.days} days")

    @property
    def noun(self) -> str:
        """One period in words: `week`, `period of 28 days`."""
        return str(self) if self._has_name else f"period of {self}"

    @property
    def plural(self) -> str:
        """Several periods in words: `weeks`, `periods of 28 days`."""
        return f"{self}s" if self._has_name else f"periods of {self}"

    @property
    def _has_name(self) -> bool:
        return (self.months, self.days) in _NAMES

    @cached_property
    def mean_days(self) -> float:
        """Mean length in days."""
        return self.months * DAYS_PER_MONTH if self.months else float(self.days)

    def periods_in(self, days: float) -> int:
        """Return how many periods come nearest to a number of days, at least 1."""
        return max(round(days / self.mean_days), 1)

    def like(self, periods: Mapping["Grain", int]) -> int:
        """Return the number of periods that takes as long as that of the nearest usual grain.

        Args:
            periods: Numbers for a day, a week and a month.
        """
        return periods.get(self) or self.periods_in(periods[self.usual] * self.usual.mean_days)

    @property
    def usual(self) -> "Grain":
        """The longest of day, week and month (as 28 days) that is not longer than this one."""
        if self.mean_days >= 4 * DAYS_PER_WEEK:
            return Grain.MONTH
        return Grain.WEEK if self.days >= DAYS_PER_WEEK else Grain.DAY


Grain.DAY, Grain.WEEK, Grain.MONTH = Grain(days=1), Grain(days=DAYS_PER_WEEK), Grain(months=1)
