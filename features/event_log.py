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

import numpy as np
import pandas as pd

from data.domain import BadInputError
from features.ticks import TICKS_PER_DAY

FIXED_POINT = 65_536
EVERYTHING = "everything"
"""The entity that all rows share: its windows give the overall rates that shares are drawn to."""

MOST_PLACES = 2**62

_BULK_ROWS = 4_096

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


class EventLog:
    """The rows of a log, indexed for windows; 8 bytes an entity and row, 16 more for each value."""

    def __init__(self, rows: LogRows) -> None:
        self.values = tuple(rows.values)
        self._start = int(rows.known_at.min()) if len(rows.known_at) else 0
        self._span = (int(rows.known_at.max()) - self._start + 2) if len(rows.known_at) else 1
        self._vocabularies: dict[str, pd.Index] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._index(rows)

    def _index(self, rows: LogRows) -> None:
        ticks = rows.known_at - self._start
        amounts = _amounts(rows.values, len(ticks))
        sorted_keys, prefixes, first_code = [], [], 0
        for entity, key in {EVERYTHING: np.full(len(ticks), "", object), **rows.keys}.items():
            codes, vocabulary = pd.factorize(key, use_na_sentinel=True)
            present = np.flatnonzero(codes >= 0)
            place = (codes[present] + first_code) * self._span + ticks[present]
            order = np.argsort(place, kind="stable")
            sorted_keys.append(place[order])
            prefixes.append(amounts[present[order]])
            self._vocabularies[entity] = pd.Index(vocabulary, dtype=object)
            self._codes[entity] = {word: first_code + i for i, word in enumerate(vocabulary)}
            first_code += len(vocabulary)
        self._refuse_overflow(first_code)
        self._keys = np.concatenate(sorted_keys)
        self._sums = np.zeros((len(self._keys) + 1, amounts.shape[1]), np.int64)
        np.cumsum(np.concatenate(prefixes), axis=0, out=self._sums[1:])

    def _refuse_overflow(self, codes: int) -> None:
        if codes * self._span >= MOST_PLACES:
            years = self._span / TICKS_PER_DAY / 365
            raise BadInputError(
                "known_at",
                f"{years:,.0f} years times {codes:,} customers, SKUs, ... are too many to index",
                "Look for a date centuries off: `python -m data describe` shows the period.",
            )

    def _code(self, entity: str, key: np.ndarray) -> np.ndarray | int:
        """Return the codes of texts, -1 for those the log never saw."""
        codes = self._codes.get(entity)
        if not codes:
            return -1
        if len(key) == 1:
            return codes.get(key[0], -1)
        found = self._vocabularies[entity].get_indexer(pd.Index(key, dtype=object))
        return np.where(found >= 0, found + next(iter(codes.values())), -1)

    def totals(self, windows: "Windows", keys: Keys, as_of: np.ndarray) -> np.ndarray:
        """Sum up windows.

        Args:
            windows: What to sum up.
            keys: For each entity the texts that are asked for, n each.
            as_of: n ticks.

        Returns:
            Integers of shape (windows, n, 1 + 2 * values): the number of rows, then for each value
            its sum in fixed point and the number of rows that recorded it.
        """
        codes = np.empty((len(windows.entities), len(as_of)), np.int64)
        for row, entity in enumerate(windows.entities):
            codes[row] = self._code(entity, keys[entity])
        codes *= self._span
        now = as_of - self._start
        since = np.minimum(np.maximum(now - windows.lengths[:, None], 0), self._span - 1)
        places = np.empty((len(codes) + len(since), len(now)), np.int64)
        places[: len(codes)] = codes + np.minimum(np.maximum(now, 0), self._span - 1)
        places[len(codes) :] = codes[windows.rows] + since
        found = self._search(places)
        begin, end = found[len(codes) :], found[: len(codes)][windows.rows]
        totals = np.empty((*begin.shape, 1 + self._sums.shape[1]), np.int64)
        totals[:, :, 0] = end - begin
        totals[:, :, 1:] = self._sums[end] - self._sums[begin]
        return totals

    def _search(self, places: np.ndarray) -> np.ndarray:
        if places.shape[1] < _BULK_ROWS:
            return np.searchsorted(self._keys, places)
        found = np.empty(places.shape, np.int64)
        for row, place in enumerate(places):
            # Sorted questions walk through memory once: four times as fast on a million rows.
            order = np.argsort(place)
            found[row, order] = np.searchsorted(self._keys, place[order])
        return found


class Windows:
    """Distinct pairs of entity and days, laid out for one search.

    Attributes:
        pairs: The pairs.
        entities: The distinct entities.
        rows: For each pair the row of its entity.
        lengths: For each pair its length in ticks.
    """

    def __init__(self, pairs: Sequence[tuple[str, float | None]]) -> None:
        self.pairs = list(dict.fromkeys(pairs))
        self.entities = list(dict.fromkeys(entity for entity, _ in self.pairs))
        self.rows = np.array([self.entities.index(entity) for entity, _ in self.pairs], np.intp)
        ever = 2**61
        self.lengths = np.array(
            [ever if days is None else int(days * TICKS_PER_DAY) for _, days in self.pairs],
            np.int64,
        )

    def find(self, entity: str, days: float | None) -> int:
        """Return the position of a pair."""
        return self.pairs.index((entity, days))


def _amounts(values: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    columns = []
    for value in values.values():
        recorded = np.isfinite(value)
        columns += [
            np.rint(np.where(recorded, value, 0.0) * FIXED_POINT).astype(np.int64),
            recorded,
        ]
    return np.stack(columns, axis=1).astype(np.int64) if columns else np.zeros((n, 0), np.int64)
