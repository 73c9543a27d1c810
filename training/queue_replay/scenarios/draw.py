"""Draws of the unrecorded facts: the time of each loss, its amount, the time of self-resolution.

Recorded facts are in every draw as recorded. The rest is drawn given the record: a loss that had
not happened when the exception was resolved happens later or never. Each draw is fitted on its own
sample of the record, so that the spread between draws holds the error of the fit (multiple
imputation).

A replay looks back, so a scenario may use the whole record; the inputs of the rules may not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.policy.policy import LossTerms
from data.ticks import MS_PER_HOUR, NEVER
from models.breach.breach_label import BreachByLateness, ClosedExceptions
from models.breach.late_loss import MAX_LOST_SHARE, LateLoss
from training.queue_replay.scenarios.kaplan_meier import (
    OVERALL,
    CensoredTimes,
    Knots,
    SurvivalCurves,
)
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.loss_model import LossRecords, kinds_of
from training.queue_replay.workload.visits import read_visits, read_waits, starts_are_work
from training.queue_replay.workload.workload import Scenario, Workload

MAX_ROWS_FITTED = 200_000
HALF = 0.5


def draw_scenarios(
    log: HandlingLog,
    workload: Workload,
    policy: LossTerms,
    random: np.random.Generator,
    draws: int = 5,
) -> list[Scenario]:
    """Draw scenarios for a workload.

    Args:
        log: Record of the exceptions.
        workload: Read from that log.
        policy: Prices of losses, for where too few were recorded.
        random: Draws.
        draws: Number of scenarios; 1 or more.
    """
    rows = pd.Index(log.ids).get_indexer(pd.Index(workload.ids))
    recorded = _LossFacts(
        LossRecords(log, policy),
        _read_loss_clock(log),
        _read_self_resolution(log),
        LateLoss(policy.late_share, policy.late_hours) if _tells_lateness_alone(log) else None,
    )
    return [_draw_scenario(log, recorded, rows, random) for _ in range(draws)]


@dataclass(frozen=True)
class _LossFacts:
    """Recorded facts of losses and of self-resolution.

    Attributes:
        money: Amounts of losses.
        losses: Times of losses.
        self_resolution: Waits until exceptions resolved themselves.
        late: What follows a missed deadline by the policy, where breaches are recorded by the
            deadline alone; else None.
    """

    money: LossRecords
    losses: "_LossClock"
    self_resolution: CensoredTimes
    late: LateLoss | None


def _draw_scenario(
    log: HandlingLog, recorded: _LossFacts, rows: np.ndarray, random: np.random.Generator
) -> Scenario:
    lost_at = _draw_lost_at(log, recorded.losses, rows, random)
    if recorded.late:
        lost_at = _draw_after_deadline(recorded.losses.due[rows], recorded.late, lost_at, random)
    return Scenario(
        lost_at=lost_at,
        loss=recorded.money.draw(rows, random),
        self_resolves_at=_draw_self_resolves_at(log, recorded.self_resolution, rows, random),
    )


def _draw_lost_at(
    log: HandlingLog, clock: "_LossClock", rows: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw the ticks of the losses, after the recorded resolution where none had happened."""
    facts, lost_at = log.facts, np.empty(len(rows), np.int64)
    for has_due, cases in clock.cases.items():
        part = np.flatnonzero((clock.due[rows] != NEVER) == has_due)
        if len(part):
            curves = clock.curves(cases, random)
            lost_at[part] = _draw_from_curves(facts, clock, curves, rows=rows[part], random=random)
    return lost_at


def _draw_after_deadline(
    due: np.ndarray, late: LateLoss, lost_at: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw the losses of what has a deadline at it or, for most, some time after it."""
    waits_on = random.random(len(due)) >= late.at_deadline
    hours = np.where(waits_on, random.exponential(late.mean_hours, len(due)), 0.0)
    return np.where(due == NEVER, lost_at, due + (hours * MS_PER_HOUR).astype(np.int64))


def _tells_lateness_alone(log: HandlingLog) -> bool:
    """Return whether breaches are recorded by the deadline, and without a loss of money."""
    facts = log.facts
    ended = np.isfinite(facts["breached"]) & (facts["resolved_at"] != NEVER)
    ended &= facts["due_at"] != NEVER
    breached, late = facts["breached"][ended] == 1, (facts["resolved_at"] > facts["due_at"])[ended]
    if not breached.any() or np.isfinite(facts["loss"][ended][breached]).mean() > HALF:
        return False
    return bool((breached == late).mean() > MAX_LOST_SHARE)


def _draw_from_curves(
    facts: dict[str, np.ndarray],
    clock: "_LossClock",
    curves: SurvivalCurves,
    *,
    rows: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw the ticks of the losses of some exceptions from curves."""
    lost, group = facts["breached"][rows] == 1, clock.group[rows]
    recorded_at, resolved_at = facts["breached_at"][rows], facts["resolved_at"][rows]
    # Open exceptions, and those without a recorded outcome, are censored at their detection.
    concluded = np.isfinite(facts["breached"][rows]) & (resolved_at != NEVER)
    at = clock.read(np.where(concluded, resolved_at, clock.start[rows]), rows)
    later, earlier = curves.draw_after(group, at, random), curves.draw_before(group, at, random)
    drawn = clock.moment(np.where(lost & concluded, earlier, later), rows)
    return np.where(lost & (recorded_at != NEVER), recorded_at, drawn)


def _draw_self_resolves_at(
    log: HandlingLog, cases: CensoredTimes, rows: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw the ticks at which exceptions resolve themselves, after their observed waits."""
    if not cases.happened.any():
        return np.full(len(rows), NEVER)
    curves = SurvivalCurves.product_limit(
        cases.take(_sample(len(cases.clock), random)), borrows=False
    )
    times = cases.take(rows)
    hours = np.where(
        times.happened, times.clock, curves.draw_after(times.group, times.clock, random)
    )
    finite = np.isfinite(hours)
    ticks = (np.where(finite, hours, 0) * MS_PER_HOUR).round().astype(np.int64)
    return np.where(finite, log.facts["detected_at"][rows] + ticks, NEVER)


def _read_self_resolution(log: HandlingLog) -> CensoredTimes:
    """Read the waits by type: self-resolved exceptions often have no category."""
    visits = read_visits(log)
    if starts_are_work(visits.pieces):
        self_resolved, until = read_waits(log, visits)
    else:
        self_resolved, until = log.facts["healed"], log.facts["resolved_at"]
        until = np.where(until == NEVER, log.recorded_until, until)
    hours = (until - log.facts["detected_at"]) / MS_PER_HOUR
    group, _ = pd.factorize(log.facts["type"])
    return CensoredTimes(group, np.maximum(hours, 0), self_resolved)


def _sample(n: int, random: np.random.Generator) -> np.ndarray:
    return random.integers(0, n, min(n, MAX_ROWS_FITTED))


@dataclass(frozen=True)
class _LossClock:
    """Time to the loss on a clock that counts from the due date where one is known.

    Attributes:
        group: n codes.
        start: n ticks of detection.
        due: n ticks, `NEVER` for none.
        cases: Cases with a record, without and with a due date.
        timed: The times of losses are recorded; else only if they had happened by the resolution.
    """

    group: np.ndarray
    start: np.ndarray
    due: np.ndarray
    cases: Mapping[bool, CensoredTimes]
    timed: bool

    def read(self, ticks: np.ndarray, rows: np.ndarray) -> np.ndarray:
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
        finite = np.isfinite(since)
        return np.where(finite, start + np.where(finite, since, 0).astype(np.int64), NEVER)

    def curves(self, cases: CensoredTimes, random: np.random.Generator) -> SurvivalCurves:
        """Fit the chance of a loss by the clock, on a draw of the cases."""
        sampled = cases.take(_sample(len(cases.clock), random))
        if self.timed or not len(sampled.clock):
            return SurvivalCurves.product_limit(sampled, borrows=True)
        ended = ClosedExceptions(sampled.group.astype(str), sampled.clock, sampled.happened)
        clock = BreachByLateness.fit(ended, lag_hours=0.0)
        return SurvivalCurves(
            {int(name or OVERALL): Knots(*knots) for name, knots in clock.curves.items()}
        )


def _read_loss_clock(log: HandlingLog) -> _LossClock:
    """Read the times of losses, or else only whether they had happened by the resolution."""
    facts = log.facts
    has_due = facts["due_at"] != NEVER
    lost = facts["breached"] == 1
    timed = bool((facts["breached_at"][lost] != NEVER).mean() > HALF) if lost.any() else True
    group = kinds_of(facts).code if timed else _by_severity_and_month(log)
    informative = np.isfinite(facts["breached"]) & (facts["resolved_at"] != NEVER)
    informative &= ~(lost & timed) | (facts["breached_at"] != NEVER)
    until = np.where(lost & timed, facts["breached_at"], facts["resolved_at"])
    clock = _LossClock(
        group=group, start=facts["detected_at"], due=facts["due_at"], cases={}, timed=timed
    )
    rows_by_due = {
        dated: np.flatnonzero(informative & (has_due == dated)) for dated in (False, True)
    }
    cases_by_due = {
        dated: CensoredTimes(group[rows], clock.read(until[rows], rows), lost[rows])
        for dated, rows in rows_by_due.items()
    }
    return replace(clock, cases=cases_by_due)


def _by_severity_and_month(log: HandlingLog) -> np.ndarray:
    """Return codes by severity and month of detection: deadlines may change from month to month."""
    month = pd.to_datetime(log.facts["detected_at"], unit="ms").to_period("M").asi8
    severity, _ = pd.factorize(log.facts["severity"])
    group, _ = pd.factorize(month * (severity.max() + 1) + severity)
    return group
