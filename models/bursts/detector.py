"""Bursts of exceptions with one cause, found as they come in.

Feed exceptions in order of detection; what is found depends on nothing else, least of all on a
clock. Every value (carrier, gateway, SKU, ...) and every value with a kind of exception is compared
with its usual rate (`models/bursts/baseline_rate.py`); `models/bursts/shiryaev_roberts.py` says
when that is too much, with at most so many false alarms a week as the policy allows. Then
`models/bursts/cause.py` looks for what explains it and `models/bursts/kinds.py` for what belongs to
it. What belongs to a burst is no evidence for another.
"""

from collections.abc import Iterable
from hashlib import sha256

import numpy as np

from data.policy.incidents import IncidentTerms
from data.ticks import HOURS_PER_WEEK
from models.bursts.arrivals import USUAL, Cause
from models.bursts.burst import Arrival, Burst, BurstChange, StoredBurst
from models.bursts.cause import CauseFinder
from models.bursts.keys import NOTHING
from models.bursts.kinds import KindCounts
from models.bursts.open_burst import OpenBurst
from models.bursts.stream import ArrivalModel

__all__ = ["Arrival", "Burst", "BurstChange", "Detector", "StoredBurst"]

MAX_MEMBERS_TAUGHT = 20
"""Members of one burst that teach what is usual."""
MORE_OF_A_KIND = 2
"""So many times the fewest members make a burst that is nothing but a kind of exception: what they
have in common may show by then."""
MIN_RATIO_TO_USUAL = 2.0
"""What comes less than twice as often as usual is not called a burst, however sure it is."""


class Detector:
    """Finds bursts in one stream of exceptions. Not safe to be called by two threads at once."""

    def __init__(self, terms: IncidentTerms) -> None:
        self._terms = terms
        attributes = None if terms.attributes == "all" else frozenset(terms.attributes)
        self._stream = ArrivalModel(attributes, terms.fewest_members, terms.longest_hours)
        self._past, self._keys = self._stream.past, self._stream.keys
        self._finder = CauseFinder(self._keys, self._stream.rates, self._past, terms.explains)
        self._enough = HOURS_PER_WEEK / terms.false_alarms_per_week
        self._open: dict[str, OpenBurst] = {}
        self._owners: dict[str, int] = {}
        self._taught: dict[int, int] = {}
        self._left: dict[Cause, set[str]] = {}

    @property
    def bursts(self) -> dict[str, Burst]:
        """Open bursts by id."""
        return {id_: watched.burst for id_, watched in self._open.items()}

    def learn(self, arrival: Arrival, member_of: str | None = None) -> None:
        """Take an exception of the past, without looking for bursts.

        Args:
            arrival: In order of detection, before all that are observed.
            member_of: The burst that it belongs, or once belonged to.
        """
        self._go_to(arrival.tick)
        if member_of is None:
            self._stream.count(self._stream.store(arrival.id, arrival.values), self._enough)
        else:
            owner = self._owner(member_of)
            row = self._stream.store(arrival.id, arrival.values, owner)
            self._stream.count_member(row, 0.0)

    def adopt(self, stored: StoredBurst) -> None:
        """Go on with an open burst whose members were learned, if its cause is still looked at."""
        codes = [self._keys.key_of(attribute, value) for attribute, value in stored.cause]
        begin = self._past.since_tick(stored.since_ms)
        if NOTHING in codes or begin == self._past.end:
            return
        cause = tuple((self._keys.column_of(code), code) for code in codes)
        burst = Burst(
            id=stored.id,
            cause=stored.cause,
            since_ms=stored.since_ms,
            opened_ms=stored.opened_ms,
            last_ms=stored.since_ms,
        )
        self._left.setdefault(cause, set()).update(stored.left)
        watched = self._open[stored.id] = self._watched(burst, cause, begin)
        watched.left_codes |= {self._keys.key_of(a, v) for a, v in stored.left_values}
        rows, owner = self._past.table(begin), self._owner(stored.id)
        for at in np.flatnonzero(rows.with_all(cause)).tolist():
            watched.kinds.see(rows.codes[at])
            if rows.owners[at] == owner:
                self._add(watched, begin + at)
        watched.begins_to_doubt()
        watched.renew(self._stream.clock.hours)

    def observe(self, arrival: Arrival) -> list[BurstChange]:
        """Take an exception as it is detected; return what it changes, mostly nothing."""
        changes = self.advance(arrival.tick)
        row = self._stream.store(arrival.id, arrival.values)
        joined = self._join(row)
        if joined is not None:
            return [*changes, BurstChange("joined", joined.burst, (arrival.id,))]
        for key in self._stream.count(row, self._enough):
            changes += self._look_into(key)
        return changes

    def advance(self, tick: int) -> list[BurstChange]:
        """Move on to a moment; return the bursts that are over by then."""
        self._go_to(tick)
        over = [w for w in self._open.values() if w.is_over(self._stream.clock.hours)]
        for watched in over:
            self.close(watched.burst.id)
        return [BurstChange("closed", watched.burst) for watched in over]

    def exclude(self, burst_id: str, ids: Iterable[str]) -> list[str]:
        """Take members out of a burst; they never come back to its cause. Return who left.

        They may belong to another burst, with another cause.
        """
        watched = self._open[burst_id]
        gone = {id_ for id_ in ids if id_ in watched.burst.members}
        watched.left |= gone
        rows = self._past.named(gone)
        self._past.own(np.array(rows, np.intp), USUAL)
        for row in rows:
            watched.kinds.unsee(self._past.codes(row))
        for id_ in gone:
            del watched.burst.members[id_]
        watched.renew(self._stream.clock.hours)
        return [self._past.id(row) for row in rows]

    def exclude_value(self, burst_id: str, attribute: str, value: str) -> list[str]:
        """Take all members with a value out of a burst, and those to come. Return who left."""
        watched = self._open[burst_id]
        code = self._keys.key_of(attribute, value)
        watched.left_codes.add(code)
        rows = self._past.named(set(watched.burst.members))
        ids = [self._past.id(row) for row in rows if code in self._past.codes(row)]
        return self.exclude(burst_id, ids)

    def close(self, burst_id: str) -> None:
        """End a burst that is over; its value may burst again, as another one."""
        del self._open[burst_id]

    def _go_to(self, tick: int) -> None:
        """Move on; what is older than the longest window teaches what is usual.

        All of a small burst does, since what bursts every day is usual; but of a large one only
        the first members: it must not hide the next for weeks.
        """
        self._stream.go_to(tick)
        for ripe in self._stream.ripe():
            owner = self._past.owner(ripe[0])
            taught = self._taught.get(owner, 0)
            if owner != USUAL:
                self._taught[owner] = taught + 1
            self._stream.teach(ripe, float(taught < MAX_MEMBERS_TAUGHT))

    def _join(self, row: int) -> OpenBurst | None:
        """Let an arrival join the first open burst that takes it; all with its value count it."""
        codes, taken_by = self._past.codes(row), None
        for watched in self._open.values():
            if watched.has_value(codes):
                watched.kinds.see(codes)
                if taken_by is None and self._takes(watched, row):
                    taken_by = watched
        if taken_by is not None:
            self._past.own(np.array([row]), self._owner(taken_by.burst.id))
            self._add(taken_by, row)
            self._stream.count_member(row, taken_by.usual_part)
        return taken_by

    def _takes(self, watched: OpenBurst, row: int) -> bool:
        hours = self._stream.clock.hours
        return watched.takes(self._past.id(row), self._past.codes(row), hours)

    def _add(self, watched: OpenBurst, row: int) -> None:
        watched.join(self._past.id(row), self._past.tick(row), self._past.when(row).hours)

    def _look_into(self, key: int) -> list[BurstChange]:
        """Find out why there is too much of a key; open a burst, or let one take what it missed."""
        rows, whole = self._stream.longest_window(), self._finder.cause_of(key)
        if not self._stream.is_still_too_much(rows, key, whole, self._enough):
            return []
        now, fewest = self._stream.clock.hours, self._terms.fewest_members
        start = self._finder.start(rows, whole, fewest, now)
        if start < 0:
            return []
        cause = self._finder.explain(self._past.table(start), key, now)
        open_already = next((w for w in self._open.values() if w.cause == cause), None)
        if open_already is not None:
            self._stream.start_anew(key)
            joined = self._let_join(open_already, self._belonging(open_already))
            return [BurstChange("joined", open_already.burst, joined)] if joined else []
        if all(column in self._keys.kind_columns for column, _ in cause):
            fewest *= MORE_OF_A_KIND
        start = self._finder.start(rows, cause, fewest, now)
        if start < 0:
            return []
        self._stream.start_anew(key)
        return self._opened(cause, start)

    def _opened(self, cause: Cause, start: int) -> list[BurstChange]:
        names = tuple(self._keys.names[code][0] for _, code in cause)
        since, now = self._past.tick(start), self._stream.clock.tick
        id_ = _burst_id(names, since, now)
        burst = Burst(id=id_, cause=names, since_ms=since, opened_ms=now, last_ms=since)
        watched = self._watched(burst, cause, start)
        rows = self._past.table(start)
        for at in np.flatnonzero(rows.with_all(cause) & rows.unexplained).tolist():
            watched.kinds.see(rows.codes[at])
        members = self._belonging(watched)
        usual = watched.expected_members(self._stream.clock.hours)
        if len(members) < max(self._terms.fewest_members, MIN_RATIO_TO_USUAL * usual):
            return []
        self._open[id_] = watched
        return [BurstChange("opened", burst, self._let_join(watched, members))]

    def _belonging(self, watched: OpenBurst) -> list[int]:
        """Return the unexplained rows since a burst began that belong to it."""
        rows = self._past.table(watched.begin)
        members = np.flatnonzero(rows.with_all(watched.cause) & rows.unexplained) + watched.begin
        return [row for row in members.tolist() if self._takes(watched, row)]

    def _let_join(self, watched: OpenBurst, rows: list[int]) -> tuple[str, ...]:
        self._past.own(np.array(rows, np.intp), self._owner(watched.burst.id))
        for row in rows:
            self._add(watched, row)
        watched.begins_to_doubt()
        watched.renew(self._stream.clock.hours)
        self._stream.explained(rows, watched.usual_part)
        return tuple(self._past.id(row) for row in rows)

    def _watched(self, burst: Burst, cause: Cause, begin: int) -> OpenBurst:
        past = self._past.table(self._past.first, begin)
        usual = past.codes[past.with_all(cause) & past.unexplained]
        taken = {column for column, _ in cause}
        columns = [column for column in self._keys.kind_columns if column not in taken]
        kinds = KindCounts(self._keys.names, columns, usual, past.codes)
        watched = OpenBurst(
            burst=burst,
            cause=cause,
            kinds=kinds,
            begin=begin,
            longest_hours=self._terms.longest_hours,
        )
        watched.left = self._left.setdefault(cause, set())
        rate = self._finder.rate(cause, begin).per_hour
        watched.begins(self._past.when(begin).hours, rate, usual)
        return watched

    def _owner(self, burst_id: str) -> int:
        return self._owners.setdefault(burst_id, len(self._owners))


def _burst_id(cause: tuple[tuple[str, str], ...], since_ms: int, opened_ms: int) -> str:
    named = repr((cause, since_ms, opened_ms)).encode()
    return f"b-{sha256(named).hexdigest()[:16]}"
