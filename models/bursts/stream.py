"""The stream so far: what came, what is usual, and what speaks for a burst, kept in step."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from data.ticks import HOURS_PER_WEEK
from models.bursts.arrivals import USUAL, ArrivalRows, Cause, RecentArrivals
from models.bursts.baseline_rate import Lesson
from models.bursts.keys import BurstKeys
from models.bursts.rates import Rates
from models.bursts.shiryaev_roberts import BurstStatistic, extra_rates
from models.bursts.weekly_clock import WeekClock

Ripe = tuple[int, np.ndarray, Lesson]
"""A row, its keys and what it teaches."""
WARM_UP_HOURS = HOURS_PER_WEEK
"""Nothing is found in the first week: there is no usual yet."""


class ArrivalModel:
    """All that is learned from arrivals, whatever becomes of them.

    Attributes:
        clock: The week's rhythm.
        keys: The values watched.
        past: The rows of the last weeks.
        rates: What is usual.
    """

    def __init__(
        self, attributes: frozenset[str] | None, fewest_members: int, longest_hours: float
    ) -> None:
        self.clock, self.keys, self.past = WeekClock(), BurstKeys(attributes), RecentArrivals()
        self.rates = Rates(self.keys, self.clock, longest_hours)
        self._evidence = BurstStatistic(extra_rates(fewest_members, longest_hours))
        self._longest_hours = longest_hours
        self._untaught: deque[Ripe] = deque()

    def go_to(self, tick: int) -> None:
        """Move on to a moment; one that is over already is taken for now."""
        self.clock.go_to(max(tick, self.clock.tick))
        factor = self.clock.rescale()
        if factor != 1.0:
            self.rates.rescale(factor)
            self.past.rescale(factor)

    def store(self, id_: str, values: Mapping[str, str], owner: int = USUAL) -> int:
        """Keep what arrives now; return its row."""
        return self.past.add(id_, self.clock, self.keys.codes(values), owner)

    def keys_of(self, row: int) -> np.ndarray:
        """Return the keys that a row counts for."""
        keys = self.keys.watched(self.past.codes(row))
        self.rates.grow()
        self._evidence.grow(len(self.keys))
        return np.array(keys, np.intp)

    def count(self, row: int, enough_hours: float) -> list[int]:
        """Count what has just arrived; return the keys of which there is too much.

        Args:
            row: The newest.
            enough_hours: Of weighted evidence; see `models/bursts/shiryaev_roberts.py`.
        """
        keys, evidence = self._take(row, 1.0)
        if self.clock.exposed_hours < WARM_UP_HOURS:
            self._evidence.clear(keys)  # it was weighed against rates that nobody knew yet
            return []
        shares = self.keys.shares[self.rates.learned.group[keys]]
        suspicious = keys[evidence * shares >= enough_hours].tolist()
        return [key for key in suspicious if not self.rates.dominates(key)]

    def count_member(self, row: int, seen_part: float) -> None:
        """Count what has just arrived and belongs to a burst, as far as it is usual."""
        self._take(row, min(seen_part, 0.999))

    def _take(self, row: int, seen_part: float) -> tuple[np.ndarray, np.ndarray]:
        keys = self.keys_of(row)
        evidence, lesson = self._evidence.take(keys, self.rates, seen_part)
        self._untaught.append((row, keys, lesson))
        return keys, evidence

    def ripe(self) -> Iterator[Ripe]:
        """Yield what has come to teach something: what is older than the longest window."""
        until = self.clock.hours - self._longest_hours
        while self._untaught and self.past.when(self._untaught[0][0]).hours < until:
            yield self._untaught.popleft()

    def teach(self, ripe: Ripe, part: float) -> None:
        """Learn an arrival, as far as it is usual."""
        row, keys, lesson = ripe
        when = self.past.when(row)
        if when.hours < WARM_UP_HOURS:
            # What was expected then was a guess: it tells nothing about unevenness.
            lesson = Lesson(np.zeros_like(lesson.more), np.zeros_like(lesson.expected))
        self.rates.learn(keys, lesson, when, part)
        self.clock.learn(when.hour_of_week, part * when.weight)

    def explained(self, rows: Sequence[int], part: float) -> None:
        """Say that rows which were counted belong to a burst, but for a part that is usual."""
        for row in rows:
            self.rates.see(self.keys_of(row), self.past.when(row), part - 1)

    def longest_window(self) -> ArrivalRows:
        """Return the rows that a burst may have among those up to now."""
        return self.past.table(self.past.since_hours(self.clock.hours - self._longest_hours))

    def is_still_too_much(
        self, rows: ArrivalRows, key: int, cause: Cause, enough_hours: float
    ) -> bool:
        """Weigh a key again without what bursts have explained since it was counted."""
        members = rows.with_all(cause)
        if rows.unexplained[members].all():
            return True
        hours, begin = (
            rows.hours[members & rows.unexplained],
            self.clock.hours - self._longest_hours,
        )
        rates = self.rates.along(key, hours, begin)
        evidence = self._evidence.replay(key, rates, np.diff(hours, prepend=begin))
        return bool(evidence * self.keys.shares[self.keys.group[key]] >= enough_hours)

    def start_anew(self, key: int) -> None:
        """Forget what spoke for a burst of a key: it has been explained."""
        self._evidence.clear(key)
