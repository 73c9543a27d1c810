"""Usual rate of each watched value, and its dispersion; learned as exceptions arrive.

Rates are per hour of the week clock. A value that was seen little is drawn to the mean of its
attribute, a pair to what its two values would do if they were independent. Each value's own hours
of the day and of the week are drawn to the rhythm of all.

That days differ is learned too. Given the day's chance factor, arrivals are Poisson; the factor is
Gamma distributed with mean 1 and shape `k`, so counts are negative binomial, and the rate given
what the day has brought so far is `rate * (k + observed) / (k + expected)`. At the arrivals
themselves as many are expected to have come before as `expected * (1 + 1 / k)`: which is how `k` is
learned, for each attribute, for the last hour and for the last day.

Every function takes many keys at once, since an arrival counts for dozens of them. The keys of one
call differ from each other.
"""

from typing import NamedTuple

import numpy as np

from data.ticks import HOURS_PER_WEEK

SPANS_HOURS = (1.0, 24.0)
"""Over which arrivals clump: the hour (batches, a caller with three cases) and the day."""
_SPANS = np.array(SPANS_HOURS)

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


class Lesson(NamedTuple):
    """Unevenness that an arrival shows in its keys, by key and span.

    `more` came than was `expected`; extremes count for little.
    """

    more: np.ndarray
    expected: np.ndarray


def usual_rate(keys: np.ndarray, learned: BaselineRate, now: ClockReading) -> np.ndarray:
    """Return the usual rates of keys per hour, at the present hour of the week."""
    firsts = learned.first[keys]
    is_pair = firsts >= 0
    values = np.where(is_pair, firsts, keys)
    # For a single value both come out alike; only one of them is used.
    count = learned.counted[keys] / now.weight
    of_first = learned.counted[values] / now.weight + _SINGLE_SHAPE
    of_second = learned.counted[learned.second[keys]] / now.weight + _SINGLE_SHAPE
    independent = of_first * of_second / max(now.arrivals / now.weight, 1.0)
    groups = learned.group[keys]
    of_group = np.maximum(learned.group_count[groups] / now.weight, 0.5)
    of_value = of_group / np.maximum(learned.values[groups], 1)
    prior = np.where(is_pair, _PAIR_SHAPE, _SINGLE_SHAPE)
    mean = np.where(is_pair, independent, of_value)
    rates = (count + prior) / (now.exposed_hours * (1 + prior / mean))
    return rates * _own_rhythm(values, learned, now)


def _own_rhythm(values: np.ndarray, learned: BaselineRate, now: ClockReading) -> np.ndarray:
    """Return the ratios of values' rates at this hour of the week to that of the common rhythm."""
    slots = learned.slot[values]
    same_hours = slice(now.hour_of_week % 24, None, 24)
    of_day = learned.of_hour[slots, same_hours].sum(-1, dtype=float) / now.weight
    per_bin = learned.counted[values] / now.weight / HOURS_PER_WEEK
    usual_day = per_bin * now.rhythm_of_day
    daily = (of_day + _RHYTHM_SMOOTHING) / (usual_day + _RHYTHM_SMOOTHING)
    of_week = learned.of_hour[slots, now.hour_of_week] / now.weight
    usual_week = per_bin * now.rhythm * daily
    return daily * (of_week + _RHYTHM_SMOOTHING) / (usual_week + _RHYTHM_SMOOTHING)


def shapes(keys: np.ndarray, learned: BaselineRate, now: ClockReading) -> np.ndarray:
    """Return Gamma shapes of chance factors, by key and span; small where little is known."""
    firsts = learned.first[keys]
    is_pair = firsts >= 0
    groups = learned.group[keys]
    prior = _UNEVEN_PRIOR_ARRIVALS * now.weight
    uneven = learned.uneven[groups] + _UNEVEN_PRIOR * prior
    inverse = np.maximum(uneven / (learned.even[groups] + prior), 1e-3)
    slots = learned.slot[np.where(is_pair, firsts, keys)]
    of_hour = learned.of_hour[slots, now.hour_of_week] / now.weight
    of_prior = np.where(is_pair, _PAIR_SHAPE, _SINGLE_SHAPE)
    of_rate = 1 / (learned.counted[keys] / now.weight + of_prior)
    return 1 / (inverse + (of_rate + 1 / (of_hour + _RHYTHM_SMOOTHING))[..., None])


def rates_today(keys: np.ndarray, learned: BaselineRate, now: ClockReading) -> np.ndarray:
    """Return rates given what the last hour and day have brought, and bring these up to now.

    They are never below the usual ones: a quiet hour is no reason to expect less.
    """
    rates = usual_rate(keys, learned, now)
    since = now.hours - learned.at_hours[keys]
    faded = np.exp(-since[:, None] / _SPANS)
    observed = learned.observed[keys] * faded
    expected = learned.expected[keys] * faded + rates[:, None] * _SPANS * (1 - faded)
    learned.observed[keys], learned.expected[keys] = observed, expected
    learned.arrived[keys] *= faded
    learned.at_hours[keys] = now.hours
    k = shapes(keys, learned, now)
    return rates * np.maximum(((k + observed) / (k + expected)).max(axis=1), 1.0)


def note_arrival(keys: np.ndarray, learned: BaselineRate, seen_part: float) -> Lesson:
    """Let an arrival of now stand for the day, after `rates_today`.

    Args:
        keys: Its keys.
        learned: All that was learned.
        seen_part: How much of it is usual: 1, or less for a member of a burst.
    """
    expected = learned.expected[keys]
    most = expected + _MAX_SIGMA * np.sqrt(expected) + _MAX_SIGMA
    more = np.minimum(learned.arrived[keys], most) - expected
    learned.observed[keys] += seen_part
    learned.arrived[keys] += 1
    return Lesson(more, expected)


def learn_arrival(
    keys: np.ndarray,
    learned: BaselineRate,
    lesson: Lesson,
    part: float,
    weight: float,
    hour_of_week: int,
) -> None:
    """Learn an arrival of some days ago.

    Args:
        keys: Its keys.
        learned: All that was learned.
        lesson: Result of `note_arrival` for it.
        part: How much of it is usual.
        weight: Of its time.
        hour_of_week: Of its time.
    """
    groups = learned.group[keys]
    # Two keys of an arrival may be of one group: two of its lines have other SKUs.
    np.add.at(learned.uneven, groups, weight * lesson.more)
    np.add.at(learned.even, groups, weight * lesson.expected)
    np.add.at(learned.group_count, groups, part * weight)
    learned.counted[keys] += part * weight
    slots = learned.slot[keys[learned.first[keys] < 0]]
    learned.of_hour[slots, hour_of_week] += part * weight
