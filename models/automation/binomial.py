"""Exact bounds of a share from counts: what a number of wrong ones among n rows shows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv

_MAX_ROWS = 1e7
_STEPS = 24
"""Halvings that find one of `_MAX_ROWS` whole numbers."""


def binomial_cdf(wrong: np.ndarray, n: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the chance of at most so many wrong of n where a share `error` is; 1 for none of 0.

    It is at most 1 - confidence exactly where the Clopper-Pearson bound is at most `error`.
    `wrong` and `n` may be fractions: then it is the smooth curve through the whole numbers.
    """
    right = np.maximum(n - wrong, 1e-300)
    return np.where(n > wrong, betainc(right, wrong + 1.0, 1 - error), 1.0)


def upper_bound(wrong: np.ndarray, n: np.ndarray, level: np.ndarray | float) -> np.ndarray:
    """Return the Clopper-Pearson upper bound of a share at a one-sided level; 1 for none of 0."""
    return np.where(n > wrong, betaincinv(wrong + 1, np.maximum(n - wrong, 1), 1 - level), 1.0)


class ShareInterval(NamedTuple):
    """Bounds of a share."""

    low: float
    high: float


def share_interval(wrong: int, n: int, level: float = 0.05) -> ShareInterval:
    """Return the two-sided Clopper-Pearson interval of a share; all of 0 to 1 for none of 0."""
    low = float(betaincinv(wrong, n - wrong + 1, level / 2)) if wrong else 0.0
    return ShareInterval(low, float(upper_bound(np.array(wrong), np.array(n), level / 2)))


def rows_needed(error: np.ndarray, level: float, wrong: int = 0) -> np.ndarray:
    """Return how many rows show an error below `error` with so many wrong among them.

    >>> rows_needed(np.array([0.02, 0.05]), 0.05).tolist()
    [149.0, 59.0]
    """
    so_many = np.full(np.shape(error), float(wrong))
    return _smallest(so_many, lambda n: binomial_cdf(so_many, n, error) <= level)


def rows_expected(error: np.ndarray, level: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return how many rows show an error below `error` if a share `observed` goes on wrong.

    Infinite where `observed` is not below `error`.
    """
    error, level, observed = np.broadcast_arrays(error, level, observed)
    below = observed < error
    error, level, share = error[below], level[below], observed[below]
    least = np.ones(share.shape)
    n = _smallest(least, lambda n: binomial_cdf(share * n, n, error) <= level)
    rows = np.full(observed.shape, np.inf)
    rows[below] = np.where(n < _MAX_ROWS, n, np.inf)
    return rows


def _smallest(low: np.ndarray, enough: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Search the fewest rows, at least `low`, that are enough: more of them always are, too."""
    low, high = low - 1, np.full(low.shape, _MAX_ROWS)
    for _ in range(_STEPS):
        middle = np.floor((low + high) / 2)
        yes = enough(middle)
        low, high = np.where(yes, low, middle), np.where(yes, middle, high)
    return high
