"""Deferral loss: the loss if an exception is begun at its next turn and not now. Pure.

The wait W until the next turn is exponential with mean h, in hours in which the team works. Where
the chance F(x) that the loss has come within x hours is straight between knots, the chance that W
adds to it, E[F(x + W)] - F(x), has a closed form: a piece that rises by r from a to b adds

    r * h * (exp(-a'/h) - exp(-b'/h)) / (b - a),    a' = max(a - x, 0),  b' = max(b - x, 0)

and a deadline that is d hours away adds exp(-(d - x)/h) as long as x < d.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class WorkHours:
    """Moments in hours in which the team of each of n items works, from now; negative once passed.

    Attributes:
        to_due: To the known deadline; NaN where none is known.
        to_ages: (n, 11) to the ages at which curves are given, rising; not read where `to_due` is
            known.
    """

    to_due: np.ndarray
    to_ages: np.ndarray

    def take(self, rows: np.ndarray) -> Self:
        """Return those of some of the items."""
        return type(self)(self.to_due[rows], self.to_ages[rows])


def chances_at_deadline(
    hours_to_due: np.ndarray, median_hours: np.ndarray, sigma: np.ndarray, waits_hours: np.ndarray
) -> np.ndarray:
    """Return the (n, w) chances that a deadline comes before the end of work begun after waits.

    Args:
        hours_to_due: n hours.
        median_hours: n median touch times.
        sigma: Their log-normal spreads.
        waits_hours: From now to the start; (n, w), or (1, w) for all alike.
    """
    left = np.maximum(hours_to_due[:, None] - waits_hours, 1e-9)
    return ndtr(np.log(median_hours[:, None] / left) / sigma[:, None])


def added_by_deadline(to_due: np.ndarray, ends: np.ndarray, look_ahead: float) -> np.ndarray:
    """Return the chance that a wait adds to the loss at a deadline.

    Args:
        to_due: n hours.
        ends: (n, s) equally likely hours until the work would be done if begun now.
        look_ahead: h, hours.
    """
    left = to_due[:, None] - ends
    added = np.where(left > 0, np.exp(-np.maximum(left, 0.0) / look_ahead), 0.0)
    return added.sum(axis=1) / ends.shape[1]


class DeferralLoss(NamedTuple):
    """Chances of a loss.

    Attributes:
        now: (n,) chances that it is lost if the work begins now.
        added: (n,) what waiting for a turn adds to them.
    """

    now: np.ndarray
    added: np.ndarray


def by_curve(
    curve: np.ndarray, to_ages: np.ndarray, ends: np.ndarray, look_ahead: float
) -> DeferralLoss:
    """Return the chances that it is lost when the work ends, and what a wait adds to them.

    Args:
        curve: (n, k) chances at the knots, not falling.
        to_ages: (n, k) hours from now to the knots, rising; below 0 in the past.
        ends: (n, s) as of `by_deadline`.
        look_ahead: h, hours.
    """
    ahead = to_ages[:, None, :] - ends[:, :, None]
    rise, width = np.diff(curve, axis=1), np.diff(to_ages, axis=1)
    passed = np.minimum(np.maximum(-ahead[:, :, :-1] / width[:, None], 0.0), 1.0)
    fading = np.exp(np.minimum(-ahead, 0.0) / look_ahead)
    met = (fading[:, :, :-1] - fading[:, :, 1:]).sum(axis=1) / ends.shape[1]
    lost = curve[:, 0] + (rise * passed.sum(axis=1)).sum(axis=1) / ends.shape[1]
    return DeferralLoss(lost, (rise * met / width).sum(axis=1) * look_ahead)
