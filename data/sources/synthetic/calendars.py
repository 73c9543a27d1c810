"""Working hours: moments to worked seconds and back, for a week that repeats."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from data.ticks import SECONDS_PER_DAY, SECONDS_PER_WEEK

INSTANT_S = 1e-3


@dataclass(frozen=True)
class TeamCalendar:
    """One shift a day on some days of the week; everybody in a team works the same one.

    Attributes:
        weekdays: Days worked, Monday is 0.
        opens_s: Begin of the shift, seconds after midnight UTC.
        length_s: Length of the shift. Whole seconds keep the ends of shifts exact.
        first_weekday: The weekday of second 0.
    """

    weekdays: tuple[int, ...]
    opens_s: int
    length_s: int
    first_weekday: int = 0

    @cached_property
    def _days_before(self) -> list[int]:
        return [sum(day < weekday for day in self.weekdays) for weekday in range(8)]

    def worked_by(self, moment_s: float) -> float:
        """Seconds that one person has worked up to a moment."""
        week, rest_s = divmod(moment_s + self.first_weekday * SECONDS_PER_DAY, SECONDS_PER_WEEK)
        weekday, of_day_s = divmod(rest_s, SECONDS_PER_DAY)
        shifts = week * len(self.weekdays) + self._days_before[int(weekday)]
        today_s = 0.0
        if weekday in self.weekdays:
            today_s = min(max(of_day_s - self.opens_s, 0.0), self.length_s)
        return shifts * self.length_s + today_s

    def moment_of(self, worked_s: float) -> float:
        """The last moment at which that much has been worked: between shifts, the next begin."""
        shift, into_s = divmod(worked_s, self.length_s)
        week, which = divmod(int(shift), len(self.weekdays))
        day = week * 7 + self.weekdays[which] - self.first_weekday
        return day * SECONDS_PER_DAY + self.opens_s + into_s

    def end_of(self, worked_s: float) -> float:
        """The first moment at which that much has been worked: between shifts, the last end."""
        return self.moment_of(worked_s - INSTANT_S) + INSTANT_S

    def breaks(self, from_worked_s: float, to_worked_s: float) -> Iterator[tuple[float, float]]:
        """Yield end of shift and begin of the next for the nights that fall into a work."""
        shift = int(from_worked_s // self.length_s) + 1
        while shift * self.length_s < to_worked_s - INSTANT_S:
            yield self.end_of(shift * self.length_s), self.moment_of(shift * self.length_s)
            shift += 1
