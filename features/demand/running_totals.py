"""Running totals over periods: any window at any cut-off is the difference of two of them."""

import numpy as np


def running_totals(values: np.ndarray) -> np.ndarray:
    """Return (n, T + 1) sums of the columns before each one."""
    totals = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=totals[:, 1:])
    return totals


def silent_after_life(units: np.ndarray) -> np.ndarray:
    """Return units in which a series that has ended sells nothing: it may come back."""
    begun = np.maximum.accumulate(np.isfinite(units), axis=1)
    later = np.maximum.accumulate(np.isfinite(units[:, ::-1]), axis=1)[:, ::-1]
    return np.where(begun & ~later, np.float32(0.0), units)
