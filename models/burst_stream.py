"""The stream so far: what came, what is usual, and what speaks for a burst, kept in step."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.burst_clock import HOURS_A_WEEK, WeekClock
from models.burst_evidence import Evidence, extra_rates
from models.burst_keys import Keys
from models.burst_past import USUAL, Cause, Past, Rows
from models.burst_rates import Rates

WARM_UP_HOURS = HOURS_A_WEEK
"""Nothing is found in the first week: there is no usual yet."""


class Stream:
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
        self.clock, self.keys, self.past = WeekClock(), Keys(attributes), Past()
        self.rates = Rates(self.keys, self.clock)
        self._evidence = Evidence(extra_rates(fewest_members, longest_hours))
        self._longest_hours = longest_hours
        self._evidence.compile(self.rates)

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
            enough_hours: Of weighted evidence; see `models/burst_evidence.py`.
        """
        keys = self.keys_of(row)
        evidence = self._evidence.take(keys, self.rates)
        self.clock.count()
        if self.clock.exposed_hours < WARM_UP_HOURS:
            return []
        shares = self.keys.shares[self.rates.learned.group[keys]]
        found = keys[evidence * shares >= enough_hours].tolist()
        return [key for key in found if not self.rates.dominates(key)]

    def explained(self, rows: Sequence[int], part: float) -> None:
        """Say that rows which were counted belong to a burst, but for a part that is usual."""
        for row in rows:
            self.rates.see(self.keys_of(row), self.past.when(row), part - 1)

    def teach(self, row: int, seen_part: float, learned_part: float) -> None:
        """Learn the newest row, which belongs to a burst, as far as it is usual."""
        keys = self.keys_of(row)
        self._evidence.pass_time(keys, self.rates)
        self.rates.learn_member(keys, seen_part, learned_part)

    def longest_window(self) -> Rows:
        """Return the rows that a burst may have among those up to now."""
        return self.past.table(self.past.since_hours(self.clock.hours - self._longest_hours))

    def is_still_too_much(self, rows: Rows, key: int, cause: Cause, enough_hours: float) -> bool:
        """Weigh a key again without what bursts have explained since it was counted."""
        mine = rows.with_all(cause)
        if rows.unexplained[mine].all():
            return True
        hours, begin = rows.hours[mine & rows.unexplained], self.clock.hours - self._longest_hours
        rates = self.rates.along(key, hours, begin)
        evidence = self._evidence.replay(key, rates, np.diff(hours, prepend=begin))
        return bool(evidence * self.keys.shares[self.keys.group[key]] >= enough_hours)

    def start_anew(self, key: int) -> None:
        """Forget what spoke for a burst of a key: it has been explained."""
        self._evidence.clear(key)
