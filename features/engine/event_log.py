"""Logs of what became known, indexed so that any window is two binary searches.

A log holds one row an event: when it became known, whom it concerns (its entities) and what was
seen (its values). For each entity the rows are sorted by entity and time and their values summed
up once; a window is then two binary searches and a subtraction, for a million rows and for a
single scoring call by the same code.

Exact by construction: sums are integers (fixed point, 1/65536), so they depend neither on the
order of the rows nor on what lies outside the window. A window holds what was known at or after
`as_of - days` and *before* `as_of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.ticks import MS_PER_DAY

FIXED_POINT = 65_536
EVERYTHING = "everything"
"""The entity that all rows share: its windows give the overall rates that shares are drawn to."""

MAX_POSITIONS = 2**62

_BULK_ROWS = 4_096
_NOWHERE = -(2**62)

Keys = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class LogRows:
    """The raw rows of one log; all arrays of one length.

    Attributes:
        known_at: Milliseconds since 1970, rounded up.
        keys: For each entity its text, None where the row has none.
        values: For each value a float, NaN where it was not recorded.
    """

    known_at: np.ndarray
    keys: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]

    def known_before(self, tick: int) -> "LogRows":
        """Return the rows that were known before a moment."""
        return self.take(self.known_at < tick)

    def known_from(self, tick: int) -> "LogRows":
        """Return the rows that became known at a moment or later."""
        return self.take(self.known_at >= tick)

    def take(self, rows: np.ndarray) -> "LogRows":
        """Return some of the rows."""
        return LogRows(
            self.known_at[rows],
            {name: key[rows] for name, key in self.keys.items()},
            {name: value[rows] for name, value in self.values.items()},
        )


class Vocabulary:
    """The names of every entity as codes, shared by the logs of one segment.

    Attributes:
        size: Codes given, over all entities.
    """

    def __init__(self) -> None:
        self.size = 0
        self._codes: dict[str, dict[str, int]] = {}
        self._words: dict[str, tuple[int, pd.Index]] = {}

    def learn(self, entity: str, keys: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Learn the names of an entity from several logs; return their codes, -1 for none."""
        local_codes, words = pd.factorize(np.concatenate(keys), use_na_sentinel=True)
        first, self.size = self.size, self.size + len(words)
        self._codes[entity] = {word: first + i for i, word in enumerate(words)}
        self._words[entity] = (first, pd.Index(words, dtype=object))
        codes = np.where(local_codes >= 0, local_codes + first, -1)
        return np.split(codes, np.cumsum([len(key) for key in keys])[:-1])

    def codes(self, entity: str, key: np.ndarray) -> np.ndarray | int:
        """Return the codes of names, -1 for those that were never seen."""
        codes = self._codes.get(entity)
        if not codes:
            return -1
        if len(key) == 1:
            return codes.get(key[0], -1)
        first, words = self._words[entity]
        local_codes = words.get_indexer(pd.Index(key, dtype=object))
        return np.where(local_codes >= 0, local_codes + first, -1)


class Windows:
    """Distinct triples of log, entity and days, laid out for one search.

    Attributes:
        triples: The triples.
        entities: The distinct entities.
        entities_of: By log the entities whose windows are looked at.
        pair_logs: (pairs, 1) for each distinct pair of log and entity the position of its log.
        pair_entities: For each pair the position of its entity.
        pairs: For each triple the position of its pair.
        lengths: (triples, 1) their lengths in ticks.
    """

    def __init__(
        self, triples: Sequence[tuple[str, str, float | None]], logs: Sequence[str]
    ) -> None:
        self.triples = list(dict.fromkeys(triples))
        self.entities = list(dict.fromkeys(entity for _, entity, _ in self.triples))
        pairs = list(dict.fromkeys((log, entity) for log, entity, _ in self.triples))
        self.entities_of = {log: [entity for own, entity in pairs if own == log] for log in logs}
        self.pair_logs = np.array([[logs.index(log)] for log, _ in pairs], np.int64)
        self.pair_entities = np.array([self.entities.index(entity) for _, entity in pairs], np.intp)
        self.pairs = np.array([pairs.index((log, e)) for log, e, _ in self.triples], np.intp)
        ever = 2**61
        lengths = [ever if d is None else int(d * MS_PER_DAY) for _, _, d in self.triples]
        self.lengths = np.array(lengths, np.int64).reshape(-1, 1)

    def find(self, log: str, entity: str, days: float | None) -> int:
        """Return the position of a triple."""
        return self.triples.index((log, entity, days))


class SortedRows(NamedTuple):
    """Rows of a log by entity, name and time: positions, and amounts in fixed point."""

    positions: np.ndarray
    amounts: np.ndarray


class Segment:
    """The rows of several logs, indexed for windows; (8 + 16 values) bytes an entity and row.

    Args:
        logs: The rows by log; those without rows are left out.
        values: For each log that is read its values, in order.
        entities: For each of these logs the entities that its rows are indexed by.
    """

    def __init__(
        self,
        logs: Mapping[str, LogRows],
        values: Mapping[str, Sequence[str]],
        entities: Mapping[str, Sequence[str]],
    ) -> None:
        self.vocabulary = Vocabulary()
        self._values = max((len(own) for own in values.values()), default=0)
        there = {n: logs[n] for n in values if n in logs and len(logs[n].known_at)}
        self.empty = not there
        if self.empty:
            return
        moments = [
            edge for rows in there.values() for edge in (rows.known_at.min(), rows.known_at.max())
        ]
        self._start = int(min(moments))
        self._span = int(max(moments)) - self._start + 2
        codes = self._codes(there, entities)
        self._refuse_overflow(len(values))
        places, amounts = [], []
        for position, name in enumerate(values):
            if name in there:
                recorded = [there[name].values[value] for value in values[name]]
                matched = self._sorted(there[name].known_at, codes[name], recorded)
                places.append(matched[0] + position * self.vocabulary.size * self._span)
                amounts.append(matched[1])
        self._positions = np.concatenate(places)
        self._sums = np.zeros((len(self._positions) + 1, 2 * self._values), np.int64)
        np.cumsum(np.concatenate(amounts), axis=0, out=self._sums[1:])

    def _codes(
        self, logs: Mapping[str, LogRows], entities: Mapping[str, Sequence[str]]
    ) -> dict[str, dict[str, np.ndarray]]:
        codes: dict[str, dict[str, np.ndarray]] = {name: {} for name in logs}
        keys = {
            name: {EVERYTHING: np.full(len(rows.known_at), "", object), **rows.keys}
            for name, rows in logs.items()
        }
        for entity in dict.fromkeys(entity for name in logs for entity in entities[name]):
            having = [name for name in logs if entity in entities[name] and entity in keys[name]]
            if not having:
                continue
            learned = self.vocabulary.learn(entity, [keys[name][entity] for name in having])
            for name, code in zip(having, learned, strict=True):
                codes[name][entity] = code
        return codes

    def _refuse_overflow(self, logs: int) -> None:
        codes = logs * self.vocabulary.size
        if codes * self._span >= MAX_POSITIONS:
            years = self._span / MS_PER_DAY / 365
            raise BadInputError(
                "known_at",
                f"{years:,.0f} years times {codes:,} customers, SKUs, ... are too many to index",
                "Look for a date centuries off: `python -m data describe` shows the period.",
            )

    def _sorted(
        self, known_at: np.ndarray, codes: Mapping[str, np.ndarray], values: Sequence[np.ndarray]
    ) -> SortedRows:
        """Sort one log's rows by entity, name and time."""
        ticks, amounts = known_at - self._start, _amounts(values, len(known_at), self._values)
        positions, rows = [], []
        # Codes rise from entity to entity, so entities one after the other are sorted as a whole.
        for code in sorted(codes.values(), key=lambda code: int(code.max(initial=-1))):
            present = np.flatnonzero(code >= 0)
            position = code[present] * self._span + ticks[present]
            order = np.argsort(position, kind="stable")
            positions.append(position[order])
            rows.append(present[order])
        return SortedRows(np.concatenate(positions), amounts[np.concatenate(rows)])

    def totals(self, windows: Windows, keys: Keys, as_of: np.ndarray) -> np.ndarray:
        """Sum up windows.

        Args:
            windows: What to sum up.
            keys: For each entity the texts that are asked for, n each.
            as_of: n ticks.

        Returns:
            Integers of shape (windows, 1 + 2 * values, n): the number of rows, then for each value
            of the log its sum in fixed point and the number of rows that recorded it.
        """
        codes = np.empty((len(windows.entities), len(as_of)), np.int64)
        for row, entity in enumerate(windows.entities):
            codes[row] = self.vocabulary.codes(entity, keys[entity])
        code = codes[windows.pair_entities]
        base = (code + windows.pair_logs * self.vocabulary.size) * self._span
        base[code < 0] = _NOWHERE
        now = as_of - self._start
        pairs = len(base)
        queries = np.empty((pairs + len(windows.pairs), len(now)), np.int64)
        queries[:pairs] = base + np.minimum(np.maximum(now, 0), self._span - 1)
        since = np.minimum(np.maximum(now - windows.lengths, 0), self._span - 1)
        queries[pairs:] = base[windows.pairs] + since
        positions = self._search(queries)
        begin, end = positions[pairs:], positions[windows.pairs]
        totals = np.empty((len(begin), 1 + self._sums.shape[1], len(now)), np.int64)
        totals[:, 0] = end - begin
        totals[:, 1:] = (self._sums[end] - self._sums[begin]).transpose(0, 2, 1)
        return totals

    def _search(self, queries: np.ndarray) -> np.ndarray:
        if queries.shape[1] < _BULK_ROWS:
            return np.searchsorted(self._positions, queries)
        matches = np.empty(queries.shape, np.int64)
        for row, query in enumerate(queries):
            # Sorted questions walk through memory once: four times as fast on a million rows.
            order = np.argsort(query)
            matches[row, order] = np.searchsorted(self._positions, query[order])
        return matches


def _amounts(values: Sequence[np.ndarray], n: int, most: int) -> np.ndarray:
    amounts = np.zeros((n, 2 * most), np.int64)
    for column, value in enumerate(values):
        recorded = np.isfinite(value)
        amounts[:, 2 * column] = np.rint(np.where(recorded, value, 0.0) * FIXED_POINT)
        amounts[:, 2 * column + 1] = recorded
    return amounts
