"""Usual rates of all watched values, learned as `models/bursts/baseline_rate.py` says."""

from dataclasses import dataclass

import numpy as np

from data.ticks import HOURS_PER_WEEK
from models.bursts.baseline_rate import (
    SPANS_HOURS,
    BaselineRate,
    ClockReading,
    Lesson,
    learn_arrival,
    shapes,
    usual_rate,
)
from models.bursts.keys import BurstKeys
from models.bursts.weekly_clock import WeekClock

MAX_SHARE_TO_WATCH = 0.8
"""A value of a larger share of all exceptions is not looked at."""
_FIRST_ROOM = 1_024
_FIRST_GROUPS = 64
_MAX_HOURS_SINCE = 12.0
_BY_KEY = (
    "group",
    "first",
    "second",
    "slot",
    "counted",
    "at_hours",
    "observed",
    "arrived",
    "expected",
)
_BY_GROUP = ("values", "group_count", "uneven", "even")


@dataclass(frozen=True)
class ClockMoment:
    """A moment on the week clock: its hours, its weight and its hour of the week."""

    hours: float
    weight: float
    hour_of_week: int


class Rates:
    """Usual rates of keys.

    Attributes:
        learned: Arrays that the functions of `baseline_rate` read and write.
    """

    def __init__(self, keys: BurstKeys, clock: WeekClock, lag_hours: float) -> None:
        """Begin with nothing; arrivals will be learned `lag_hours` after they came."""
        self._keys, self._clock, self._lag_hours = keys, clock, lag_hours
        self._key_count = self._slots = 0
        self.arrivals = 0.0
        self.learned = BaselineRate(
            group=np.zeros(_FIRST_ROOM, np.intp),
            first=np.zeros(_FIRST_ROOM, np.intp),
            second=np.zeros(_FIRST_ROOM, np.intp),
            slot=np.zeros(_FIRST_ROOM, np.intp),
            counted=np.zeros(_FIRST_ROOM),
            at_hours=np.zeros(_FIRST_ROOM),
            observed=np.zeros((_FIRST_ROOM, 2)),
            arrived=np.zeros((_FIRST_ROOM, 2)),
            expected=np.zeros((_FIRST_ROOM, 2)),
            of_hour=np.zeros((_FIRST_ROOM, HOURS_PER_WEEK), np.float32),
            values=np.zeros(_FIRST_GROUPS, np.intp),
            group_count=np.zeros(_FIRST_GROUPS),
            uneven=np.zeros((_FIRST_GROUPS, 2)),
            even=np.zeros((_FIRST_GROUPS, 2)),
        )

    @property
    def now(self) -> ClockReading:
        """The present, as the functions of `baseline_rate` read it."""
        clock = self._clock
        hour = clock.hour_of_week
        return ClockReading(
            clock.hours, clock.weight, max(clock.exposed_hours - self._lag_hours, 1.0), hour,
            float(clock.rhythm[hour]), float(clock.rhythm_of_day[hour % 24]), self.arrivals,
        )  # fmt: skip

    def grow(self) -> None:
        """Make room for keys that are new. Any of them could have come since the start."""
        keys, first = self._keys, self._key_count
        if len(keys) == first:
            return
        self._double(_BY_KEY, len(keys))
        self._double(_BY_GROUP, len(keys.values_of_group))
        for key in range(first, len(keys)):
            self._begin(key, *keys.parents[key])
        self.learned.values[: len(keys.values_of_group)] = keys.values_of_group
        self._key_count = len(keys)

    def _begin(self, key: int, first: int, second: int) -> None:
        learned = self.learned
        learned.group[key] = self._keys.group[key]
        learned.first[key], learned.second[key] = first, second
        if first < 0:
            self._double(("of_hour",), self._slots + 1)
            learned.slot[key] = self._slots
            self._slots += 1

    def _double(self, names: tuple[str, ...], size: int) -> None:
        while len(getattr(self.learned, names[0])) < size:
            wider = {name: doubled(getattr(self.learned, name)) for name in names}
            self.learned = self.learned._replace(**wider)

    def along(self, key: int, hours: np.ndarray, observed_from: float) -> np.ndarray:
        """Return what `rates_today` would have said of one key at each of some arrivals.

        Args:
            key: Whose arrivals; its usual rate is taken as it is now.
            hours: When, on the week clock, in order.
            observed_from: From when on the arrivals are all of its arrivals.
        """
        keys, spans = np.array([key]), np.array(SPANS_HOURS)
        rate = float(usual_rate(keys, self.learned, self.now)[0])
        k = shapes(keys, self.learned, self.now)[0]
        observed, expected = np.zeros(2), rate * spans
        factors = np.ones(len(hours))
        for at, gap in enumerate(np.diff(hours, prepend=observed_from)):
            observed *= np.exp(-gap / spans)
            factors[at] = max(((k + observed) / (k + expected)).max(), 1.0)
            observed += 1
        return rate * factors

    def least_shape(self, keys: list[int]) -> float:
        """Return the smallest of the shapes of some keys: the most uneven."""
        return float(shapes(np.array(keys), self.learned, self.now).min())

    def see(self, keys: np.ndarray, when: ClockMoment, part: float) -> None:
        """Let a part of an arrival stand for what the day has brought; a negative one undoes it."""
        learned = self.learned
        later = np.minimum(when.hours - learned.at_hours[keys], _MAX_HOURS_SINCE)[:, None]
        observed = learned.observed[keys] + part * np.exp(later / np.array(SPANS_HOURS))
        learned.observed[keys] = np.maximum(observed, 0)

    def learn(self, keys: np.ndarray, lesson: Lesson, when: ClockMoment, part: float) -> None:
        """Learn an arrival of some days ago, as far as it is usual.

        What has just come teaches nothing yet, else a burst would soon be taken for usual.
        """
        weight = when.weight
        self.arrivals += part * weight
        learn_arrival(keys, self.learned, lesson, part, weight, when.hour_of_week)

    def dominates(self, key: int) -> bool:
        """Say whether nearly all exceptions have a value of the key: it explains nothing."""
        learned = self.learned
        parents = (learned.first[key], learned.second[key])
        values = [key] if parents[0] < 0 else parents
        return bool(max(learned.counted[v] for v in values) > MAX_SHARE_TO_WATCH * self.arrivals)

    def rescale(self, factor: float) -> None:
        """Multiply all weights."""
        for name in ("counted", "of_hour", "group_count", "uneven", "even"):
            array = getattr(self.learned, name)
            array *= factor
        self.arrivals *= factor


def doubled(array: np.ndarray) -> np.ndarray:
    """Return an array with twice the room, the new half zero."""
    return np.concatenate([array, np.zeros_like(array)])
