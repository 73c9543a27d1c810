"""The week's rhythm as a clock: hours in which as much is expected as in a mean hour of the week.

On this clock the nights are short, so a rate that is steady on it follows the hour of the week.
"""

import numpy as np

from data.ticks import HOURS_PER_WEEK, MS_PER_HOUR, MS_PER_WEEK

_EPOCH_HOUR = 72  # 1970 began on a Thursday; weeks begin on Mondays
_HALF_LIFE_HOURS = 4 * HOURS_PER_WEEK
_SMOOTHING = 40.0
_QUIETEST = 0.05
_MAX_WEIGHT = 1e9


class WeekClock:
    """Counts ticks into hours of the rhythm that it has learned so far.

    Attributes:
        tick: The last moment it was told.
        hours: On its own scale, since it was started; a week has 168.
        weight: How much what happens now counts; doubles every four weeks, so that the past fades.
        exposure: Hours seen, each by the weight of its time.
        hour_of_week: Of the last moment, 0 on Monday at midnight UTC.
        rhythm: What is expected in each hour of the week; the mean is 1.
        rhythm_of_day: Summed up over the days, by hour of the day.
    """

    def __init__(self) -> None:
        self.tick = -1
        self.hours = 0.0
        self.weight = 1.0
        self.exposure = 0.0
        self.hour_of_week = 0
        self.rhythm = np.ones(HOURS_PER_WEEK)
        self.rhythm_of_day = np.full(24, 7.0)
        self._counts = np.zeros(HOURS_PER_WEEK)

    @property
    def exposed_hours(self) -> float:
        """Hours seen, those of long ago fading."""
        return self.exposure / self.weight

    def go_to(self, tick: int) -> None:
        """Move on to a moment; one that is over already is taken for now."""
        if self.tick < 0:
            self.tick = tick
            self.hour_of_week = _hour_of_week(tick)
        weeks = (tick - self.tick) // MS_PER_WEEK
        if weeks > 0:
            self._pass(float(weeks * HOURS_PER_WEEK), weeks * HOURS_PER_WEEK)
            self.tick += weeks * MS_PER_WEEK
        while self.tick < tick:
            until = min(tick, (self.tick // MS_PER_HOUR + 1) * MS_PER_HOUR)
            passed = (until - self.tick) / MS_PER_HOUR
            self._pass(passed * float(self.rhythm[self.hour_of_week]), passed)
            self.tick = until
            hour = _hour_of_week(until)
            if hour != self.hour_of_week and hour % 24 == 0:
                self.rhythm = self._learned()
                self.rhythm_of_day = self.rhythm.reshape(7, 24).sum(0)
            self.hour_of_week = hour

    def learn(self, hour_of_week: int, weight: float) -> None:
        """Learn that something usual happened in an hour of the week."""
        self._counts[hour_of_week] += weight

    def rescale(self) -> float:
        """Return what all weights so far must be multiplied by; 1 nearly always."""
        if self.weight < _MAX_WEIGHT:
            return 1.0
        factor = 1.0 / self.weight
        self.weight, self.exposure = 1.0, self.exposure * factor
        self._counts *= factor
        return factor

    def _pass(self, hours: float, wall_hours: float) -> None:
        self.hours += hours
        self.exposure += hours * self.weight
        self.weight *= 2 ** (wall_hours / _HALF_LIFE_HOURS)

    def _learned(self) -> np.ndarray:
        """Each hour of the week is drawn to its hour of the day, that to a level line."""
        observed = (self._counts / self.weight).reshape(7, 24)
        of_day = observed.sum(0) + _SMOOTHING
        of_day /= of_day.mean()
        level = max(observed.mean(), 1e-9)
        of_week = of_day * (observed + _SMOOTHING) / (level * of_day + _SMOOTHING)
        rhythm = np.maximum(of_week.ravel() / of_week.mean(), _QUIETEST)
        return rhythm / rhythm.mean()


def _hour_of_week(tick: int) -> int:
    return int((tick // MS_PER_HOUR + _EPOCH_HOUR) % HOURS_PER_WEEK)
