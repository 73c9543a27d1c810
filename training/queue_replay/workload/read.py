"""The work of a period, as a replay plays it: what came in, what it took, who was there.

Touch time is the time worked between starts and ends, never opened to closed, which holds the old
queue. What nobody has touched takes as long as its like did (`queue_likeness.py`).
"""

import numpy as np

from data.domain import BadInputError
from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import MS_PER_DAY, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.workload.effort import VisitEffort, is_last
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.hot_deck import completed
from training.queue_replay.workload.slots import TouchAssumption, assumed
from training.queue_replay.workload.staffing import crews_of, laid_until, learned_weeks
from training.queue_replay.workload.visits import presence, starts_are_work, visits_of
from training.queue_replay.workload.workload import Workload

FORGOTTEN_DAYS = 90


def read_work(
    record: HandlingLog,
    policy: PolicyShifts,
    random: np.random.Generator,
    assumption: TouchAssumption = TouchAssumption.RECORDED,
) -> Workload:
    """Return the exceptions of the period, and those open when it begins with what is left.

    Args:
        record: What the history holds.
        policy: The company's shifts; those of teams that it does not name are learned.
        random: Draws stand-ins for what nobody has touched.
        assumption: What is taken for touch time.

    Raises:
        BadInputError: The history does not tell how long work took, and nothing is assumed.
    """
    visits = visits_of(record)
    if assumption is not TouchAssumption.RECORDED:
        worked, crews = assumed(record, visits, assumption, policy)
        ends = np.full(record.n, NEVER)
        ends[worked.exception] = worked.ended_at
        return _of_period(record, worked, (ends, np.zeros(record.n, bool)), crews)
    seen = visits.pieces
    if not starts_are_work(seen):
        if not np.isfinite(record.facts["touch_minutes"]).any():
            problem = "neither starts and ends nor touch times tell how long work took"
            raise BadInputError("history", problem, "Assume something: see --touch.")
        seen, visits = presence(record), visits.without_starts()
    weeks = learned_weeks(seen, record.teams, policy.timezone, (record.begin, record.end))
    crews = crews_of(weeks, policy, record.teams, int(visits.ready_at.min()), record.seen_until)
    worked = VisitEffort.of(record, visits, crews)
    last = worked.take(np.flatnonzero(is_last(worked.exception)))
    # Nobody had touched it when it was closed: it healed, or was found to be none.
    healed = (last.resolved_at != NEVER) & (last.touch_ms == 0)
    worked = completed(record, worked, healed | (last.resolved_at == NEVER), random)
    crews = crews_of(weeks, policy, record.teams, record.begin, laid_until(record.end))
    return _of_period(record, worked, (last.resolved_at, healed), crews)


def _of_period(
    record: HandlingLog,
    worked: VisitEffort,
    ends: tuple[np.ndarray, np.ndarray],
    crews: tuple[TeamHours, ...],
) -> Workload:
    """Leave out what was over when the period began, and what nobody remembers."""
    resolved_at, healed = ends
    over_at = np.minimum(worked.ended_at, worked.resolved_at)
    left = over_at > record.begin
    left &= ~_forgotten(record, worked, resolved_at)[worked.exception]
    rows = worked.take(np.flatnonzero(left))
    kept, visit_of = np.unique(rows.exception, return_inverse=True)
    first = np.append(True, np.diff(visit_of) > 0)
    under_way = rows.started_at < record.begin
    ready_at = np.where(under_way, record.begin, rows.ready_at)
    known = rows.started_at != NEVER
    return Workload(
        ids=record.ids[kept],
        detected_at=record.facts["detected_at"][kept],
        visit_of=visit_of,
        team=rows.team,
        ready_at=np.where(first, ready_at, 0),
        delay_ms=np.where(first, 0, rows.delay_ms),
        touch_ms=np.maximum(rows.left_ms, 1),
        may_heal=rows.may_heal,
        started_at=np.where(known, np.maximum(rows.started_at, record.begin), NEVER),
        ended_at=rows.ended_at,
        resolved_at=resolved_at[kept],
        healed=healed[kept],
        teams=record.teams,
        crews=crews,
    )


def _forgotten(record: HandlingLog, worked: VisitEffort, resolved_at: np.ndarray) -> np.ndarray:
    """Say what was open, but had not been heard of for months: nobody was waiting to do it."""
    heard = record.facts["detected_at"].copy()
    np.maximum.at(heard, worked.exception, worked.ready_at)
    np.maximum.at(
        heard, worked.exception, np.where(worked.started_at == NEVER, 0, worked.started_at)
    )
    silent = heard < record.begin - FORGOTTEN_DAYS * MS_PER_DAY
    return silent & (resolved_at == NEVER)
