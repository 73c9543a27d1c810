"""Extremes of demand: values far outside the usual range of their own series, as typos are.

The range is robust: median and spread are of logarithms, so that a value counts little in the range
that it is judged by. Many high values are a new level and no mistake.
"""

from dataclasses import replace

import numpy as np

from features.demand.panel import Panel

MIN_VALUES = 8  # of a series with a range of its own
MAX_SPREADS = 8.0
MIN_SPREAD = 0.25  # of logarithms: equal values have no spread, and still may double
MAX_RATIO = 30.0  # to the median; bulk orders reach it
MAX_RATIO_TO_OTHERS = 1000.0  # to the usual largest value, of series with few values
MAX_EXTREMES, MAX_EXTREMES_SHARE = 2, 0.01  # of a series' values: more are a level
MAX_VOLUME_RATIO = 20.0  # of a series' demand to the median series
_DEVIATIONS = 1.4826  # standard deviations of a normal distribution to a median deviation


def extremes(values: np.ndarray) -> np.ndarray:
    """Return (n, T) whether values above 0 are too far above the usual ones of their series.

    Args:
        values: (n, T) numbers, NaN where missing.
    """
    positive = np.where(values > 0, values, np.nan).astype(np.float64)
    count = np.isfinite(positive).sum(1)
    rows = np.flatnonzero(count > 0)
    if not len(rows):
        return np.zeros(values.shape, bool)
    limit = np.full(len(values), np.inf)
    largest, smallest = (of(positive[rows], axis=1) for of in (np.nanmax, np.nanmin))
    few = rows[count[rows] < MIN_VALUES]
    if len(rows) >= MIN_VALUES:
        limit[few] = MAX_RATIO_TO_OTHERS * np.median(largest)
    many = rows[(count[rows] >= MIN_VALUES) & (largest > MAX_RATIO * smallest)]
    limit[many] = _own_limits(positive[many])
    high = np.nan_to_num(values) > limit[:, None]
    level = high.sum(1) > np.maximum(MAX_EXTREMES, MAX_EXTREMES_SHARE * count)
    return high & ~level[:, None]


def tamed(panel: Panel) -> Panel:
    """Return the panel with each extreme cut to the largest other value of its series.

    A series without another value gets the median of the largest values of all series.
    """
    extreme = extremes(panel.units)
    if not extreme.any():
        return panel
    others = np.where(extreme, np.nan, panel.units)
    largest = np.nan_to_num(others).max(1)
    usual = np.median(largest[largest > 0]) if (largest > 0).any() else 0.0
    cap = np.where(largest > 0, largest, usual)[:, None]
    return replace(panel, units=np.where(extreme, cap, panel.units).astype(np.float32))


def bounded_volumes(volume: np.ndarray) -> np.ndarray:
    """Return (n,) volumes of at most `MAX_VOLUME_RATIO` medians, so that no one counts for all."""
    positive = volume[volume > 0]
    return np.minimum(volume, MAX_VOLUME_RATIO * np.median(positive)) if len(positive) else volume


def _own_limits(positive: np.ndarray) -> np.ndarray:
    """Return (n,) the values above which the own values of a series are extreme."""
    logs = np.log(positive)
    middle = np.nanmedian(logs, axis=1)
    spread = _DEVIATIONS * np.nanmedian(np.abs(logs - middle[:, None]), axis=1)
    reach = MAX_SPREADS * np.maximum(spread, MIN_SPREAD)
    return np.exp(middle + np.maximum(reach, np.log(MAX_RATIO)))
