"""The rules that a replay compares: each orders the same visits by what was known of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from data.ticks import (
    MINUTES_PER_HOUR,
    MISSING_TICK,
    MS_PER_HOUR,
    MS_PER_MINUTE,
    MS_PER_WEEK,
    NEVER,
)
from models.loss_curve import CURVE_AGES_HOURS
from models.ranking.pricing import KNOT_GAPS_HOURS
from models.ranking.rule import touch_spread
from models.worktime.shifts import TeamHours
from training.queue_replay.simulator.priority import ARRIVAL, ATC, FIXED, OURS, QueueOrder
from training.queue_replay.workload.workload import Scenario, Workload

FARTHEST_WEEKS = 53


@dataclass(frozen=True)
class PricedPredictions:
    """What was known or predicted of n exceptions when they were detected.

    Attributes:
        due_at: Ticks of known deadlines, `MISSING_TICK` where there is none.
        priority: As people or systems set it: whole numbers, the lowest first.
        p_breach: Chance of harm, handled as such exceptions are.
        loss: Preventable money, over the posterior of the categories.
        loss_of_likeliest: The same for the predicted category alone.
        curve: (n, 11) chance that one left open is lost by each of `CURVE_AGES_HOURS`.
        touch_p50_minutes: Median touch time; above 0.
        touch_p90_minutes: 90 % quantile of it.
        waiting_cost_per_hour: Money an hour.
    """

    due_at: np.ndarray
    priority: np.ndarray
    p_breach: np.ndarray
    loss: np.ndarray
    loss_of_likeliest: np.ndarray
    curve: np.ndarray
    touch_p50_minutes: np.ndarray
    touch_p90_minutes: np.ndarray
    waiting_cost_per_hour: np.ndarray


@dataclass(frozen=True)
class RuleSettings:
    """What rules are tuned by.

    Attributes:
        look_ahead_hours: Of our rule.
        atc_hours: Likewise of ATC: its k times the mean touch time.
        deadline_hours: Age at which one without a deadline is taken to be due.
        oldest_hours: Age from which our rule puts first what is not lost.
    """

    look_ahead_hours: float
    atc_hours: float
    deadline_hours: float
    oldest_hours: float = 336.0


@dataclass(frozen=True)
class RuleInputs:
    """Everything that a rule may ask; `world` is for the oracle alone."""

    work: Workload
    world: Scenario
    opinions: PricedPredictions
    terms: RuleSettings

    @property
    def due_at(self) -> np.ndarray:
        """Deadlines, assumed where none is known."""
        due_at, hours = self.opinions.due_at, self.terms.deadline_hours
        assumed = self.work.detected_at + int(hours * MS_PER_HOUR)
        return np.where(due_at == MISSING_TICK, assumed, due_at)

    @property
    def lost_from(self) -> np.ndarray:
        """When it is known that a deadline has passed."""
        due_at = self.opinions.due_at
        return np.where(due_at == MISSING_TICK, NEVER, due_at)

    @property
    def old_at(self) -> np.ndarray:
        """When each is so old that our rule puts it first."""
        return self.work.detected_at + int(self.terms.oldest_hours * MS_PER_HOUR)

    def hours_of_team(self, moments: np.ndarray, visits: np.ndarray | None = None) -> np.ndarray:
        """Return the working hours of visits' teams before moments of their exceptions.

        Args:
            moments: (n,) or (n, k) ticks.
            visits: Positions of the visits; all of them if None.
        """
        team, number = self.work.team, self.work.visit_of
        if visits is not None:
            team, number = team[visits], number[visits]
        at = moments[number]
        hours = np.empty(at.shape)
        for code, crew in enumerate(self.work.crews):
            theirs = team == code
            hours[theirs] = going_on(crew).open_ticks(at[theirs]) / MS_PER_HOUR
        return hours


def going_on(crew: TeamHours, weeks: int = FARTHEST_WEEKS) -> TeamHours:
    """Return shifts whose last week goes on, as the simulator has it."""
    if not len(crew.opens_at):
        return crew
    tail = np.flatnonzero(crew.opens_at >= crew.closes_at[-1] - MS_PER_WEEK)
    later = np.repeat(np.arange(1, weeks + 1) * MS_PER_WEEK, len(tail))
    again = np.tile(tail, weeks)
    return TeamHours(
        np.concatenate([crew.opens_at, crew.opens_at[again] + later]),
        np.concatenate([crew.closes_at, crew.closes_at[again] + later]),
        np.concatenate([crew.people, crew.people[again]]),
    )


def _order(
    known: RuleInputs, key: np.ndarray, *, kind: int = FIXED, lost_last: bool = False
) -> QueueOrder:
    """Make an order of keys, one for each exception or each visit."""
    n, none = len(known.work.ids), np.zeros(0)
    by_visit = key if len(key) != n or kind == ARRIVAL else key[known.work.visit_of]
    curve = np.zeros((0, len(CURVE_AGES_HOURS)))
    return QueueOrder(
        kind=kind,
        key=by_visit.astype(np.float64),
        lost_from=known.lost_from if lost_last else np.full(n, NEVER),
        look_ahead_hours=0.0,
        old_hours=none,
        due_hours=none,
        ages_hours=curve,
        ages_of=np.zeros(0, np.int64),
        loss=none,
        curve=curve,
        touch_hours=none,
        sigma=none,
        waiting=none,
    )


def _slack(known: RuleInputs) -> np.ndarray:
    touch = known.opinions.touch_p50_minutes / MINUTES_PER_HOUR
    return known.hours_of_team(known.due_at) - touch[known.work.visit_of]


def _atc(known: RuleInputs) -> QueueOrder:
    due_hours = known.hours_of_team(known.due_at)
    moving = _moving(known, known.opinions.loss)
    hours = known.terms.atc_hours
    return moving._replace(kind=ATC, due_hours=due_hours, look_ahead_hours=hours)


def _moving(known: RuleInputs, loss: np.ndarray) -> QueueOrder:
    """Return the order of our own rule, with one or another loss."""
    work, seen = known.work, known.opinions
    median, sigma = touch_spread(seen.touch_p50_minutes, seen.touch_p90_minutes)
    undated = (seen.due_at == MISSING_TICK)[work.visit_of]
    rows = np.flatnonzero(undated)
    ages = work.detected_at[:, None] + (CURVE_AGES_HOURS * MS_PER_HOUR).astype(np.int64)
    return QueueOrder(
        kind=OURS,
        key=(-seen.waiting_cost_per_hour / (median * np.exp(sigma**2 / 2)))[work.visit_of],
        lost_from=known.lost_from,
        look_ahead_hours=known.terms.look_ahead_hours,
        old_hours=known.hours_of_team(known.old_at),
        due_hours=np.where(undated, np.nan, known.hours_of_team(known.due_at)),
        ages_hours=known.hours_of_team(ages, rows) + KNOT_GAPS_HOURS,
        ages_of=np.where(undated, np.cumsum(undated) - 1, 0),
        loss=loss,
        curve=np.ascontiguousarray(seen.curve),
        touch_hours=median,
        sigma=sigma,
        waiting=seen.waiting_cost_per_hour,
    )


def _oracle(known: RuleInputs) -> QueueOrder:
    """Our rule with the true time of loss, the true loss and the true work: an index, no bound."""
    work, world = known.work, known.world
    minutes = np.bincount(work.visit_of, work.touch_ms, len(work.ids)) / MS_PER_MINUTE
    minutes = np.maximum(minutes, 0.01)
    truth = replace(
        known.opinions,
        due_at=np.where(world.lost_at == NEVER, MISSING_TICK, world.lost_at),
        curve=np.zeros_like(known.opinions.curve),
        touch_p50_minutes=minutes,
        touch_p90_minutes=minutes,
    )
    return _moving(replace(known, opinions=truth), world.loss)


def _history(known: RuleInputs) -> QueueOrder:
    return _order(known, known.work.started_at)


Rule = Callable[[RuleInputs], QueueOrder]

RULES: Mapping[str, Rule] = {
    "history": _history,
    "fifo": lambda known: _order(known, known.work.detected_at, kind=ARRIVAL),
    "edd": lambda known: _order(known, known.due_at),
    "least_slack": lambda known: _order(known, _slack(known)),
    "edd_lost_last": lambda known: _order(known, known.due_at, lost_last=True),
    "least_slack_lost_last": lambda known: _order(known, _slack(known), lost_last=True),
    "static_priority": lambda known: _order(known, known.opinions.priority),
    "value": lambda known: _order(known, -known.opinions.loss),
    "risk": lambda known: _order(known, -known.opinions.p_breach),
    "risk_x_value": lambda known: _order(
        known, -known.opinions.p_breach * known.opinions.loss, lost_last=True
    ),
    "value_per_hour": lambda known: _order(
        known, -known.opinions.loss / known.opinions.touch_p50_minutes
    ),
    "atc": _atc,
    "ours": lambda known: _moving(known, known.opinions.loss),
    "ours_predicted_class": lambda known: _moving(known, known.opinions.loss_of_likeliest),
    "oracle": _oracle,
}
"""All of them by name, in the order in which they are shown."""
