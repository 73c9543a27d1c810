"""Bursts of exceptions with one cause, found as they come in.

Feed exceptions in order of detection; what is found depends on nothing else, least of all on a
clock. Every value (carrier, gateway, SKU, ...) and every value with a kind of exception is compared
with its usual rate (`models/burst_rates.py`); `models/burst_evidence.py` says when that is
too much, with at most so many false alarms a week as the policy allows. Then
`models/burst_cause.py` looks for what explains it and `models/burst_kinds.py` for what belongs to
it. What belongs to a burst is no evidence for another, and teaches nothing about what is usual.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import numpy as np

from data.incident_terms import IncidentTerms
from models.burst import Burst
from models.burst_cause import CauseFinder
from models.burst_clock import HOURS_A_WEEK, WeekClock
from models.burst_evidence import Evidence, extra_rates
from models.burst_keys import Keys
from models.burst_kinds import Kinds
from models.burst_past import USUAL, Cause, Past, Rows
from models.burst_rates import Rates
from models.burst_watch import Watched

__all__ = ["Arrival", "Burst", "Change", "Detector", "Kept"]

WARM_UP_HOURS = HOURS_A_WEEK
"""Nothing is found in the first week: there is no usual yet."""
LEAST_RATIO = 2.0
"""What comes less than twice as often as usual is not called a burst, however sure it is."""


@dataclass(frozen=True)
class Arrival:
    """One exception as it was detected.

    Attributes:
        id: Of the exception.
        tick: Milliseconds since 1970; one before its predecessor's counts as that.
        values: The names that it may share with others, from `models.burst_values.burst_values`.
    """

    id: str
    tick: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """What came of an arrival, or of time.

    Attributes:
        kind: `closed` when the value is back to its usual rate.
        burst: As it is now.
        members: Who joined: all so far when it is opened, none when it is closed.
    """

    kind: Literal["opened", "joined", "closed"]
    burst: Burst
    members: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An open burst as it was kept, to go on with after a restart.

    Attributes:
        id: As given by the detector.
        cause: As in `Burst`.
        since_ms: As in `Burst`.
        opened_ms: As in `Burst`.
        left: Exceptions that people took out of it.
        left_values: Attributes and values that people took out of it.
    """

    id: str
    cause: tuple[tuple[str, str], ...]
    since_ms: int
    opened_ms: int
    left: tuple[str, ...] = ()
    left_values: tuple[tuple[str, str], ...] = ()


class Detector:
    """Finds bursts in one stream of exceptions. Not safe to be called by two threads at once.

    Attributes:
        bursts: The open ones, by id.
    """

    def __init__(self, terms: IncidentTerms) -> None:
        self._terms = terms
        wanted = None if terms.attributes == "all" else frozenset(terms.attributes)
        self._clock, self._keys, self._past = WeekClock(), Keys(wanted), Past()
        self._rates = Rates(self._keys, self._clock)
        self._evidence = Evidence(extra_rates(terms.fewest_members, terms.longest_hours))
        self._finder = CauseFinder(self._keys, self._rates, self._past, terms.explains)
        self._enough = HOURS_A_WEEK / terms.false_alarms_per_week
        self._open: dict[str, Watched] = {}
        self._owners: dict[str, int] = {}

    @property
    def bursts(self) -> dict[str, Burst]:
        """Open bursts by id."""
        return {id_: watched.burst for id_, watched in self._open.items()}

    def learn(self, arrival: Arrival, member_of: str | None = None) -> None:
        """Take an exception of the past, without looking for bursts.

        Args:
            arrival: In order of detection, before all that are observed.
            member_of: The burst that it belongs to or once belonged to; it is not usual then.
        """
        self._go_to(arrival.tick)
        owner = USUAL if member_of is None else self._owner(member_of)
        self._store(arrival, owner)
        if owner == USUAL:
            self._count(self._past.end - 1)

    def adopt(self, kept: Kept) -> None:
        """Go on with an open burst whose members were learned."""
        codes = [self._keys.key_of(attribute, value) for attribute, value in kept.cause]
        cause = tuple((self._keys.column_of(code), code) for code in codes)
        begin = self._past.since_tick(kept.since_ms)
        burst = Burst(
            id=kept.id,
            cause=kept.cause,
            since_ms=kept.since_ms,
            opened_ms=kept.opened_ms,
            last_ms=kept.since_ms,
        )
        watched = self._open[kept.id] = self._watched(burst, cause, begin)
        watched.left |= set(kept.left)
        watched.left_codes |= {self._keys.key_of(a, v) for a, v in kept.left_values}
        rows, owner = self._past.table(begin), self._owner(kept.id)
        for at in np.flatnonzero(rows.with_all(cause)).tolist():
            watched.kinds.see(rows.codes[at])
            if rows.owners[at] == owner:
                self._add(watched, begin + at)
        watched.renew(self._clock.hours)

    def observe(self, arrival: Arrival) -> list[Change]:
        """Take an exception as it is detected; return what it changes, mostly nothing."""
        changes = self.advance(arrival.tick)
        row = self._store(arrival, USUAL)
        joined = self._join(row)
        if joined is not None:
            return [*changes, Change("joined", joined.burst, (arrival.id,))]
        keys, evidence = self._count(row)
        if self._clock.exposed_hours >= WARM_UP_HOURS:
            enough = evidence * self._keys.shares()[self._rates.group[keys]] >= self._enough
            for key in keys[enough & ~self._rates.dominating(keys)].tolist():
                changes += self._look_into(key)
        return changes

    def advance(self, tick: int) -> list[Change]:
        """Move on to a moment; return the bursts that are over by then."""
        self._go_to(tick)
        over = [w for w in self._open.values() if w.is_over(self._clock.hours)]
        for watched in over:
            self._end(watched)
        return [Change("closed", watched.burst) for watched in over]

    def exclude(self, burst_id: str, ids: Iterable[str]) -> list[str]:
        """Take members out of a burst; they never come back to it. Return who left.

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
        watched.renew(self._clock.hours)
        return [self._past.id(row) for row in rows]

    def exclude_value(self, burst_id: str, attribute: str, value: str) -> list[str]:
        """Take all members with a value out of a burst, and those to come. Return who left."""
        watched = self._open[burst_id]
        code = self._keys.key_of(attribute, value)
        watched.left_codes.add(code)
        rows = self._past.named(set(watched.burst.members))
        return self.exclude(
            burst_id, [self._past.id(row) for row in rows if code in self._past.codes(row)]
        )

    def close(self, burst_id: str) -> None:
        """End a burst that a person says is over; its value may burst again, as another one."""
        self._end(self._open[burst_id])

    def _go_to(self, tick: int) -> None:
        self._clock.go_to(max(tick, self._clock.tick))
        factor = self._clock.rescale()
        if factor != 1.0:
            self._rates.rescale(factor)
            self._past.rescale(factor)

    def _store(self, arrival: Arrival, owner: int) -> int:
        codes = self._keys.codes(arrival.values)
        return self._past.add(arrival.id, self._clock, codes, owner)

    def _count(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Count an arrival for all its keys; return them with the evidence of each."""
        keys = np.array(self._keys.watched(self._past.codes(row)), np.intp)
        self._rates.grow()
        self._evidence.grow(len(self._keys))
        rates, since = self._rates.given_today(keys)
        evidence = self._evidence.take(keys, rates, since)
        self._rates.count(keys)
        self._clock.count()
        return keys, evidence

    def _join(self, row: int) -> Watched | None:
        """Let an arrival join the first open burst that takes it; all with its value count it."""
        codes, taken_by = self._past.codes(row), None
        for watched in self._with_value(codes):
            watched.kinds.see(codes)
            if taken_by is None and watched.takes(self._past.id(row), codes, self._clock.hours):
                taken_by = watched
        if taken_by is not None:
            self._past.own(np.array([row]), self._owner(taken_by.burst.id))
            self._add(taken_by, row)
            keys = np.array(self._keys.watched(codes), np.intp)
            self._rates.grow()
            self._evidence.grow(len(self._keys))
            self._rates.see(keys, self._past.when(row), taken_by.usual_part)
            self._rates.learn(keys, self._past.when(row), taken_by.taught_part)
        return taken_by

    def _with_value(self, codes: np.ndarray) -> list[Watched]:
        if not self._open:
            return []
        return [watched for watched in self._open.values() if watched.has_value(codes)]

    def _add(self, watched: Watched, row: int) -> None:
        watched.join(self._past.id(row), self._past.tick(row), self._past.when(row).hours)

    def _look_into(self, key: int) -> list[Change]:
        """Find out why there is too much of a key; open a burst, or let one take what it missed."""
        now = self._clock.hours
        begin_hours = now - self._terms.longest_hours
        rows = self._past.table(self._past.since_hours(begin_hours))
        if not self._still_too_much(rows, key, begin_hours):
            return []
        fewest = self._terms.fewest_members
        start = self._finder.start(rows, self._finder.cause_of(key), fewest, now)
        self._evidence.clear(key)
        if start < 0:
            return []
        cause = self._finder.explain(self._past.table(start), key, now)
        open_already = next((w for w in self._open.values() if w.cause == cause), None)
        if open_already is not None:
            return self._take_missed(open_already)
        start = self._finder.start(rows, cause, fewest, now)
        return self._opened(cause, start) if start >= 0 else []

    def _still_too_much(self, rows: Rows, key: int, begin_hours: float) -> bool:
        """Weigh a key again without what open bursts have explained since it was first counted."""
        mine = rows.with_all(self._finder.cause_of(key))
        if rows.unexplained[mine].all():
            return True
        hours = rows.hours[mine & rows.unexplained]
        rates = self._rates.along(key, hours, begin_hours)
        evidence = self._evidence.replay(key, rates, np.diff(hours, prepend=begin_hours))
        share = self._keys.shares()[self._keys.group[key]]
        return bool(evidence * share >= self._enough)

    def _opened(self, cause: Cause, start: int) -> list[Change]:
        names = tuple(self._keys.names[code][0] for _, code in cause)
        since, now = self._past.tick(start), self._clock.tick
        burst = Burst(
            id=_burst_id(names, since, now),
            cause=names,
            since_ms=since,
            opened_ms=now,
            last_ms=since,
        )
        watched = self._watched(burst, cause, start)
        rows = self._past.table(start)
        for at in np.flatnonzero(rows.with_all(cause) & rows.unexplained).tolist():
            watched.kinds.see(rows.codes[at])
        members = self._belonging(watched)
        most_usual = watched.expected_members(self._clock.hours)
        if len(members) < max(self._terms.fewest_members, LEAST_RATIO * most_usual):
            return []
        self._open[burst.id] = watched
        return [Change("opened", burst, self._let_join(watched, members))]

    def _take_missed(self, watched: Watched) -> list[Change]:
        joined = self._let_join(watched, self._belonging(watched))
        return [Change("joined", watched.burst, joined)] if joined else []

    def _belonging(self, watched: Watched) -> list[int]:
        """Return the unexplained rows since a burst began that belong to it."""
        rows, now = self._past.table(watched.begin), self._clock.hours
        mine = np.flatnonzero(rows.with_all(watched.cause) & rows.unexplained) + watched.begin
        return [
            row
            for row in mine.tolist()
            if watched.takes(self._past.id(row), self._past.codes(row), now)
        ]

    def _let_join(self, watched: Watched, rows: list[int]) -> tuple[str, ...]:
        self._past.own(np.array(rows, np.intp), self._owner(watched.burst.id))
        for row in rows:
            self._add(watched, row)
        watched.renew(self._clock.hours)
        for row in rows:
            keys = np.array(self._keys.watched(self._past.codes(row)), np.intp)
            self._rates.see(keys, self._past.when(row), watched.usual_part - 1)
        return tuple(self._past.id(row) for row in rows)

    def _watched(self, burst: Burst, cause: Cause, begin: int) -> Watched:
        past = self._past.table(self._past.first, begin)
        usual = past.codes[past.with_all(cause) & past.unexplained]
        taken = {column for column, _ in cause}
        columns = [column for column in self._keys.kind_columns if column not in taken]
        kinds = Kinds(self._keys.names, columns, usual, past.codes)
        rate, _ = self._finder.rate(cause, begin)
        watched = Watched(burst, cause, kinds, begin, self._terms.longest_hours)
        watched.begins(self._past.when(begin).hours, rate, usual)
        return watched

    def _end(self, watched: Watched) -> None:
        del self._open[watched.burst.id]

    def _owner(self, burst_id: str) -> int:
        return self._owners.setdefault(burst_id, len(self._owners))


def _burst_id(cause: tuple[tuple[str, str], ...], since_ms: int, opened_ms: int) -> str:
    named = repr((cause, since_ms, opened_ms)).encode()
    return f"b-{sha256(named).hexdigest()[:16]}"
