"""Inputs of the ranking rule: open exceptions, on the wall clock and in working hours. Pure."""

from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import numpy as np

from data.ticks import MINUTES_PER_HOUR
from models.breach.late_loss import hours_until_lost
from models.loss_curve import ages_of

MIN_SIGMA = 0.05
NORMAL_P90 = 1.2815515655446004
TOUCH_POINTS = np.array([-NORMAL_P90, -0.5244005, 0.0, 0.5244005, NORMAL_P90])
"""Standard normal quantiles of 10, 30, 50, 70 and 90 %: five equally likely touch times."""


@dataclass(frozen=True)
class WorkHours:
    """Moments in hours in which the team of each of n items works, from now; negative once passed.

    Attributes:
        to_due: To the known deadline; NaN where none is known.
        to_ages: (n, 11) to the ages at which curves are given, rising; not read where `to_due` is
            known.
        late_hours: Mean time from a missed deadline until the order is lost; above 0.
    """

    to_due: np.ndarray
    to_ages: np.ndarray
    late_hours: np.ndarray

    def take(self, rows: np.ndarray) -> Self:
        """Return those of some of the items."""
        return type(self)(self.to_due[rows], self.to_ages[rows], self.late_hours[rows])


@dataclass(frozen=True)
class RankingInputs:
    """Open exceptions as the rule sees them; arrays of length n.

    Attributes:
        ids: Texts; the last tie-break.
        age_hours: Since detected; 0 or more.
        hours_to_due: To the known deadline, negative once passed; NaN where none is known.
        loss: Preventable money, 0 or more.
        curve: (n, 11) chance, 0 to 1 and not falling, that an exception left open is lost by each
            of the ages; read where no deadline is known.
        curve_scale: Factors of `CURVE_AGES_HOURS` that give the ages of the curve.
        late_share: Share, 0 to 1, that is lost at a missed deadline.
        late_hours: Mean hours after it until the rest is lost; above 0.
        touch_p50_minutes: Median touch time; above 0.
        touch_p90_minutes: 90 % quantile of the touch time; at least the median.
        waiting_cost_per_hour: Money for an hour that it stays open, whatever comes of it.
        lost: The loss is recorded as having happened.
        always_first: Law or safety puts it first.
        work: The same moments in working hours; None where people work round the clock.
    """

    ids: np.ndarray
    age_hours: np.ndarray
    hours_to_due: np.ndarray
    loss: np.ndarray
    curve: np.ndarray
    curve_scale: np.ndarray
    late_share: np.ndarray
    late_hours: np.ndarray
    touch_p50_minutes: np.ndarray
    touch_p90_minutes: np.ndarray
    waiting_cost_per_hour: np.ndarray
    lost: np.ndarray
    always_first: np.ndarray
    work: WorkHours | None = None

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the items."""
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "work"}
        return type(self)(**columns, work=self.work and self.work.take(rows))

    def in_work_hours(self) -> WorkHours:
        """Return the moments in the hours that the rule counts in."""
        if self.work:
            return self.work
        to_ages = ages_of(self.curve_scale) - self.age_hours[:, None]
        return WorkHours(self.hours_to_due, to_ages, self.late_hours)

    @property
    def is_lost(self) -> np.ndarray:
        """Flags of what can't be saved: recorded as lost, or so late that next to all are."""
        return self.lost | (
            self.hours_to_due <= -hours_until_lost(self.late_share, self.late_hours)
        )


class TouchSpread(NamedTuple):
    """Log-normal touch times: median in hours, and sigma of the logarithm."""

    median_hours: np.ndarray
    sigma: np.ndarray

    @classmethod
    def of(cls, items: RankingInputs) -> Self:
        """Return that of some items."""
        return cls(*touch_spread(items.touch_p50_minutes, items.touch_p90_minutes))

    @property
    def mean_hours(self) -> np.ndarray:
        """Expected touch times."""
        return self.median_hours * np.exp(self.sigma**2 / 2)

    @property
    def points(self) -> np.ndarray:
        """(n, 5) equally likely touch times, hours."""
        return self.median_hours[:, None] * np.exp(self.sigma[:, None] * TOUCH_POINTS)


def touch_spread(p50_minutes: np.ndarray, p90_minutes: np.ndarray) -> TouchSpread:
    """Return the median touch time in hours, and its log-normal spread."""
    sigma = np.log(p90_minutes / p50_minutes) / NORMAL_P90
    return TouchSpread(p50_minutes / MINUTES_PER_HOUR, np.maximum(sigma, MIN_SIGMA))


class Timing(NamedTuple):
    """Hours of n items: when something happens to them, and how long work on them takes."""

    work: WorkHours
    touch: TouchSpread

    @classmethod
    def of(cls, items: RankingInputs) -> Self:
        """Return that of some items."""
        return cls(items.in_work_hours(), TouchSpread.of(items))
