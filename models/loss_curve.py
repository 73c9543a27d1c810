"""Loss curves: the chance that a loss has happened, by the age of an open exception."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

CURVE_AGES_HOURS = np.array([0, 1, 4, 8, 24, 48, 96, 168, 336, 720, 2160], np.float64)
"""Ages at which a curve of scale 1 is given; it is straight between them, flat after the last."""
_CURVE_STEPS_HOURS = np.diff(CURVE_AGES_HOURS)
_SLOW_HOURS = 336.0
"""Age of scale 1 that nearly all cases of a history have ended by."""
_SLOW_SHARE = 0.95
_MIN_SCALE = 1e-6


class LossCurves(NamedTuple):
    """Curves of n exceptions.

    Attributes:
        chance: (n, 11) chances, not falling, at the ages of the scale.
        scale: n factors of `CURVE_AGES_HOURS`.
    """

    chance: np.ndarray
    scale: np.ndarray

    def take(self, rows: np.ndarray) -> "LossCurves":
        """Return some of them."""
        return LossCurves(self.chance[rows], self.scale[rows])

    def at(self, hours: np.ndarray) -> np.ndarray:
        """Return n chances at the age of each."""
        return curve_at(self.chance, hours[:, None], self.scale)[:, 0]

    @classmethod
    def concatenate(cls, parts: "Sequence[LossCurves]") -> Self:
        """Join several."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def scale_of_times(hours: np.ndarray) -> float:
    """Return the scale of curves for a history, by the times that its cases take.

    >>> scale_of_times(np.full(40, 14 * 24.0)), scale_of_times(np.full(40, 0.336))
    (1.0, 0.001)
    """
    if not len(hours):
        return 1.0
    return max(float(np.quantile(np.abs(hours), _SLOW_SHARE)) / _SLOW_HOURS, _MIN_SCALE)


def ages_of(scale: np.ndarray) -> np.ndarray:
    """Return the (n, 11) hours at which curves of n scales are given."""
    return CURVE_AGES_HOURS * scale[:, None]


def curve_at(curve: np.ndarray, ages: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Interpolate n curves at (n, m) ages.

    Args:
        curve: (n, 11) values at the ages of the scale.
        ages: (n, m) hours, 0 or more.
        scale: n factors of `CURVE_AGES_HOURS`; above 0.

    >>> steady, ages = np.array([CURVE_AGES_HOURS / 2160]), np.array([[0.0, 1080.0, 9999.0]])
    >>> curve_at(steady, ages, np.array([1.0])).tolist()
    [[0.0, 0.5, 1.0]]
    >>> curve_at(steady, ages / 1000, np.array([0.001])).round(9).tolist()
    [[0.0, 0.5, 1.0]]
    """
    ages = ages / scale[:, None]
    knot = np.searchsorted(CURVE_AGES_HOURS[1:-1], ages, side="right")
    share = np.minimum((ages - CURVE_AGES_HOURS[knot]) / _CURVE_STEPS_HOURS[knot], 1.0)
    values = curve.ravel()
    knot += np.arange(0, curve.size, curve.shape[1])[:, None]
    low = values[knot]
    return low + share * (values[knot + 1] - low)
