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
MIN_SERIES_WITH_LIMIT = 8  # with fewer, one series says nothing of the others
MIN_SERIES_AT_LIMIT, MIN_SHARE_AT_LIMIT = 2, 0.005  # series that reach a limit, the larger number
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


def limit_of_others(largest: np.ndarray) -> float:
    """Return the value that several series reach: a single series can't move it far.

    It is a robust limit for what all series share. It follows the data: where many series are
    lumpy, it is high. Infinite where too few series tell.

    Args:
        largest: (n,) the largest value of each series.
    """
    if len(largest) < MIN_SERIES_WITH_LIMIT:
        return np.inf
    reached_by = max(MIN_SERIES_AT_LIMIT, round(MIN_SHARE_AT_LIMIT * len(largest)))
    return float(np.partition(largest, -reached_by)[-reached_by])


def bounded_by_others(values: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Return n values, none above the limit that other series reach.

    Args:
        values: n values above 0.
        series: The series of each.
    """
    largest = np.zeros(series.max(initial=-1) + 1)
    np.maximum.at(largest, series, values)
    return np.minimum(values, limit_of_others(largest[np.unique(series)]))


def bounded_peaks(units: np.ndarray) -> np.ndarray:
    """Return units of which no period stands out of its series more than in other series.

    A series is measured by its own median, so that its size does not count.

    Args:
        units: (n, T) units of 0 or more.
    """
    positive = np.sort(np.where(units > 0, units, np.float32(np.inf)), axis=1)
    count = np.isfinite(positive).sum(axis=1)
    selling = np.flatnonzero(count)
    if not len(selling):
        return units
    usual = positive[selling, (count[selling] - 1) // 2]
    limit = limit_of_others(positive[selling, count[selling] - 1] / usual)
    bounded = units.copy()
    bounded[selling] = np.minimum(units[selling], (limit * usual)[:, None])
    return bounded


def _own_limits(positive: np.ndarray) -> np.ndarray:
    """Return (n,) the values above which the own values of a series are extreme."""
    logs = np.log(positive)
    middle = np.nanmedian(logs, axis=1)
    spread = _DEVIATIONS * np.nanmedian(np.abs(logs - middle[:, None]), axis=1)
    reach = MAX_SPREADS * np.maximum(spread, MIN_SPREAD)
    return np.exp(middle + np.maximum(reach, np.log(MAX_RATIO)))
