"""Slots for work without recorded touch times: each recorded resolution is a slot of its team.

A history that records only resolutions still shows how much a team got done, and when. A slot is
just long enough for the work in it. Another order of work fills the same slots with other
exceptions. What the team could have done besides is not modelled. The recorded order is reproduced
by construction, which proves nothing here. The result rests on the assumption about touch times, so
a replay reports it under several.
"""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.workload.effort import VisitEffort, is_last
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.loss_model import kinds_of
from training.queue_replay.workload.staffing import lay_team_hours, learn_weeks, staffing_end
from training.queue_replay.workload.visits import PAUSED, TeamVisits, read_presence

SLOT_MS = 8
"""Length of a slot of ordinary work: the slots of one minute do not reach into the next."""
MIN_EFFORT, MAX_EFFORT = 0.25, 4.0
ASSUMED_LOAD = 0.9


class TouchAssumption(StrEnum):
    """Assumption about touch time.

    `RECORDED` takes the recorded touch time. The others are for histories that do not record it.
    `EQUAL` takes all work of a team to be alike. `BY_KIND` takes it to be in proportion to the
    usual time from raised to resolved of its category or type, from a quarter of the ordinary to
    four times. `AFTER_PAUSE` is `EQUAL`, but an exception that was paused can't be worked before
    its last pause was over: people may have waited for somebody outside. `PEOPLE` takes people to
    work nine tenths of the hours in which they were present, all work of a team alike.
    """

    RECORDED = "recorded"
    EQUAL = "equal"
    BY_KIND = "by-kind"
    AFTER_PAUSE = "held"
    PEOPLE = "people"


class AssumedWork(NamedTuple):
    """One visit for each resolved exception, and the hours of all teams."""

    effort: VisitEffort
    team_hours: tuple[TeamHours, ...]


class _ResolutionSlots(NamedTuple):
    """Slots of each team as shifts, and the tick at which the slot of each exception begins."""

    team_hours: tuple[TeamHours, ...]
    started_at: np.ndarray


def assume_effort(
    log: HandlingLog, visits: TeamVisits, assumption: TouchAssumption, policy: PolicyShifts
) -> AssumedWork:
    """Return one visit for each exception, to the team that resolved it, and all teams' hours.

    An exception that was never resolved is left out: there is no slot for it.
    """
    last = np.flatnonzero(is_last(visits.exception))
    last = last[visits.resolved_at[last] != NEVER]
    exception, team = visits.exception[last], visits.team[last]
    ready_at, ended_at = visits.ready_at[last], visits.resolved_at[last]
    if assumption is TouchAssumption.AFTER_PAUSE:
        ready_at = np.maximum(ready_at, _last_pause_end(log)[exception])
    if assumption is TouchAssumption.PEOPLE:
        team_hours = _hours_of_presence(log, policy)
        touch_ms = _share_of_team_time(team_hours, team, ended_at)
        started_at = ended_at - touch_ms
    else:
        relative_effort = np.ones(len(last))
        if assumption is TouchAssumption.BY_KIND:
            relative_effort = _relative_effort(log)[exception]
        touch_ms = np.round(relative_effort * SLOT_MS).astype(np.int64)
        team_hours, started_at = _lay_slots(
            team, ended_at, touch_ms, in_period=ended_at > log.begin, teams=len(log.teams)
        )
        ended_at = started_at + touch_ms
    effort = VisitEffort(
        exception=exception,
        team=team,
        ready_at=np.minimum(ready_at, started_at),
        delay_ms=np.zeros(len(last), np.int64),
        touch_ms=touch_ms,
        remaining_ms=touch_ms,
        started_at=started_at,
        ended_at=ended_at,
        resolved_at=ended_at,
        may_self_resolve=np.ones(len(last), bool),
    )
    return AssumedWork(effort, team_hours)


def _lay_slots(
    team: np.ndarray,
    ended_at: np.ndarray,
    touch_ms: np.ndarray,
    *,
    in_period: np.ndarray,
    teams: int,
) -> _ResolutionSlots:
    """Lay the slots of each team; only those in the period become shifts.

    Slots that would overlap are pushed back, one after the other, as in a queue.
    """
    team_hours, started_at = [], ended_at - touch_ms
    for code in range(teams):
        rows = np.flatnonzero(team == code)
        rows = rows[np.argsort(ended_at[rows], kind="stable")]
        work = np.cumsum(touch_ms[rows])
        closes = work + np.maximum.accumulate(ended_at[rows] - work)
        started_at[rows] = closes - touch_ms[rows]
        laid = in_period[rows]
        opens, closes = started_at[rows][laid], closes[laid]
        team_hours.append(TeamHours(opens, closes, np.ones(len(opens), np.int64)))
    return _ResolutionSlots(tuple(team_hours), started_at)


def _relative_effort(log: HandlingLog) -> np.ndarray:
    """Return the relative effort of n exceptions, by the median time to resolve of their kind."""
    facts, kind = log.facts, kinds_of(log.facts).code
    resolved = facts["resolved_at"] != NEVER
    hours = np.where(resolved, facts["resolved_at"] - facts["detected_at"], 0).astype(float)
    usual = max(float(np.median(hours[resolved])), 1.0) if resolved.any() else 1.0
    effort = np.ones(log.size)
    for name in np.unique(kind[resolved]):
        of_kind = kind == name
        effort[of_kind] = np.median(hours[of_kind & resolved]) / usual
    return np.clip(effort, MIN_EFFORT, MAX_EFFORT)


def _last_pause_end(log: HandlingLog) -> np.ndarray:
    """Return the ticks at which the last pause of n exceptions ended; 0 for those never paused."""
    steps, back_at = log.steps, np.zeros(log.size, np.int64)
    paused = np.flatnonzero(steps.event[:-1] == PAUSED)
    paused = paused[steps.exception[paused] == steps.exception[paused + 1]]
    back_at[steps.exception[paused]] = steps.at[paused + 1]  # of equal indices the last one stays
    return back_at


def _hours_of_presence(log: HandlingLog, policy: PolicyShifts) -> tuple[TeamHours, ...]:
    weeks = learn_weeks(read_presence(log), log.teams, policy.timezone, (log.begin, log.end))
    return lay_team_hours(weeks, policy, log.teams, begin=log.begin, end=staffing_end(log.end))


def _share_of_team_time(
    team_hours: tuple[TeamHours, ...], team: np.ndarray, ended_at: np.ndarray
) -> np.ndarray:
    """Return the touch time by which its resolutions fill nine tenths of a team's time."""
    touch_ms = np.ones(len(team), np.int64)
    for code in np.unique(team):
        hours, rows = team_hours[code], team == code
        if not len(hours.opens_at):
            continue
        on_duty = (ended_at[rows] >= hours.opens_at[0]) & (ended_at[rows] <= hours.closes_at[-1])
        hours_ms = ((hours.closes_at - hours.opens_at) * hours.people).sum()
        touch_ms[rows] = max(ASSUMED_LOAD * hours_ms / max(on_duty.sum(), 1), 1)
    return touch_ms
