"""How often each watched value usually comes, and how unevenly; learned as exceptions arrive.

Rates are per hour of the week clock. A value that was seen little is drawn to the mean of its
attribute, a pair to what its two values would do if they were independent. Each value's own hours
of the day and of the week are drawn to the rhythm of all.

That days differ is learned too. Given the day's chance factor, arrivals are Poisson; the factor is
Gamma distributed with mean 1 and shape `k`, so counts are negative binomial, and the rate given
what the day has brought so far is `rate * (k + seen) / (k + expected)`. At the arrivals themselves
as many are expected to have come before as `expected * (1 + 1 / k)`: which is how `k` is learned,
for each attribute, for the last hour and for the last day.
"""

from dataclasses import dataclass

import numpy as np

from models.burst_clock import HOURS_A_WEEK, WeekClock
from models.burst_keys import Keys

SPANS_HOURS = np.array([1.0, 24.0])
"""Over which arrivals clump: the hour (batches, a caller with three cases) and the day."""

_SINGLE_SHAPE, _PAIR_SHAPE = 0.5, 5.0
"""How much the prior rate counts, in arrivals. Half an arrival: few values are near the mean."""
_RHYTHM_SMOOTHING = 4.0
_MOST_SIGMA = 3.0
_UNEVEN_PRIOR = 0.05
_UNEVEN_PRIOR_ARRIVALS = 5.0
_FIRST_ROOM = 1_024
_LONGEST_SINCE = 12.0
MOST_SHARE = 0.8
"""A value of a larger share of all exceptions is not looked at."""
_BY_KEY = (
    "group", "_parents", "_value", "_slot", "_count", "_at_hours", "seen", "expected",
)  # fmt: skip


@dataclass(frozen=True)
class When:
    """A moment on the week clock: its hours, its weight and its hour of the week."""

    hours: float
    weight: float
    hour_of_week: int


class Rates:
    """Usual rates of keys, as arrays by key.

    Attributes:
        seen: Arrivals of the last hour and day, fading.
        expected: The same as expected.
    """

    def __init__(self, keys: Keys, clock: WeekClock) -> None:
        self._keys, self._clock = keys, clock
        self._known = 0
        self.group = np.zeros(_FIRST_ROOM, np.intp)
        self._parents = np.zeros((_FIRST_ROOM, 2), np.intp)
        self._count = np.zeros(_FIRST_ROOM)
        self._value = np.zeros(_FIRST_ROOM, np.intp)
        self._slot = np.zeros(_FIRST_ROOM, np.intp)
        self._of_hour = np.zeros((_FIRST_ROOM, HOURS_A_WEEK), np.float32)
        self._slots = 0
        self._at_hours = np.zeros(_FIRST_ROOM)
        self.seen = np.zeros((_FIRST_ROOM, 2))
        self.expected = np.zeros((_FIRST_ROOM, 2))
        self._group_count = np.zeros(8)
        self._uneven = np.zeros((8, 2))
        self._even = np.zeros((8, 2))
        self._arrivals = 0.0

    def grow(self) -> None:
        """Make room for keys that are new."""
        keys, first = self._keys, self._known
        if len(keys) == first:
            return
        while len(keys) > len(self.group):
            for name in _BY_KEY:
                setattr(self, name, doubled(getattr(self, name)))
        while len(keys.values_of_group) > len(self._group_count):
            for name in ("_group_count", "_uneven", "_even"):
                setattr(self, name, doubled(getattr(self, name)))
        self.group[first : len(keys)] = keys.group[first:]
        self._parents[first : len(keys)] = keys.parents[first:]
        self._at_hours[first : len(keys)] = 0.0  # it could have come since the start
        for key in range(first, len(keys)):
            self._give_rhythm(key)
        self._known = len(keys)

    def _give_rhythm(self, key: int) -> None:
        """A single value has hours of its own, a pair those of its value."""
        value = int(self._parents[key, 0])
        if value >= 0:
            self._value[key], self._slot[key] = value, self._slot[value]
            return
        if self._slots == len(self._of_hour):
            self._of_hour = doubled(self._of_hour)
        self._value[key], self._slot[key] = key, self._slots
        self._slots += 1

    def usual(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rates per hour at the present hour of the week, and the arrivals behind them."""
        weight = self._clock.weight
        hours = max(self._clock.exposed_hours, 1e-6)
        counts = self.counts(keys)
        parents = self._parents[keys]
        pair = parents[:, 0] >= 0
        group = self.group[keys]
        values = np.maximum(np.array(self._keys.values_of_group)[group], 1)
        mean = np.maximum(self._group_count[group] / weight, 0.5) / (values * hours)
        rates = (counts + _SINGLE_SHAPE) / (hours + _SINGLE_SHAPE / mean)
        if pair.any():
            rates[pair] = self._pair_rates(counts[pair], parents[pair], hours)
        return rates * self._own_rhythm(keys), counts

    def _pair_rates(self, counts: np.ndarray, parents: np.ndarray, hours: float) -> np.ndarray:
        of_parents = (self._count[parents] / self._clock.weight + _SINGLE_SHAPE) / hours
        all_rates = max(self._arrivals / self._clock.weight, 1.0) / hours
        independent = of_parents.prod(1) / all_rates
        return (counts + _PAIR_SHAPE) / (hours + _PAIR_SHAPE / independent)

    def _own_rhythm(self, keys: np.ndarray) -> np.ndarray:
        """How much more often these come at this hour of the week than the rhythm of all says."""
        clock = self._clock
        week, day = clock.hour_of_week, clock.hour_of_week % 24
        slots = self._slot[keys]
        of_day = self._of_hour[slots, day::24].sum(1) / clock.weight
        per_bin = self._count[self._value[keys]] / clock.weight / HOURS_A_WEEK
        usual_day = per_bin * clock.rhythm[day::24].sum()
        daily = (of_day + _RHYTHM_SMOOTHING) / (usual_day + _RHYTHM_SMOOTHING)
        of_week = self._of_hour[slots, week] / clock.weight
        usual_week = per_bin * clock.rhythm[week] * daily
        return daily * (of_week + _RHYTHM_SMOOTHING) / (usual_week + _RHYTHM_SMOOTHING)

    def counts(self, keys: np.ndarray) -> np.ndarray:
        """Return how many arrivals each key has had, those of long ago fading."""
        return self._count[keys] / self._clock.weight

    def shape(self, keys: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the Gamma shapes of the chance factors; small where little is known."""
        group = self.group[keys]
        prior = _UNEVEN_PRIOR_ARRIVALS * self._clock.weight
        uneven = self._uneven[group] + _UNEVEN_PRIOR * prior
        inverse = np.maximum(uneven / (self._even[group] + prior), 1e-3)
        prior = np.where(self._parents[keys, 0] >= 0, _PAIR_SHAPE, _SINGLE_SHAPE)
        return 1 / (inverse + 1 / (counts + prior)[:, None])

    def given_today(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rates given what the last hour and day have brought, and hours since.

        They are never below the usual ones: a quiet hour is no reason to expect less.
        """
        rates, counts = self.usual(keys)
        since = self._clock.hours - self._at_hours[keys]
        faded = np.exp(-since[:, None] / SPANS_HOURS)
        seen = self.seen[keys] * faded
        expected = self.expected[keys] * faded + rates[:, None] * SPANS_HOURS * (1 - faded)
        shape = self.shape(keys, counts)
        factor = np.maximum((shape + seen) / (shape + expected), 1.0)
        self.seen[keys], self.expected[keys], self._at_hours[keys] = (
            seen,
            expected,
            self._clock.hours,
        )
        return rates * factor.max(1), since

    def along(self, key: int, hours: np.ndarray, seen_from: float) -> np.ndarray:
        """Return what `given_today` would have said of one key at each of some arrivals.

        Args:
            key: Whose arrivals; its usual rate is taken as it is now.
            hours: When, on the week clock, in order.
            seen_from: From when on the arrivals are all of its arrivals.
        """
        rates, counts = self.usual(np.array([key]))
        shape = self.shape(np.array([key]), counts)[0]
        seen, expected = np.zeros(2), rates[0] * SPANS_HOURS
        factors = np.ones(len(hours))
        for at, gap in enumerate(np.diff(hours, prepend=seen_from)):
            faded = np.exp(-gap / SPANS_HOURS)
            seen = seen * faded
            factors[at] = max(((shape + seen) / (shape + expected)).max(), 1.0)
            seen = seen + 1
        return rates[0] * factors

    def count(self, keys: np.ndarray) -> None:
        """Learn one arrival of each key now, after `given_today`."""
        weight = self._clock.weight
        self._learn_unevenness(keys, weight)
        self.seen[keys] += 1
        self._add(keys, self._clock.hour_of_week, weight)

    def see(self, keys: np.ndarray, when: When, part: float) -> None:
        """Let a part of an arrival stand for what the day has brought; a negative one undoes it."""
        later = np.minimum(when.hours - self._at_hours[keys], _LONGEST_SINCE)[:, None]
        seen = self.seen[keys] + part * np.exp(later / SPANS_HOURS)
        self.seen[keys] = np.maximum(seen, 0)

    def learn(self, keys: np.ndarray, when: When, part: float) -> None:
        """Learn a part of an arrival for the usual rates; a negative one undoes it."""
        self._add(keys, when.hour_of_week, part * when.weight)

    def dominating(self, keys: np.ndarray) -> np.ndarray:
        """Return which keys have a value that nearly all exceptions have: it explains nothing."""
        parents = np.maximum(self._parents[keys], 0)
        most = np.where(self._parents[keys, 0] >= 0, self._count[parents].max(1), self._count[keys])
        return most > MOST_SHARE * self._arrivals

    def _add(self, keys: np.ndarray, hour_of_week: int, weight: float) -> None:
        self._count[keys] += weight
        values = keys[self._value[keys] == keys]
        self._of_hour[self._slot[values], hour_of_week] += weight
        self._group_count[self.group[keys]] += weight
        self._arrivals += weight

    def rescale(self, factor: float) -> None:
        """Multiply all weights."""
        for array in (self._count, self._of_hour, self._group_count):
            array *= factor
        self._uneven *= factor
        self._even *= factor
        self._arrivals *= factor

    def _learn_unevenness(self, keys: np.ndarray, weight: float) -> None:
        """Compare what came before with what was expected; a burst counts for little."""
        group, expected = self.group[keys], self.expected[keys]
        most = expected + _MOST_SIGMA * np.sqrt(expected) + _MOST_SIGMA
        more = np.minimum(self.seen[keys], most) - expected
        np.add.at(self._uneven, group, weight * more)
        np.add.at(self._even, group, weight * expected)


def doubled(array: np.ndarray) -> np.ndarray:
    """Return an array with twice the room, the new half zero."""
    return np.concatenate([array, np.zeros_like(array)])
