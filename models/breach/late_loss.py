"""Late loss: what becomes of an exception whose deadline has passed. Pure.

A missed deadline is a penalty; the order itself is lost when it is cancelled, refunded or shipped
wrong. The chance that the loss has come x hours after the deadline is

    G(x) = s + (1 - s) * (1 - exp(-x / m))        s at the deadline at once, then m hours on average

Both numbers are learned from what became of those that ended late.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from data.domain import Json

LOST_CHANCE = 0.95
"""Chance of a loss from which on an exception counts as lost."""
MIN_LATE = 50
"""Exceptions that ended late; fewer tell nothing."""
MAX_LOST_SHARE = 0.98
"""Where more of the late ones are recorded as lost, the record only says that they were late."""
_PRIOR_ROWS = 4.0
_SMALLEST = 1e-4


class LateLoss(NamedTuple):
    """Loss after a missed deadline.

    Attributes:
        at_deadline: s, share that is lost at the deadline; 0 to 1.
        mean_hours: m, mean hours after it until the rest is lost; above 0.
    """

    at_deadline: float
    mean_hours: float

    @classmethod
    def fit(cls, late_hours: np.ndarray, lost: np.ndarray) -> "LateLoss | None":
        """Fit on what ended late; None where too few did, or where late and lost are one record.

        Args:
            late_hours: n hours from the deadline to the end; above 0.
            lost: n bools: the loss had come by the end.
        """
        if len(lost) < MIN_LATE or lost.mean() > MAX_LOST_SHARE or not lost.any():
            return None
        usual = max(float(np.median(late_hours)), _SMALLEST)

        def cost(logits: np.ndarray) -> float:
            share, mean = 1 / (1 + np.exp(-logits[0])), usual * np.exp(logits[1])
            chance = np.clip(chance_late(late_hours, share, mean), _SMALLEST, 1 - _SMALLEST)
            likelihood = np.where(lost, np.log(chance), np.log1p(-chance)).sum()
            return float(_PRIOR_ROWS * (logits**2).sum() / 8 - likelihood)

        best = minimize(cost, np.zeros(2), method="Nelder-Mead").x
        return cls(float(1 / (1 + np.exp(-best[0]))), float(usual * np.exp(best[1])))

    def to_json(self) -> Json:
        """Return plain values."""
        return self._asdict()


def chance_late(
    late_hours: np.ndarray, at_deadline: float | np.ndarray, mean_hours: float | np.ndarray
) -> np.ndarray:
    """Return the chance that the loss has come so many hours, 0 or more, after the deadline.

    >>> chance_late(np.array([0.0, 1e9]), 0.3, 72.0).tolist()
    [0.3, 1.0]
    """
    return at_deadline + (1 - at_deadline) * -np.expm1(-late_hours / mean_hours)


def hours_until_lost(at_deadline: np.ndarray, mean_hours: np.ndarray) -> np.ndarray:
    """Return the hours after the deadline from which on an exception counts as lost.

    >>> hours_until_lost(np.array([0.0, 1.0]), np.array([100.0, 100.0])).round(1).tolist()
    [299.6, 0.0]
    """
    left = np.maximum((1 - at_deadline) / (1 - LOST_CHANCE), 1.0)
    return mean_hours * np.log(left)
