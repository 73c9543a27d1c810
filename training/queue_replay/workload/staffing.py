"""Staffing: each team's weekdays, hours and people, learned from recorded work.

A shift is learned from the starts and ends of work. The day of a team begins in the middle of its
longest quiet stretch, so that a night shift is one day. The shift opens at the 5 % quantile of the
first starts of the days, and closes at the 95 % quantile of the last ends. So a stray row moves
neither.
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
STAFFING_DAYS_AFTER_PERIOD = 28
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


@dataclass(frozen=True)
class TeamWeek:
    """Learned week of one team, with the evidence for it.

    Attributes:
        people: Number of people at a time.
        weekdays: Monday is 0.
        opens_ms: After local midnight.
        closes_ms: After the same midnight; more than a day where the shift ends past the next.
        days: Number of days on which work was recorded.
        inside_share: Share of the work that lies within these hours.
        full_share: Share of the days on which all the people were at work.
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


def learn_weeks(
    pieces: WorkPieces, teams: tuple[str, ...], timezone: str, period: tuple[int, int]
) -> dict[str, TeamWeek]:
    """Learn the week of each team with recorded work.

    Args:
        pieces: Stretches of work.
        teams: Names by code.
        timezone: Of the hours: where clocks change, shifts change with them.
        period: Its first tick and the first after it. A team with work on few days of it is learned
            from all pieces.
    """
    measured = (pieces.end != NEVER) & (pieces.team >= 0)
    # A piece that lasts for days was ended late: the hours of work in it are not recorded.
    measured &= pieces.end - pieces.begin <= MAX_PIECE_MS
    begin = pieces.begin[measured]
    rows = pd.DataFrame(
        {
            "team": pieces.team[measured],
            "by": pieces.by[measured],
            "begin": _local(begin, timezone),
            "end": _local(pieces.end[measured], timezone),
            "in_period": (begin >= period[0]) & (begin < period[1]),
        }
    )
    weeks = {}
    for code, part in rows.groupby("team"):
        of_period = _learn_week(part[part["in_period"]]) if part["in_period"].any() else None
        enough = of_period is not None and of_period.days >= SURE_DAYS
        weeks[teams[int(str(code))]] = of_period if enough else _learn_week(part)
    return weeks


def lay_team_hours(
    weeks: Mapping[str, TeamWeek],
    policy: PolicyShifts,
    teams: tuple[str, ...],
    *,
    begin: int,
    end: int,
) -> tuple[TeamHours, ...]:
    """Lay the hours of all teams over a period: the policy's own where it names a team.

    A team without recorded work has one person round the clock.
    """
    team_hours = []
    for team in teams:
        if team in policy.teams:
            laid = TeamHours.from_shift(policy.teams[team], policy.timezone, begin, end)
        else:
            laid = weeks.get(team, ROUND_THE_CLOCK).lay(policy.timezone, begin, end)
        team_hours.append(_clip(laid, begin, end))
    return tuple(team_hours)


def staffing_end(end: int) -> int:
    """Return the tick until which a period is staffed; the last week of shifts is then repeated."""
    return end + STAFFING_DAYS_AFTER_PERIOD * MS_PER_DAY


ROUND_THE_CLOCK = TeamWeek(
    people=1,
    weekdays=tuple(range(7)),
    opens_ms=0,
    closes_ms=MS_PER_DAY,
    days=0,
    inside_share=0.0,
    full_share=0.0,
)


def _clip(shifts: TeamHours, begin: int, end: int) -> TeamHours:
    """Return the part of the shifts that lies in a period."""
    opens, closes = np.maximum(shifts.opens_at, begin), np.minimum(shifts.closes_at, end)
    overlaps = closes > opens
    return TeamHours(opens[overlaps], closes[overlaps], shifts.people[overlaps])


def _local(ticks: np.ndarray, timezone: str) -> np.ndarray:
    """Return ticks of the local time in a time zone."""
    moments = pd.to_datetime(ticks, unit="ms", utc=True).tz_convert(timezone).tz_localize(None)
    return moments.as_unit("ms").asi8


def _learn_week(rows: pd.DataFrame) -> TeamWeek:
    begin, end = rows["begin"].to_numpy(), rows["end"].to_numpy()
    day = (begin - _turn_of_day_ms(begin, end)) // MS_PER_DAY
    # The day is named after the date on which its shift opens.
    day += _quantile(begin - day * MS_PER_DAY, STRAY_SHARE) // MS_PER_DAY
    weekdays = _weekdays(np.unique(day))
    usual = np.isin(_weekday(day), weekdays)
    into_day = rows.assign(
        day=day,
        begin=begin - day * MS_PER_DAY,
        end=end - day * MS_PER_DAY,
        at_once=_pieces_at_once(rows),
    )
    by_day = (
        into_day[usual]
        .groupby("day")
        .agg({"begin": "min", "end": "max", "at_once": "max", "by": "nunique"})
    )
    opens_ms = _quantile(by_day["begin"], STRAY_SHARE)
    closes_ms = _quantile(by_day["end"], 1 - STRAY_SHARE)
    if closes_ms - opens_ms > MS_PER_DAY - QUIET_MINUTES * MS_PER_MINUTE:
        opens_ms, closes_ms = 0, MS_PER_DAY
    low, high = (into_day[name].clip(opens_ms, closes_ms) for name in ("begin", "end"))
    inside = ((high - low) * usual).sum() / max((end - begin).sum(), 1)
    people_by_day = by_day[["at_once", "by"]].min(axis=1)
    people = _quantile(people_by_day, 1 - 2 * STRAY_SHARE)
    full = float((people_by_day >= people).mean())
    return TeamWeek(
        people=people,
        weekdays=weekdays,
        opens_ms=opens_ms,
        closes_ms=closes_ms,
        days=len(by_day),
        inside_share=float(inside),
        full_share=full,
    )


def _turn_of_day_ms(begin: np.ndarray, end: np.ndarray) -> int:
    """Return the middle of the longest quiet stretch of the day; 0 where there is none."""
    minute = np.concatenate([begin, end - 1]) // MS_PER_MINUTE % MINUTES_PER_DAY
    by_minute = np.bincount(minute, minlength=MINUTES_PER_DAY)
    # Strays count as quiet: minutes with little work in the quarter of an hour around them.
    around = np.convolve(np.tile(by_minute, 3), np.ones(AROUND_MINUTES), "same")
    around = around[MINUTES_PER_DAY : 2 * MINUTES_PER_DAY] / AROUND_MINUTES
    busy = np.flatnonzero(around > QUIET_SHARE * by_minute.mean())
    gap = np.diff(np.append(busy, busy[0] + MINUTES_PER_DAY))
    widest = int(gap.argmax())
    middle = int(busy[widest] + gap[widest] // 2) % MINUTES_PER_DAY
    return middle * MS_PER_MINUTE if gap[widest] >= QUIET_MINUTES else 0


def _weekdays(days: np.ndarray) -> tuple[int, ...]:
    """Return the weekdays with work at least a quarter as often as the busiest one."""
    days_by_weekday = np.bincount(_weekday(days), minlength=7)
    return tuple(np.flatnonzero(days_by_weekday >= WEEKDAY_SHARE * days_by_weekday.max()).tolist())


def _weekday(days: np.ndarray) -> np.ndarray:
    return (days + 3) % 7  # 1 January 1970 was a Thursday


def _pieces_at_once(rows: pd.DataFrame) -> np.ndarray:
    """Count the pieces under way when each began, itself included."""
    begin, end = np.sort(rows["begin"]), np.sort(rows["end"])
    at = rows["begin"].to_numpy()
    return np.searchsorted(begin, at, side="right") - np.searchsorted(end, at, side="right")


def _quantile(values: pd.Series | np.ndarray, share: float) -> int:
    return int(np.quantile(values, share, method="lower" if share < HALF else "higher"))


def _time_of_day(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
