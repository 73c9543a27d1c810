"""The chance of a breach by how late an exception ends: isotonic, by group.

A breach is a matter of time: past its deadline an exception is breached, before it is not. Where
the deadline is known the clock counts from it; where it is not, from detection, and the curve shows
where the hidden deadline of each group lies. A breach is often recorded only when a case is closed,
some time after it was resolved: the usual lag is learned, robustly against days on which a backlog
was closed at one go.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from data.domain import Json
from models.loss_curve import scale_of_times

MIN_GROUP_ROWS = 40
_TAIL = 3.0
"""An end later than this multiple of the latest one recorded is taken for a breach."""
_MIN_LATEST_HOURS = 1e-3
_MIN_CHANCE, _MAX_CHANCE = 0.002, 0.998
DEADLINE_GROUP = "due"
"""The group of those whose deadline is known: their clock counts from it."""


class LatenessCurve(NamedTuple):
    """Knots of a curve: hours, and the chance of a breach at each."""

    hours: np.ndarray
    chance: np.ndarray


@dataclass(frozen=True)
class ClosedExceptions:
    """Exceptions whose end is known.

    Attributes:
        group: The group of each, or `DUE`.
        lateness_hours: Hours from detection (or from the deadline) to the end.
        breached: Whether it was breached.
    """

    group: np.ndarray
    lateness_hours: np.ndarray
    breached: np.ndarray


class BreachByLateness:
    """One rising curve for each group of enough cases, and one for all others.

    Args:
        curves: For each group the knots: hours, and the chance of a breach. `""` is for all others.
        lag_hours: Usual time from resolved to closed.
        scale: Of the curves of loss, by the times of the history.
    """

    def __init__(
        self, curves: dict[str, LatenessCurve], lag_hours: float, scale: float = 1.0
    ) -> None:
        self.curves, self.lag_hours, self.scale = curves, lag_hours, scale

    @classmethod
    def fit(cls, ended: ClosedExceptions, lag_hours: float) -> Self:
        """Fit the curves; groups of fewer than 40 cases share one."""
        names, counts = np.unique(ended.group.astype(str), return_counts=True)
        own = [str(n) for n, c in zip(names, counts, strict=True) if c >= MIN_GROUP_ROWS]
        curves = {name: _curve(ended, ended.group == name) for name in own}
        rest = ~np.isin(ended.group.astype(str), own) & (ended.group != DEADLINE_GROUP)
        with_age = ended.group != DEADLINE_GROUP
        others = rest if rest.sum() >= MIN_GROUP_ROWS else with_age
        curves[""] = _curve(ended, others) if others.any() else _curve(ended, others | True)
        timed = with_age if with_age.any() else ~with_age
        return cls(curves, lag_hours, scale_of_times(ended.lateness_hours[timed]))

    def chance(self, group: np.ndarray, hours: np.ndarray, due_hours: np.ndarray) -> np.ndarray:
        """Return the chance of a breach if resolved so late.

        Args:
            group: n groups.
            hours: (n, m) hours from detection to resolution, or m that are the same for all.
            due_hours: n hours from detection to the deadline, NaN where none is known.
        """
        begin = np.zeros(len(group))
        if DEADLINE_GROUP in self.curves:
            has_due = ~np.isnan(due_hours)
            group = np.where(has_due, DEADLINE_GROUP, group)
            begin = np.where(has_due, due_hours, 0.0)
        clock = hours + self.lag_hours - begin[:, None]
        names = set(group.tolist())
        if len(names) == 1:
            return np.interp(clock, *self._curve_of(names.pop()))
        result = np.empty(clock.shape)
        for name in names:
            rows = group == name
            result[rows] = np.interp(clock[rows], *self._curve_of(name))
        return result

    def _curve_of(self, group: str) -> LatenessCurve:
        return self.curves.get(group, self.curves[""])

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        curves = {name: [x.tolist(), y.tolist()] for name, (x, y) in self.curves.items()}
        return {"curves": curves, "lag_hours": self.lag_hours, "scale": self.scale}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """Build from what `to_json` gave."""
        curves = {
            name: LatenessCurve(np.array(hours), np.array(chance))
            for name, (hours, chance) in values["curves"].items()
        }
        return cls(curves, values["lag_hours"], values.get("scale", 1.0))


def _curve(ended: ClosedExceptions, rows: np.ndarray) -> LatenessCurve:
    from sklearn.isotonic import IsotonicRegression  # a service that only predicts never loads it

    recorded = ended.lateness_hours[rows]
    latest = max(float(np.abs(recorded).max(initial=0.0)), _MIN_LATEST_HOURS)
    hours = np.append(recorded, _TAIL * latest)
    breached = np.append(ended.breached[rows].astype(float), 1.0)
    fitted = IsotonicRegression(y_min=_MIN_CHANCE, y_max=_MAX_CHANCE, out_of_bounds="clip").fit(
        hours, breached
    )
    return LatenessCurve(fitted.X_thresholds_, fitted.y_thresholds_)


def usual_lag(resolved_hours: np.ndarray, ended_hours: np.ndarray, day: np.ndarray) -> float:
    """Return the median over days of the median lag from resolved to closed.

    Args:
        resolved_hours: From detection to resolved; NaN where not recorded.
        ended_hours: From detection to closed.
        day: The day on which it was closed: a bulk close weighs as one day.
    """
    recorded = ~np.isnan(resolved_hours)
    lag = np.maximum(ended_hours - resolved_hours, 0.0)[recorded]
    if not len(lag):
        return 0.0
    days = day[recorded]
    return float(np.median([np.median(lag[days == d]) for d in np.unique(days)]))
