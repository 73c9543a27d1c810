"""Loss curves: the chance that a loss has happened, by the age of an open exception."""

import numpy as np

CURVE_AGES_HOURS = np.array([0, 1, 4, 8, 24, 48, 96, 168, 336, 720, 2160], np.float64)
"""Ages at which a curve of loss is given; it is straight between them and flat after the last."""
_CURVE_STEPS_HOURS = np.diff(CURVE_AGES_HOURS)


def curve_at(curve: np.ndarray, ages: np.ndarray) -> np.ndarray:
    """Interpolate n curves at (n, m) ages.

    Args:
        curve: (n, 11) values at `CURVE_AGES_HOURS`.
        ages: (n, m) hours, 0 or more.

    >>> curve_at(np.array([CURVE_AGES_HOURS / 2160]), np.array([[0.0, 1080.0, 9999.0]])).tolist()
    [[0.0, 0.5, 1.0]]
    """
    knot = np.searchsorted(CURVE_AGES_HOURS[1:-1], ages, side="right")
    share = np.minimum((ages - CURVE_AGES_HOURS[knot]) / _CURVE_STEPS_HOURS[knot], 1.0)
    values = curve.ravel()
    knot += np.arange(0, curve.size, curve.shape[1])[:, None]
    low = values[knot]
    return low + share * (values[knot + 1] - low)
