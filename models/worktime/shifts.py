"""Working time: when a team's people are there, and how much of it lies between two moments.

Moments are ticks (milliseconds since 1970, UTC). A shift is given in the company's own time zone,
so one that begins at eight does so before and after the clocks change.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from data.policy.policy import TeamShift
from data.ticks import MS_PER_DAY, MS_PER_HOUR


@dataclass(frozen=True)
class TeamHours:
    """The hours of one team; arrays of one length, in order of time, never overlapping.

    Attributes:
        opens_at: Ticks.
        closes_at: Ticks; after `opens_at`.
        people: How many are there; 1 or more.
    """

    opens_at: np.ndarray
    closes_at: np.ndarray
    people: np.ndarray

    @classmethod
    def from_shift(cls, shift: TeamShift, timezone: str, begin: int, end: int) -> Self:
        """Lay a team's week over a period.

        Args:
            shift: The week.
            timezone: IANA name that its hours are told in.
            begin: Tick from which shifts are wanted; one that is under way then is among them.
            end: Tick up to which.
        """
        first, last = (
            pd.Timestamp(tick, unit="ms", tz="UTC").tz_convert(timezone).normalize()
            for tick in (begin - MS_PER_DAY, end + MS_PER_DAY)
        )
        days = pd.date_range(first, last, freq="D").tz_localize(None)
        days = days[np.isin(days.dayofweek, shift.weekday_numbers)]
        opens = _ticks(days + pd.Timedelta(minutes=shift.opens_minute), timezone)
        closes = _ticks(days + pd.Timedelta(minutes=shift.closes_minute), timezone)
        overlaps = (closes > begin) & (opens < end) & (closes > opens)
        opens, closes = opens[overlaps], closes[overlaps]
        return cls(opens, closes, np.full(len(opens), shift.people))

    def open_ticks(self, ticks: np.ndarray) -> np.ndarray:
        """Return the open ticks (float) before each moment, whoever is there."""
        before = np.concatenate([[0], np.cumsum(self.closes_at - self.opens_at)])
        begun = np.searchsorted(self.opens_at, ticks, side="right")
        shift = np.maximum(begun - 1, 0)
        if not len(self.opens_at):
            return np.zeros(np.shape(ticks))
        inside = np.minimum(ticks, self.closes_at[shift]) - self.opens_at[shift]
        return np.where(begun > 0, before[shift] + inside, 0).astype(np.float64)

    @cached_property
    def open_share(self) -> float:
        """Share of the time, from the first opening to the last, in which somebody is there."""
        if len(self.opens_at) <= 1:
            return 1.0
        until_last = self.closes_at[:-1] - self.opens_at[:-1]
        return float(until_last.sum() / (self.opens_at[-1] - self.opens_at[0]))

    def open_hours(self, begin: int | np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the open hours between moments; negative where `end` comes first."""
        return (self.open_ticks(np.asarray(end)) - self.open_ticks(np.asarray(begin))) / MS_PER_HOUR

    def moments(self, begin: int, hours: np.ndarray) -> np.ndarray:
        """Return the ticks (float) at which so many open hours have passed since a moment.

        Hours that end with a shift end as it closes; what lies after the last one never comes.
        """
        ends = np.cumsum(self.closes_at - self.opens_at)
        worked = self.open_ticks(np.array(begin)) + hours * MS_PER_HOUR
        shift = np.minimum(np.searchsorted(ends, worked, side="left"), len(ends) - 1)
        moment = self.closes_at[shift] - (ends[shift] - worked)
        return np.where(worked <= ends[-1], np.maximum(moment, begin), np.inf)


@dataclass(frozen=True)
class WorkClock:
    """By whose hours time is counted for n items.

    Attributes:
        calendars: Teams with shifts.
        team: n positions among them, -1 where people work round the clock.
    """

    calendars: tuple[TeamHours, ...]
    team: np.ndarray

    def take(self, rows: np.ndarray) -> Self:
        """Return that of some of the items."""
        return type(self)(self.calendars, self.team[rows])

    def hours_until(self, now: np.ndarray, moments: np.ndarray) -> np.ndarray:
        """Return the working hours from n moments to n or (n, k) others; below 0 backwards."""
        across = now if moments.ndim == 1 else now[:, None]
        hours = (moments - across) / MS_PER_HOUR
        for number, calendar in enumerate(self.calendars):
            rows = self.team == number
            hours[rows] = calendar.open_hours(across[rows], moments[rows])
        return hours

    def open_shares(self) -> np.ndarray:
        """Return for each item the share of all time in which its team works; 1 without shifts."""
        shares = [calendar.open_share for calendar in self.calendars]
        return np.array([*shares, 1.0])[self.team]

    def wall_hours(self, now: int, hours: np.ndarray) -> np.ndarray:
        """Return the hours that pass until so many working hours of each item have; 0 or more."""
        passed = hours.copy()
        for number, calendar in enumerate(self.calendars):
            rows = self.team == number
            passed[rows] = (calendar.moments(now, hours[rows]) - now) / MS_PER_HOUR
        return passed


def _ticks(local: pd.DatetimeIndex, timezone: str) -> np.ndarray:
    """Read local times as ticks; an hour that the change of clocks skips begins with the next."""
    moments = local.tz_localize(
        timezone, ambiguous=np.zeros(len(local), bool), nonexistent="shift_forward"
    )
    return moments.tz_convert("UTC").as_unit("ms").asi8
