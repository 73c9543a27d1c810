"""Draws of what no company records whole: when losses would have come, what healed, what it cost.

What was recorded is in every draw as recorded. The rest is drawn given all that was: a loss that
had not come when the exception was resolved comes later or never. Each draw fits on its own sample
of the record, so that the spread between draws holds what can't be known (multiple imputation).

A replay looks back, so the worlds may know all; what the rules go by they have to know themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.policy.policy import LossTerms
from data.ticks import MS_PER_HOUR, NEVER
from models.triage.breach_label import BreachByLateness, ClosedExceptions
from training.queue_replay.scenarios.kaplan_meier import OTHERS, CensoredTimes, SurvivalCurves
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.loss_model import LossRecords, kinds
from training.queue_replay.workload.visits import starts_are_work, visits_of, waits_of
from training.queue_replay.workload.workload import Scenario, Workload

MAX_ROWS_FITTED = 200_000
HALF = 0.5


def draw_worlds(
    record: HandlingLog,
    work: Workload,
    policy: LossTerms,
    random: np.random.Generator,
    draws: int = 5,
) -> list[Scenario]:
    """Draw worlds for the work of a record.

    Args:
        record: What the history holds.
        work: What was read of it.
        policy: Says what a loss costs where too few were recorded.
        random: Draws.
        draws: How many worlds; 1 or more.
    """
    rows = pd.Index(record.ids).get_indexer(pd.Index(work.ids))
    told = _LossFacts(LossRecords(record, policy), _loss_clock(record), _healing(record))
    return [_drawn(record, told, rows, random) for _ in range(draws)]


@dataclass(frozen=True)
class _LossFacts:
    """Recorded facts of losses and of self-resolution."""

    money: LossRecords
    losses: "_LossClock"
    healing: CensoredTimes


def _drawn(
    record: HandlingLog, told: _LossFacts, rows: np.ndarray, random: np.random.Generator
) -> Scenario:
    return Scenario(
        lost_at=_lost_at(record, told.losses, rows, random),
        loss=told.money.drawn(rows, random),
        heals_at=_heals_at(record, told.healing, rows, random),
    )


def _lost_at(
    record: HandlingLog, clock: "_LossClock", rows: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw when the losses happen, after the recorded resolution where none had happened."""
    facts, lost_at = record.facts, np.empty(len(rows), np.int64)
    for has_due, seen in clock.seen.items():
        part = np.flatnonzero((clock.due[rows] != NEVER) == has_due)
        if len(part):
            lost_at[part] = _lost_by(facts, clock, clock.curves(seen, random), (rows[part], random))
    return lost_at


def _lost_by(
    facts: dict[str, np.ndarray],
    clock: "_LossClock",
    curves: SurvivalCurves,
    drawing: tuple[np.ndarray, np.random.Generator],
) -> np.ndarray:
    """Draw from curves for some exceptions."""
    rows, random = drawing
    lost, group = facts["breached"][rows] == 1, clock.group[rows]
    told_at, resolved_at = facts["breached_at"][rows], facts["resolved_at"][rows]
    # Of what nobody has judged yet nothing is known, however long it has been open.
    judged = np.isfinite(facts["breached"][rows]) & (resolved_at != NEVER)
    at = clock.of(np.where(judged, resolved_at, clock.start[rows]), rows)
    later, earlier = curves.after(group, at, random), curves.before(group, at, random)
    drawn = clock.moment(np.where(lost & judged, earlier, later), rows)
    return np.where(lost & (told_at != NEVER), told_at, drawn)


def _heals_at(
    record: HandlingLog, healing: CensoredTimes, rows: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw when exceptions go away by themselves, after they were last seen waiting."""
    if not healing.happened.any():
        return np.full(len(rows), NEVER)
    curves = SurvivalCurves.product_limit(
        healing.take(_sample(len(healing.clock), random)), borrows=False
    )
    mine = healing.take(rows)
    hours = np.where(mine.happened, mine.clock, curves.after(mine.group, mine.clock, random))
    finite = np.isfinite(hours)
    ticks = (np.where(finite, hours, 0) * MS_PER_HOUR).round().astype(np.int64)
    return np.where(finite, record.facts["detected_at"][rows] + ticks, NEVER)


def _healing(record: HandlingLog) -> CensoredTimes:
    """Read how long exceptions waited, by type: their category is often not known if they heal."""
    visits = visits_of(record)
    if starts_are_work(visits.pieces):
        healed, until = waits_of(record, visits)
    else:
        healed, until = record.facts["healed"], record.facts["resolved_at"]
        until = np.where(until == NEVER, record.seen_until, until)
    hours = (until - record.facts["detected_at"]) / MS_PER_HOUR
    group, _ = pd.factorize(record.facts["type"])
    return CensoredTimes(group, np.maximum(hours, 0), healed)


def _sample(n: int, random: np.random.Generator) -> np.ndarray:
    return random.integers(0, n, min(n, MAX_ROWS_FITTED))


@dataclass(frozen=True)
class _LossClock:
    """Time to the loss on a clock that counts from the due date where one is known.

    Attributes:
        group: n codes.
        start: n ticks of detection.
        due: n ticks, `NEVER` for none.
        seen: The cases of which something is known, without and with a due date.
        timed: When losses came is recorded; else only whether they had come by the resolution.
    """

    group: np.ndarray
    start: np.ndarray
    due: np.ndarray
    seen: Mapping[bool, CensoredTimes]
    timed: bool

    def of(self, ticks: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Read moments on the clock.

        With a due date it goes from 0 to 1 until then, and on by 1 an hour; without one it counts
        hours since detection.
        """
        start, due = self.start[rows].astype(float), self.due[rows]
        hours = (ticks - start) / MS_PER_HOUR
        ahead = np.where(due == NEVER, np.inf, np.maximum(due - start, 0))
        late = 1 + hours - ahead / MS_PER_HOUR
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (ticks - start) / ahead
        return np.where(due == NEVER, hours, np.where(ticks - start < ahead, share, late))

    def moment(self, clock: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the ticks at which the clock shows a time; `NEVER` for infinite ones."""
        start, due = self.start[rows], self.due[rows]
        ahead = np.where(due == NEVER, 0, np.maximum(due - start, 0)).astype(float)
        late = ahead + (clock - 1) * MS_PER_HOUR
        with np.errstate(invalid="ignore"):
            within = np.where(clock < 1, clock * ahead, late)
        since = np.where(due == NEVER, clock * MS_PER_HOUR, within)
        known = np.isfinite(since)
        return np.where(known, start + np.where(known, since, 0).astype(np.int64), NEVER)

    def curves(self, seen: CensoredTimes, random: np.random.Generator) -> SurvivalCurves:
        """Fit the chance of a loss by the clock, on a draw of the cases."""
        seen = seen.take(_sample(len(seen.clock), random))
        if self.timed or not len(seen.clock):
            return SurvivalCurves.product_limit(seen, borrows=True)
        ended = ClosedExceptions(seen.group.astype(str), seen.clock, seen.happened)
        clock = BreachByLateness.fit(ended, lag_hours=0.0)
        return SurvivalCurves({int(name or OTHERS): knots for name, knots in clock.curves.items()})


def _loss_clock(record: HandlingLog) -> _LossClock:
    """Read what is known of losses: when they came, or else whether they had when it ended."""
    facts = record.facts
    has_due = facts["due_at"] != NEVER
    lost = facts["breached"] == 1
    timed = bool((facts["breached_at"][lost] != NEVER).mean() > HALF) if lost.any() else True
    group, _ = kinds(facts) if timed else _by_month(record)
    known = np.isfinite(facts["breached"]) & (facts["resolved_at"] != NEVER)
    known &= ~(lost & timed) | (facts["breached_at"] != NEVER)
    until = np.where(lost & timed, facts["breached_at"], facts["resolved_at"])
    clock = _LossClock(group, facts["detected_at"], facts["due_at"], {}, timed)
    cases = {way: np.flatnonzero(known & (has_due == way)) for way in (False, True)}
    seen = {
        way: CensoredTimes(group[rows], clock.of(until[rows], rows), lost[rows])
        for way, rows in cases.items()
    }
    return replace(clock, seen=seen)


def _by_month(record: HandlingLog) -> tuple[np.ndarray, pd.Index]:
    """Group by severity and month of detection: a promise may go by another clock each month."""
    month = pd.to_datetime(record.facts["detected_at"], unit="ms").to_period("M").asi8
    severity, _ = pd.factorize(record.facts["severity"])
    return pd.factorize(month * (severity.max() + 1) + severity)
