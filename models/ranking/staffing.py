"""Staffing by the policy: the teams on shift around a moment, and from it on. Pure."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from data.policy.policy import ShiftTerms as ShiftRules
from data.policy.policy import TeamShift
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from models.ranking.rule import Ranking
from models.worktime.shifts import TeamHours, WorkClock

BEFORE_DAYS, AHEAD_DAYS = 31, 95
"""Curves of loss end at 90 days; how long ago something was that is lost by now matters little."""
ROUND_THE_CLOCK = -1


def shifts_from(shift: TeamShift, timezone: str, now: int) -> TeamHours:
    """Return a team's shifts from the one under way, or the next one, for three months.

    Args:
        shift: Of the policy.
        timezone: IANA name that its hours are told in.
        now: Tick.
    """
    laid = _laid_out(shift, timezone, now // MS_PER_DAY)  # pyright: ignore[reportArgumentType] - frozen, so it has a hash
    ahead = slice(int(np.searchsorted(laid.closes_at, now, side="right")), None)
    return TeamHours(laid.opens_at[ahead], laid.closes_at[ahead], laid.people[ahead])


def work_clock(rules: ShiftRules, teams: np.ndarray, now: int) -> WorkClock | None:
    """Return by whose hours time counts around a moment; None where the policy names no shifts.

    Args:
        rules: Of the policy.
        teams: n names; a team without shifts, or None, works round the clock.
        now: Tick.
    """
    if not rules.teams:
        return None
    day = now // MS_PER_DAY
    calendars = tuple(_laid_out(shift, rules.timezone, day) for shift in rules.teams.values())  # pyright: ignore[reportArgumentType] - as above
    return WorkClock(calendars, team_numbers(rules, teams))


def team_numbers(rules: ShiftRules, teams: np.ndarray) -> np.ndarray:
    """Return for each name its place among the teams with shifts, else `ROUND_THE_CLOCK`."""
    numbers = {name: number for number, name in enumerate(rules.teams)}
    numbers_of_teams = (numbers.get(name, ROUND_THE_CLOCK) for name in teams.tolist())
    return np.fromiter(numbers_of_teams, np.int64, len(teams))


def work_hours_ahead(clock: WorkClock | None, now: int, hours: np.ndarray) -> np.ndarray:
    """Return how many of the next hours the teams of n items work.

    Args:
        clock: Of the items; None where all work round the clock.
        now: Tick.
        hours: (n, w) hours from now as they pass.
    """
    if clock is None:
        return hours
    moments = now + (hours * MS_PER_HOUR).astype(np.int64)
    return clock.hours_until(np.full(len(hours), now), moments)


def in_wall_hours(ranking: Ranking, clock: WorkClock | None, now: int) -> Ranking:
    """Return a ranking whose safe starts are in hours as they pass, not in working hours."""
    if clock is None or np.isnan(ranking.score).any():
        return ranking
    safe = clock.wall_hours(now, ranking.safe_start_hours)
    return replace(ranking, safe_start_hours=safe)


@lru_cache(maxsize=256)
def _laid_out(shift: TeamShift, timezone: str, day: int) -> TeamHours:
    begin, end = day - BEFORE_DAYS, day + AHEAD_DAYS
    return TeamHours.from_shift(shift, timezone, begin * MS_PER_DAY, end * MS_PER_DAY)
