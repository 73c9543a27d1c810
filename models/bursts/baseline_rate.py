"""Usual rate of each watched value, and its dispersion; learned as exceptions arrive.

Rates are per hour of the week clock. A value that was seen little is drawn to the mean of its
attribute, a pair to what its two values would do if they were independent. Each value's own hours
of the day and of the week are drawn to the rhythm of all.

That days differ is learned too. Given the day's chance factor, arrivals are Poisson; the factor is
Gamma distributed with mean 1 and shape `k`, so counts are negative binomial, and the rate given
what the day has brought so far is `rate * (k + observed) / (k + expected)`. At the arrivals
themselves as many are expected to have come before as `expected * (1 + 1 / k)`: which is how `k` is
learned, for each attribute, for the last hour and for the last day.

Compiled, since every arrival counts for dozens of keys. The compiler keeps nothing on the disk.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from data.ticks import HOURS_PER_WEEK

SPANS_HOURS = (1.0, 24.0)
"""Over which arrivals clump: the hour (batches, a caller with three cases) and the day."""

_SINGLE_SHAPE, _PAIR_SHAPE = 0.5, 5.0
"""How much the prior rate counts, in arrivals. Half an arrival: few values are near the mean."""
_RHYTHM_SMOOTHING = 20.0
"""Arrivals: the hours of few are noise, and the quietest of many would be taken for quiet."""
_UNEVEN_PRIOR = 0.05
_UNEVEN_PRIOR_ARRIVALS = 5.0
_MAX_SIGMA = 3.0


class ClockReading(NamedTuple):
    """Reading of the week clock, and the weight of all arrivals so far."""

    hours: float
    weight: float
    exposed_hours: float
    hour_of_week: int
    rhythm: float
    rhythm_of_day: float
    arrivals: float


class BaselineRate(NamedTuple):
    """All that was learned.

    By key: `group`; `first` and `second` of a pair, -1 for a single value; `slot`, the row of its
    value in `of_hour`; `counted` by weight; of the last hour and day as of `at_hours` what was
    `observed` (members of bursts only as far as they are usual), what `arrived`, and what was
    `expected`.
    By group: `values`, `group_count`, `uneven` and `even`.
    """

    group: np.ndarray
    first: np.ndarray
    second: np.ndarray
    slot: np.ndarray
    counted: np.ndarray
    at_hours: np.ndarray
    observed: np.ndarray
    arrived: np.ndarray
    expected: np.ndarray
    of_hour: np.ndarray
    values: np.ndarray
    group_count: np.ndarray
    uneven: np.ndarray
    even: np.ndarray


@njit
def usual_rate(key: int, learned: BaselineRate, now: ClockReading) -> float:
    """Return the usual rate of a key per hour, at the present hour of the week."""
    first, second = learned.first[key], learned.second[key]
    hours, count = now.exposed_hours, learned.counted[key] / now.weight
    if first < 0:
        group = learned.group[key]
        of_group = max(learned.group_count[group] / now.weight, 0.5)
        mean = of_group / (max(learned.values[group], 1) * hours)
        rate = (count + _SINGLE_SHAPE) / (hours + _SINGLE_SHAPE / mean)
        return rate * _own_rhythm(key, learned, now)
    of_first = learned.counted[first] / now.weight + _SINGLE_SHAPE
    of_second = learned.counted[second] / now.weight + _SINGLE_SHAPE
    independent = of_first * of_second / (max(now.arrivals / now.weight, 1.0) * hours)
    rate = (count + _PAIR_SHAPE) / (hours + _PAIR_SHAPE / independent)
    return rate * _own_rhythm(first, learned, now)


@njit
def _own_rhythm(value: int, learned: BaselineRate, now: ClockReading) -> float:
    """Return the ratio of its rate at this hour of the week to that of the common rhythm."""
    own = learned.of_hour[learned.slot[value]]
    of_day = 0.0
    for day in range(7):
        of_day += own[day * 24 + now.hour_of_week % 24] / now.weight
    per_bin = learned.counted[value] / now.weight / HOURS_PER_WEEK
    usual_day = per_bin * now.rhythm_of_day
    daily = (of_day + _RHYTHM_SMOOTHING) / (usual_day + _RHYTHM_SMOOTHING)
    of_week = own[now.hour_of_week] / now.weight
    usual_week = per_bin * now.rhythm * daily
    return daily * (of_week + _RHYTHM_SMOOTHING) / (usual_week + _RHYTHM_SMOOTHING)


@njit
def shape(key: int, span: int, learned: BaselineRate, now: ClockReading) -> float:
    """Return the Gamma shape of the chance factor of a span; small where little is known."""
    group = learned.group[key]
    prior = _UNEVEN_PRIOR_ARRIVALS * now.weight
    uneven = learned.uneven[group, span] + _UNEVEN_PRIOR * prior
    inverse = max(uneven / (learned.even[group, span] + prior), 1e-3)
    of_prior = _SINGLE_SHAPE if learned.first[key] < 0 else _PAIR_SHAPE
    value = key if learned.first[key] < 0 else learned.first[key]
    of_hour = learned.of_hour[learned.slot[value], now.hour_of_week] / now.weight
    of_rate = 1 / (learned.counted[key] / now.weight + of_prior)
    return 1 / (inverse + of_rate + 1 / (of_hour + _RHYTHM_SMOOTHING))


@njit
def rate_today(key: int, learned: BaselineRate, now: ClockReading) -> float:
    """Return the rate given what the last hour and day have brought, and bring these up to now.

    It is never below the usual one: a quiet hour is no reason to expect less.
    """
    rate, factor = usual_rate(key, learned, now), 1.0
    since = now.hours - learned.at_hours[key]
    for span in range(2):
        faded = np.exp(-since / SPANS_HOURS[span])
        observed = learned.observed[key, span] * faded
        expected = learned.expected[key, span] * faded + rate * SPANS_HOURS[span] * (1 - faded)
        learned.observed[key, span], learned.expected[key, span] = observed, expected
        learned.arrived[key, span] *= faded
        k = shape(key, span, learned, now)
        factor = max(factor, (k + observed) / (k + expected))
    learned.at_hours[key] = now.hours
    return rate * factor


@njit
def note_arrival(
    key: int, learned: BaselineRate, seen_part: float, more: np.ndarray, expected: np.ndarray
) -> None:
    """Let an arrival of now stand for the day, after `rate_today`; say how uneven it makes the key.

    Args:
        key: Whose arrival.
        learned: All that was learned.
        seen_part: How much of it is usual: 1, or less for a member of a burst.
        more: Filled with what came before beyond what was expected; extremes count for little.
        expected: Filled with what was expected.
    """
    for span in range(2):
        usual = learned.expected[key, span]
        most = usual + _MAX_SIGMA * np.sqrt(usual) + _MAX_SIGMA
        more[span] = min(learned.arrived[key, span], most) - usual
        expected[span] = usual
        learned.observed[key, span] += seen_part
        learned.arrived[key, span] += 1


@njit
def learn_arrivals(
    keys: np.ndarray, learned: BaselineRate, lesson: tuple, part: float, weight: float, hour: int
) -> None:
    """Learn an arrival of some days ago.

    Args:
        keys: Its keys.
        learned: All that was learned.
        lesson: What `note_arrival` said of each key, arrays by key and span.
        part: How much of it is usual.
        weight: Of its time.
        hour: Its hour of the week.
    """
    more, expected = lesson
    for i in range(len(keys)):
        group = learned.group[keys[i]]
        for span in range(2):
            learned.uneven[group, span] += weight * more[i, span]
            learned.even[group, span] += weight * expected[i, span]
        add_arrival(keys[i], learned, hour, part * weight)


@njit
def add_arrival(key: int, learned: BaselineRate, hour_of_week: int, weight: float) -> None:
    """Learn one arrival of a key for the usual rates, or a part of one."""
    learned.counted[key] += weight
    learned.group_count[learned.group[key]] += weight
    if learned.first[key] < 0:
        learned.of_hour[learned.slot[key], hour_of_week] += weight
