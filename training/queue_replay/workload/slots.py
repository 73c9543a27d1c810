"""Work whose touch time nobody recorded: the recorded resolutions as slots, in another order.

A history that tells only when a team resolved something still tells how much it got done, and when.
Each resolution is taken for a slot of its team, just long enough for the work in it; another order
of work fills the same slots with other exceptions. Nothing is said of what the team could have done
besides, and the recorded order is reproduced by construction: that it is proves nothing here. What
the answer rests on is the assumption about touch times, so a replay shows it under several.
"""

from enum import StrEnum

import numpy as np

from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.workload.effort import VisitEffort, is_last
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.loss_model import kinds
from training.queue_replay.workload.staffing import crews_of, laid_until, learned_weeks
from training.queue_replay.workload.visits import PAUSED, TeamVisits, presence

UNIT_MS = 8
"""Slot of ordinary work: so short that the slots of one minute do not reach into the next."""
MIN_EFFORT, MAX_EFFORT = 0.25, 4.0
ASSUMED_LOAD = 0.9


class TouchAssumption(StrEnum):
    """Assumption about touch time.

    `RECORDED` takes what is recorded. The others are for histories that do not record it. `EQUAL`
    takes all work of a team to be alike. `BY_KIND` takes it to be in proportion to the usual time
    from raised to resolved of its category or type, from a quarter of the ordinary to four times.
    `HELD` is `EQUAL`, but what was ever paused can't be done before its last pause was over: people
    may have waited for somebody outside. `PEOPLE` takes people to work, at nine tenths of their
    time, in the hours in which they were seen, all work of a team alike.
    """

    RECORDED = "recorded"
    EQUAL = "equal"
    BY_KIND = "by-kind"
    HELD = "held"
    PEOPLE = "people"


def assumed(
    record: HandlingLog, visits: TeamVisits, assumption: TouchAssumption, policy: PolicyShifts
) -> tuple[VisitEffort, tuple[TeamHours, ...]]:
    """Return one visit for each exception, to the team that resolved it, and all teams' hours.

    What was never resolved is left out: there is no slot for it.
    """
    last = np.flatnonzero(is_last(visits.exception))
    last = last[visits.resolved_at[last] != NEVER]
    exception, team, ended_at = (
        c[last] for c in (visits.exception, visits.team, visits.resolved_at)
    )
    ready_at = visits.ready_at[last]
    if assumption is TouchAssumption.HELD:
        ready_at = np.maximum(ready_at, _back_at(record)[exception])
    if assumption is TouchAssumption.PEOPLE:
        crews = _as_seen(record, policy)
        touch_ms = _share_of_time(crews, team, ended_at)
        started_at = ended_at - touch_ms
    else:
        effort = np.ones(len(last))
        if assumption is TouchAssumption.BY_KIND:
            effort = _effort(record)[exception]
        touch_ms = np.round(effort * UNIT_MS).astype(np.int64)
        open_at_begin = ended_at > record.begin
        crews, started_at = _slots(team, ended_at, touch_ms, open_at_begin, len(record.teams))
        ended_at = started_at + touch_ms
    never = np.zeros(len(last), bool)
    worked = VisitEffort(
        exception, team, np.minimum(ready_at, started_at), np.zeros(len(last), np.int64),
        touch_ms, touch_ms, started_at, ended_at, ended_at, may_heal=~never,
    )  # fmt: skip
    return worked, crews


def _slots(
    team: np.ndarray, ended_at: np.ndarray, touch_ms: np.ndarray, wanted: np.ndarray, teams: int
) -> tuple[tuple[TeamHours, ...], np.ndarray]:
    """Return the slots of each team as shifts, and when the slot of each exception begins.

    Slots that would overlap are pushed back, one after the other, as in a queue.
    """
    crews, started_at = [], ended_at - touch_ms
    for code in range(teams):
        mine = np.flatnonzero(team == code)
        mine = mine[np.argsort(ended_at[mine], kind="stable")]
        work = np.cumsum(touch_ms[mine])
        closes = work + np.maximum.accumulate(ended_at[mine] - work)
        started_at[mine] = closes - touch_ms[mine]
        kept = wanted[mine]
        opens, closes = started_at[mine][kept], closes[kept]
        crews.append(TeamHours(opens, closes, np.ones(len(opens), np.int64)))
    return tuple(crews), started_at


def _effort(record: HandlingLog) -> np.ndarray:
    """Return the relative effort of n exceptions, by the median time to resolve of their kind."""
    facts, (kind, _) = record.facts, kinds(record.facts)
    solved = facts["resolved_at"] != NEVER
    hours = np.where(solved, facts["resolved_at"] - facts["detected_at"], 0).astype(float)
    usual = max(float(np.median(hours[solved])), 1.0) if solved.any() else 1.0
    effort = np.ones(record.n)
    for word in np.unique(kind[solved]):
        mine = kind == word
        effort[mine] = np.median(hours[mine & solved]) / usual
    return np.clip(effort, MIN_EFFORT, MAX_EFFORT)


def _back_at(record: HandlingLog) -> np.ndarray:
    """Return when the last pause of n exceptions was over; 0 for those never paused."""
    steps, back_at = record.steps, np.zeros(record.n, np.int64)
    paused = np.flatnonzero(steps.event[:-1] == PAUSED)
    paused = paused[steps.exception[paused] == steps.exception[paused + 1]]
    back_at[steps.exception[paused]] = steps.at[paused + 1]  # the last of them stays
    return back_at


def _as_seen(record: HandlingLog, policy: PolicyShifts) -> tuple[TeamHours, ...]:
    weeks = learned_weeks(
        presence(record), record.teams, policy.timezone, (record.begin, record.end)
    )
    return crews_of(weeks, policy, record.teams, record.begin, laid_until(record.end))


def _share_of_time(
    crews: tuple[TeamHours, ...], team: np.ndarray, ended_at: np.ndarray
) -> np.ndarray:
    """Return the touch time that fills nine tenths of a team's time with what it resolved."""
    touch_ms = np.ones(len(team), np.int64)
    for code in np.unique(team):
        crew, mine = crews[code], team == code
        if not len(crew.opens_at):
            continue
        there = (ended_at[mine] >= crew.opens_at[0]) & (ended_at[mine] <= crew.closes_at[-1])
        hours_ms = ((crew.closes_at - crew.opens_at) * crew.people).sum()
        touch_ms[mine] = max(ASSUMED_LOAD * hours_ms / max(there.sum(), 1), 1)
    return touch_ms
