"""Staffing: each team's weekdays, hours and people, learned from recorded work.

A shift is what starts and ends of work leave visible. The day of a team begins in the middle of its
longest quiet stretch, so that a night shift is one day. It opens at the moment before which work
had begun on one day in twenty only, and closes likewise: a stray row moves neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from data.policy.policy import ShiftTerms as PolicyShifts
from data.policy.policy import TeamShift, Weekday
from data.ticks import MINUTES_PER_DAY, MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.workload.visits import WorkPieces

STRAY_SHARE = 0.05
QUIET_MINUTES = 60
QUIET_SHARE = 0.05
AROUND_MINUTES = 15
HALF = 0.5
WEEKDAY_SHARE = 0.25
MAX_PIECE_MS = 16 * MS_PER_HOUR
SURE_DAYS = 20
CREWS_LAID_DAYS = 28
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


@dataclass(frozen=True)
class TeamWeek:
    """The week of one team as learned, and how sure that is.

    Attributes:
        people: How many are there at a time.
        weekdays: Monday is 0.
        opens_ms: After local midnight.
        closes_ms: After the same midnight; more than a day where the shift ends past the next.
        days: On how many days work was seen.
        inside_share: Share of the work that lies within these hours.
        full_share: Share of the days on which all the people were seen.
    """

    people: int
    weekdays: tuple[int, ...]
    opens_ms: int
    closes_ms: int
    days: int
    inside_share: float
    full_share: float

    @property
    def sure(self) -> bool:
        """Return true if the data is enough to rely on."""
        return self.days >= SURE_DAYS and self.inside_share >= 1 - 2 * STRAY_SHARE

    @property
    def shift(self) -> TeamShift:
        """The same in the policy's words, in whole minutes."""
        opens, closes = (round(ms / MS_PER_MINUTE) for ms in (self.opens_ms, self.closes_ms))
        all_day = closes - opens >= MINUTES_PER_DAY
        return TeamShift(
            people=self.people,
            weekdays=self._names,
            opens="00:00" if all_day else _time_of_day(opens % MINUTES_PER_DAY),
            closes="24:00" if all_day else _time_of_day(closes % MINUTES_PER_DAY),
        )

    @property
    def _names(self) -> tuple[Weekday, ...]:
        return tuple(WEEKDAYS[day] for day in self.weekdays)

    def lay(self, timezone: str, begin: int, end: int) -> TeamHours:
        """Lay the week over a period, to the millisecond."""
        whole = TeamShift(people=self.people, weekdays=self._names, opens="00:00", closes="24:00")
        days = TeamHours.from_shift(whole, timezone, begin - MS_PER_DAY, end)
        return TeamHours(days.opens_at + self.opens_ms, days.opens_at + self.closes_ms, days.people)


def learned_weeks(
    pieces: WorkPieces, teams: tuple[str, ...], timezone: str, period: tuple[int, int]
) -> dict[str, TeamWeek]:
    """Learn the week of each team that was seen to work.

    Args:
        pieces: Stretches of work.
        teams: Names by code.
        timezone: That the hours are told in: where clocks change, shifts change with them.
        period: Ticks from when to when it is wanted; a team that was seen on few days of it is
            learned from all that there is.
    """
    known = (pieces.end != NEVER) & (pieces.team >= 0)
    # A piece of days was ended late by somebody: where in it the work lay, nobody can say.
    known &= pieces.end - pieces.begin <= MAX_PIECE_MS
    begin = pieces.begin[known]
    rows = pd.DataFrame(
        {
            "team": pieces.team[known],
            "by": pieces.by[known],
            "begin": _local(begin, timezone),
            "end": _local(pieces.end[known], timezone),
            "wanted": (begin >= period[0]) & (begin < period[1]),
        }
    )
    weeks = {}
    for code, part in rows.groupby("team"):
        of_period = _week(part[part["wanted"]]) if part["wanted"].any() else None
        enough = of_period is not None and of_period.days >= SURE_DAYS
        weeks[teams[int(str(code))]] = of_period if enough else _week(part)
    return weeks


def crews_of(
    weeks: Mapping[str, TeamWeek],
    policy: PolicyShifts,
    teams: tuple[str, ...],
    begin: int,
    end: int,
) -> tuple[TeamHours, ...]:
    """Lay the hours of all teams over a period: the policy's own where it names a team.

    A team that was never seen to work has one person round the clock.
    """
    found = []
    for team in teams:
        if team in policy.teams:
            laid = TeamHours.from_shift(policy.teams[team], policy.timezone, begin, end)
        else:
            laid = weeks.get(team, ALWAYS_THERE).lay(policy.timezone, begin, end)
        found.append(_cut(laid, begin, end))
    return tuple(found)


def laid_until(end: int) -> int:
    """Return the tick until which shifts are laid for a period; their last week then goes on."""
    return end + CREWS_LAID_DAYS * MS_PER_DAY


ALWAYS_THERE = TeamWeek(1, tuple(range(7)), 0, MS_PER_DAY, 0, 0.0, 0.0)


def _cut(shifts: TeamHours, begin: int, end: int) -> TeamHours:
    """Return the part of the shifts that lies in a period."""
    opens, closes = np.maximum(shifts.opens_at, begin), np.minimum(shifts.closes_at, end)
    kept = closes > opens
    return TeamHours(opens[kept], closes[kept], shifts.people[kept])


def _local(ticks: np.ndarray, timezone: str) -> np.ndarray:
    """Return ticks as the clocks of a time zone show them."""
    moments = pd.to_datetime(ticks, unit="ms", utc=True).tz_convert(timezone).tz_localize(None)
    return moments.as_unit("ms").asi8


def _week(rows: pd.DataFrame) -> TeamWeek:
    begin, end = rows["begin"].to_numpy(), rows["end"].to_numpy()
    day = (begin - _turn_of_day_ms(begin, end)) // MS_PER_DAY
    # The day is named after the date on which its shift opens.
    day += _quantile(begin - day * MS_PER_DAY, STRAY_SHARE) // MS_PER_DAY
    weekdays = _weekdays(np.unique(day))
    usual = np.isin(_weekday(day), weekdays)
    into_day = rows.assign(
        day=day, begin=begin - day * MS_PER_DAY, end=end - day * MS_PER_DAY, there=_busy(rows)
    )
    by_day = (
        into_day[usual]
        .groupby("day")
        .agg({"begin": "min", "end": "max", "there": "max", "by": "nunique"})
    )
    opens_ms = _quantile(by_day["begin"], STRAY_SHARE)
    closes_ms = _quantile(by_day["end"], 1 - STRAY_SHARE)
    if closes_ms - opens_ms > MS_PER_DAY - QUIET_MINUTES * MS_PER_MINUTE:
        opens_ms, closes_ms = 0, MS_PER_DAY
    low, high = (into_day[name].clip(opens_ms, closes_ms) for name in ("begin", "end"))
    inside = ((high - low) * usual).sum() / max((end - begin).sum(), 1)
    seen = by_day[["there", "by"]].min(axis=1)
    people = _quantile(seen, 1 - 2 * STRAY_SHARE)
    full = float((seen >= people).mean())
    return TeamWeek(people, weekdays, opens_ms, closes_ms, len(by_day), float(inside), full)


def _turn_of_day_ms(begin: np.ndarray, end: np.ndarray) -> int:
    """Return where in the day the longest quiet stretch has its middle; 0 where there is none."""
    minute = np.concatenate([begin, end - 1]) // MS_PER_MINUTE % MINUTES_PER_DAY
    seen = np.bincount(minute, minlength=MINUTES_PER_DAY)
    # Strays are as good as quiet: what is seen less often than that in the minutes around it.
    around = np.convolve(np.tile(seen, 3), np.ones(AROUND_MINUTES), "same")
    around = around[MINUTES_PER_DAY : 2 * MINUTES_PER_DAY] / AROUND_MINUTES
    busy = np.flatnonzero(around > QUIET_SHARE * seen.mean())
    gap = np.diff(np.append(busy, busy[0] + MINUTES_PER_DAY))
    widest = int(gap.argmax())
    middle = int(busy[widest] + gap[widest] // 2) % MINUTES_PER_DAY
    return middle * MS_PER_MINUTE if gap[widest] >= QUIET_MINUTES else 0


def _weekdays(days: np.ndarray) -> tuple[int, ...]:
    """Return the weekdays on which work is seen at least a quarter as often as on the busiest."""
    seen = np.bincount(_weekday(days), minlength=7)
    return tuple(np.flatnonzero(seen >= WEEKDAY_SHARE * seen.max()).tolist())


def _weekday(days: np.ndarray) -> np.ndarray:
    return (days + 3) % 7  # 1 January 1970 was a Thursday


def _busy(rows: pd.DataFrame) -> np.ndarray:
    """Return how many pieces were being worked on when each began, itself included."""
    begin, end = np.sort(rows["begin"]), np.sort(rows["end"])
    at = rows["begin"].to_numpy()
    return np.searchsorted(begin, at, side="right") - np.searchsorted(end, at, side="right")


def _quantile(values: pd.Series | np.ndarray, share: float) -> int:
    return int(np.quantile(values, share, method="lower" if share < HALF else "higher"))


def _time_of_day(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
