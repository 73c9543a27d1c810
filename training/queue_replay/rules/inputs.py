"""Inputs of the queueing rules: workload, priced predictions, settings and one scenario."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.policy.policy import Policy
from data.ticks import MISSING_TICK, MS_PER_HOUR, NEVER
from models.breach.late_loss import hours_until_lost
from models.ranking.pricing import price
from models.triage.labels import CATEGORY
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.workload.workload import Scenario, Workload
from training.triage.rolling.predictions import WindowPredictions

PRIORITIES = {"critical": 0, "p1": 0, "high": 1, "p2": 1, "medium": 2, "p3": 2, "low": 3, "p4": 3}
"""Severities by the names that sources use; the numbers 1 to 4 are read too."""


@dataclass(frozen=True)
class PricedPredictions:
    """Predictions of n exceptions as of their detection, priced by the policy.

    Attributes:
        due_at: Ticks of known deadlines, `MISSING_TICK` where there is none.
        priority: Set by people or systems: whole numbers, the lowest first.
        p_breach: Chance of a breach under the usual handling.
        loss: Preventable money, over the posterior of the categories.
        loss_of_likeliest: The same for the predicted category alone.
        curve: (n, 11) chance that one left open is lost by each of the ages.
        curve_scale: Factors of `CURVE_AGES_HOURS` that give the ages of the curve.
        late_share: Share that is lost at a missed deadline.
        late_hours: Mean hours after it until the rest is lost.
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
    curve_scale: np.ndarray
    late_share: np.ndarray
    late_hours: np.ndarray
    touch_p50_minutes: np.ndarray
    touch_p90_minutes: np.ndarray
    waiting_cost_per_hour: np.ndarray


@dataclass(frozen=True)
class RuleSettings:
    """Parameters of the rules.

    Attributes:
        look_ahead_hours: Of Expedite's rule.
        atc_hours: Look-ahead of ATC: its k times the mean touch time.
        deadline_hours: Age at which one without a deadline is taken to be due.
        oldest_hours: Age from which Expedite's rule puts an exception first that is not lost.
    """

    look_ahead_hours: float
    atc_hours: float
    deadline_hours: float
    oldest_hours: float = 336.0


@dataclass(frozen=True)
class RuleInputs:
    """Everything that a rule may read; the scenario is for rules with perfect information alone."""

    workload: Workload
    scenario: Scenario
    predictions: PricedPredictions
    settings: RuleSettings

    @property
    def due_at(self) -> np.ndarray:
        """Deadlines, assumed where none is known; n ticks."""
        due_at, hours = self.predictions.due_at, self.settings.deadline_hours
        assumed = self.workload.detected_at + int(hours * MS_PER_HOUR)
        return np.where(due_at == MISSING_TICK, assumed, due_at)

    @property
    def lost_from(self) -> np.ndarray:
        """Moments from which exceptions with a deadline count as lost; n ticks, else `NEVER`."""
        predictions, due_at = self.predictions, self.predictions.due_at
        late = hours_until_lost(predictions.late_share, predictions.late_hours) * MS_PER_HOUR
        return np.where(due_at == MISSING_TICK, NEVER, due_at + late.astype(np.int64))

    @property
    def open_shares(self) -> np.ndarray:
        """Share of all time in which the team of a visit works; m shares."""
        calendars = map(extend_last_week, self.workload.team_hours)
        shares = np.array([calendar.open_share for calendar in calendars])
        return shares[self.workload.team]

    @property
    def old_at(self) -> np.ndarray:
        """Moments from which age puts an exception first in Expedite's rule; n ticks."""
        return self.workload.detected_at + int(self.settings.oldest_hours * MS_PER_HOUR)

    def hours_of_team(self, moments: np.ndarray, visits: np.ndarray | None = None) -> np.ndarray:
        """Return the working hours of visits' teams before moments of their exceptions.

        Args:
            moments: (n,) or (n, k) ticks.
            visits: Positions of the visits; all of them if None.
        """
        team, exception = self.workload.team, self.workload.visit_of
        if visits is not None:
            team, exception = team[visits], exception[visits]
        at = moments[exception]
        hours = np.empty(at.shape)
        for code, calendar in enumerate(self.workload.team_hours):
            rows = team == code
            hours[rows] = extend_last_week(calendar).open_ticks(at[rows]) / MS_PER_HOUR
        return hours


def price_predictions(
    ids: np.ndarray, windows: Sequence[WindowPredictions], policy: Policy
) -> PricedPredictions:
    """Price the predictions of some exceptions, in their order; each is in one of the windows."""
    parts = [price_window(window, policy) for window in windows]
    predicted = pd.Index(np.concatenate([window.ids for window in windows]))
    row = predicted.get_indexer(pd.Index(ids))
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])[row]
        for name in vars(parts[0])
    }
    return PricedPredictions(**columns)


def price_window(window: WindowPredictions, policy: Policy) -> PricedPredictions:
    """Price by the policy the predictions that have skill."""
    predictions = window.with_skill
    priced = price(window.ids, window.columns, predictions, policy)
    likeliest = priced.loss
    if (category := predictions.classes.get(CATEGORY.name)) is not None:
        certain = category._replace(probability=np.eye(len(category.names))[category.best])
        named = replace(predictions, classes={CATEGORY.name: certain})
        likeliest = price(window.ids, window.columns, named, policy).loss
    p_breach = window.predictions.p_breach
    return PricedPredictions(
        due_at=priced.due_at,
        priority=priorities_of(window.columns["severity"]),
        p_breach=np.ones(len(window.ids)) if p_breach is None else p_breach,
        loss=priced.loss,
        loss_of_likeliest=likeliest,
        curve=priced.curve,
        curve_scale=priced.curve_scale,
        late_share=priced.late_share,
        late_hours=priced.late_hours,
        touch_p50_minutes=priced.touch_p50_minutes,
        touch_p90_minutes=priced.touch_p90_minutes,
        waiting_cost_per_hour=priced.waiting_cost_per_hour,
    )


def priorities_of(severity: np.ndarray) -> np.ndarray:
    """Read severities as whole numbers, the most urgent first; unknown ones are in the middle."""
    priorities = PRIORITIES | {str(number + 1): number for number in range(4)}
    middle = priorities["medium"]
    return np.array([priorities.get(str(name).lower(), middle) for name in severity])
