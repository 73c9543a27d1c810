"""Scores in bands, so that rows keep their places while scores creep. Pure; nothing is remembered.

Two scores in one band count as equal, and age decides. A row moves only when its own score crosses
the edge of a band; what a list looked like at any moment follows from that moment alone.
"""

import numpy as np

_MIN_SCORE = 1e-9


def score_bands(score: np.ndarray, width: float) -> np.ndarray:
    """Return what rows are ordered by: numbers that rise with the score, equal within a band.

    Args:
        score: n scores, 0 or more.
        width: Share by which the upper edge of a band lies above its lower; 0 tells every score
            from every other.

    >>> score_bands(np.array([0.0, 100.0, 101.0, 130.0]), 0.15).tolist()
    [-149.0, 32.0, 33.0, 34.0]
    """
    if width <= 0:
        return score
    return np.floor(np.log(np.maximum(score, _MIN_SCORE)) / np.log1p(width))
