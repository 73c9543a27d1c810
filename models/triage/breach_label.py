"""The chance of a breach by how late an exception ends: isotonic, by group.

A breach is a matter of time: past its deadline an exception is breached, before it is not. Where
the deadline is known the clock counts from it; where it is not, from detection, and the curve shows
where the hidden deadline of each group lies. A breach is often recorded only when a case is closed,
some time after it was resolved: the usual lag is learned, robustly against days on which a backlog
was closed at one go.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.isotonic import IsotonicRegression

from data.domain import Json

FEWEST_IN_GROUP = 40
LONGEST_HOURS = 5_000.0
_LEAST, _MOST = 0.002, 0.998
DUE = "due"
"""The group of those whose deadline is known: their clock counts from it."""


@dataclass(frozen=True)
class ClosedExceptions:
    """Exceptions whose end is known.

    Attributes:
        group: The group of each, or `DUE`.
        clock_hours: Hours from detection (or from the deadline) to the end.
        breached: Whether it was breached.
    """

    group: np.ndarray
    clock_hours: np.ndarray
    breached: np.ndarray


class BreachByLateness:
    """One rising curve for each group of enough cases, and one for all others.

    Args:
        curves: For each group the knots: hours, and the chance of a breach. `""` is for all others.
        lag_hours: Usual time from resolved to closed.
    """

    def __init__(self, curves: dict[str, tuple[np.ndarray, np.ndarray]], lag_hours: float) -> None:
        self.curves, self.lag_hours = curves, lag_hours

    @classmethod
    def fit(cls, ended: ClosedExceptions, lag_hours: float) -> Self:
        """Fit the curves; groups of fewer than 40 cases share one."""
        names, counts = np.unique(ended.group.astype(str), return_counts=True)
        own = [str(n) for n, c in zip(names, counts, strict=True) if c >= FEWEST_IN_GROUP]
        curves = {name: _curve(ended, ended.group == name) for name in own}
        rest = ~np.isin(ended.group.astype(str), own) & (ended.group != DUE)
        with_age = ended.group != DUE
        others = rest if rest.sum() >= FEWEST_IN_GROUP else with_age
        curves[""] = _curve(ended, others) if others.any() else _curve(ended, others | True)
        return cls(curves, lag_hours)

    def chance(self, group: np.ndarray, hours: np.ndarray, due_hours: np.ndarray) -> np.ndarray:
        """Return the chance of a breach if resolved so late.

        Args:
            group: n groups.
            hours: (n, m) hours from detection to resolution.
            due_hours: n hours from detection to the deadline, NaN where none is known.
        """
        clock = hours + self.lag_hours
        result = np.empty(hours.shape)
        has_due = ~np.isnan(due_hours) & (DUE in self.curves)
        group = np.where(has_due, DUE, group.astype(object))
        for name in set(group.tolist()):
            mine = group == name
            at = clock[mine] - due_hours[mine, None] if name == DUE else clock[mine]
            result[mine] = np.interp(at, *self.curves.get(name, self.curves[""]))
        return result

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        curves = {name: [x.tolist(), y.tolist()] for name, (x, y) in self.curves.items()}
        return {"curves": curves, "lag_hours": self.lag_hours}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """Build from what `to_json` gave."""
        curves = {name: (np.array(x), np.array(y)) for name, (x, y) in values["curves"].items()}
        return cls(curves, values["lag_hours"])


def _curve(ended: ClosedExceptions, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hours = np.append(ended.clock_hours[mine], LONGEST_HOURS)
    breached = np.append(ended.breached[mine].astype(float), 1.0)
    fitted = IsotonicRegression(y_min=_LEAST, y_max=_MOST, out_of_bounds="clip").fit(
        hours, breached
    )
    return fitted.X_thresholds_, fitted.y_thresholds_


def usual_lag(resolved_hours: np.ndarray, ended_hours: np.ndarray, day: np.ndarray) -> float:
    """Return the median over days of the median lag from resolved to closed.

    Args:
        resolved_hours: From detection to resolved; NaN where not recorded.
        ended_hours: From detection to closed.
        day: The day on which it was closed: a bulk close weighs as one day.
    """
    known = ~np.isnan(resolved_hours)
    lag = np.maximum(ended_hours - resolved_hours, 0.0)[known]
    if not len(lag):
        return 0.0
    days = day[known]
    return float(np.median([np.median(lag[days == d]) for d in np.unique(days)]))
