"""Workload of a period: its exceptions, their touch times, and the staffing of the teams.

Touch time is the time worked between starts and ends. The time from opened to closed is no measure
of it: it holds the wait in the old queue. Missing touch times are imputed (`hot_deck.py`).
"""

import numpy as np

from data.domain import BadInputError
from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import MS_PER_DAY, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.workload.effort import VisitEffort, is_last
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.hot_deck import impute_visits
from training.queue_replay.workload.slots import TouchAssumption, assume_effort
from training.queue_replay.workload.staffing import lay_team_hours, learn_weeks, staffing_end
from training.queue_replay.workload.visits import read_presence, read_visits, starts_are_work
from training.queue_replay.workload.workload import Workload

FORGOTTEN_DAYS = 90


def read_workload(
    log: HandlingLog,
    policy: PolicyShifts,
    random: np.random.Generator,
    assumption: TouchAssumption = TouchAssumption.RECORDED,
) -> Workload:
    """Read the exceptions of the period, and the remaining work of those open when it begins.

    Args:
        log: Record of the exceptions.
        policy: The company's shifts; those of teams that it does not name are learned.
        random: Draws the donors of touch times that are not recorded.
        assumption: Source of the touch times.

    Raises:
        BadInputError: The history records no touch times, and no assumption is made.
    """
    visits = read_visits(log)
    if assumption is not TouchAssumption.RECORDED:
        assumed = assume_effort(log, visits, assumption, policy)
        resolved_at = np.full(log.size, NEVER)
        resolved_at[assumed.effort.exception] = assumed.effort.ended_at
        return _select_period(
            log,
            assumed.effort,
            resolved_at=resolved_at,
            self_resolved=np.zeros(log.size, bool),
            team_hours=assumed.team_hours,
        )
    pieces = visits.pieces
    if not starts_are_work(pieces):
        if not np.isfinite(log.facts["touch_minutes"]).any():
            problem = "neither starts and ends nor touch times tell how long work took"
            raise BadInputError("history", problem, "Assume something: see --touch.")
        pieces, visits = read_presence(log), visits.without_starts()
    weeks = learn_weeks(pieces, log.teams, policy.timezone, (log.begin, log.end))
    first = int(visits.ready_at.min())
    team_hours = lay_team_hours(weeks, policy, log.teams, begin=first, end=log.recorded_until)
    effort = VisitEffort.of(log, visits, team_hours)
    last = effort.take(np.flatnonzero(is_last(effort.exception)))
    # Closed without work on its last visit: it resolved itself, or was no exception at all.
    self_resolved = (last.resolved_at != NEVER) & (last.touch_ms == 0)
    effort = impute_visits(log, effort, self_resolved | (last.resolved_at == NEVER), random)
    team_hours = lay_team_hours(
        weeks, policy, log.teams, begin=log.begin, end=staffing_end(log.end)
    )
    return _select_period(
        log,
        effort,
        resolved_at=last.resolved_at,
        self_resolved=self_resolved,
        team_hours=team_hours,
    )


def _select_period(
    log: HandlingLog,
    effort: VisitEffort,
    *,
    resolved_at: np.ndarray,
    self_resolved: np.ndarray,
    team_hours: tuple[TeamHours, ...],
) -> Workload:
    """Leave out visits that were over when the period began, and forgotten exceptions."""
    over_at = np.minimum(effort.ended_at, effort.resolved_at)
    in_period = over_at > log.begin
    in_period &= ~_forgotten(log, effort, resolved_at)[effort.exception]
    rows = effort.take(np.flatnonzero(in_period))
    exceptions, visit_of = np.unique(rows.exception, return_inverse=True)
    first = np.append(True, np.diff(visit_of) > 0)
    under_way = rows.started_at < log.begin
    ready_at = np.where(under_way, log.begin, rows.ready_at)
    has_start = rows.started_at != NEVER
    return Workload(
        ids=log.ids[exceptions],
        detected_at=log.facts["detected_at"][exceptions],
        visit_of=visit_of,
        team=rows.team,
        ready_at=np.where(first, ready_at, 0),
        delay_ms=np.where(first, 0, rows.delay_ms),
        touch_ms=np.maximum(rows.remaining_ms, 1),
        may_self_resolve=rows.may_self_resolve & ~under_way,
        started_at=np.where(has_start, np.maximum(rows.started_at, log.begin), NEVER),
        ended_at=rows.ended_at,
        resolved_at=resolved_at[exceptions],
        self_resolved=self_resolved[exceptions],
        teams=log.teams,
        team_hours=team_hours,
    )


def _forgotten(log: HandlingLog, effort: VisitEffort, resolved_at: np.ndarray) -> np.ndarray:
    """Mark open exceptions without an event for months: they were in no queue any more."""
    last_event = log.facts["detected_at"].copy()
    np.maximum.at(last_event, effort.exception, effort.ready_at)
    np.maximum.at(
        last_event, effort.exception, np.where(effort.started_at == NEVER, 0, effort.started_at)
    )
    silent = last_event < log.begin - FORGOTTEN_DAYS * MS_PER_DAY
    return silent & (resolved_at == NEVER)
