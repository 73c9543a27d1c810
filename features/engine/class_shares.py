"""Shares of each class (a team, a category) among the past outcomes of an entity.

With dozens of classes only few are in question for one exception: those that its type, customer,
SKU or first team ended in lately. This finds these candidates and counts, for each, how often it
came out for each entity. The clock counts in whole seconds, rounded against seeing the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.ticks import MS_PER_DAY, MS_PER_SECOND
from features.engine.event_log import Keys, LogRows

LABEL = "label"
"""The value of the log rows that holds the code of the class."""

RECENT_DAYS = 28
DRAWS = 5
_BULK_ROWS = 4_096


@dataclass(frozen=True)
class ShareCounts:
    """Counts for n subjects, E entities and K candidates.

    Attributes:
        pairs: (2, n, E, K) times that the candidate came out for the entity: lately, ever.
        rows: (2, n, E) times that anything came out for the entity: lately, ever.
    """

    pairs: np.ndarray
    rows: np.ndarray


class CountedCandidates(NamedTuple):
    """Candidate classes of n subjects: (n, most) distinct codes, and their counts."""

    codes: np.ndarray
    counts: ShareCounts


class _ShareSegment:
    """Labelled rows, sorted by entity and time, and by entity, class and time."""

    def __init__(self, rows: LogRows, entities: Sequence[str], classes: int) -> None:
        seconds = -(-rows.known_at // MS_PER_SECOND)
        self._start = int(seconds.min())
        self._span = int(seconds.max()) - self._start + 2
        self._classes = classes
        self._codes: list[dict[str, int]] = []
        self._vocabularies: list[pd.Index] = []
        self._firsts: list[int] = []
        label = rows.values[LABEL].astype(np.int64)
        positions, pair, first = [], [], 0
        for entity in entities:
            codes, words = pd.factorize(rows.keys[entity], use_na_sentinel=True)
            named = np.flatnonzero(codes >= 0)
            code, ticks = codes[named] + first, seconds[named] - self._start
            positions.append(np.stack([code * self._span + ticks, label[named]]))
            pair.append((code * classes + label[named]) * self._span + ticks)
            self._codes.append({word: first + i for i, word in enumerate(words)})
            self._vocabularies.append(pd.Index(words, dtype=object))
            self._firsts.append(first)
            first += len(words)
        sorted_positions = np.concatenate(positions, axis=1)
        order = np.lexsort((sorted_positions[1], sorted_positions[0]))
        self._positions = sorted_positions[0, order]
        self._labels = np.append(sorted_positions[1, order], -1)  # one more: there may be no row
        self._pairs = np.sort(np.concatenate(pair))

    def codes(self, keys: Sequence[np.ndarray]) -> np.ndarray:
        """Return (n, E) codes, -1 for what was never seen."""
        if len(keys[0]) == 1:
            each = zip(self._codes, keys, strict=True)
            return np.array([[codes.get(key[0], -1) for codes, key in each]])
        matches = [
            v.get_indexer(pd.Index(key)) for v, key in zip(self._vocabularies, keys, strict=True)
        ]
        columns = [
            np.where(f >= 0, f + first, -1) for f, first in zip(matches, self._firsts, strict=True)
        ]
        return np.stack(columns, axis=1)

    def edges(self, as_of: np.ndarray) -> np.ndarray:
        """Return (3, n): now, the begin of lately, the begin of everything; on the own clock."""
        edges = np.zeros((3, len(as_of)), np.int64)
        edges[0] = as_of // MS_PER_SECOND - self._start
        edges[1] = edges[0] - RECENT_DAYS * MS_PER_DAY // MS_PER_SECOND
        return np.minimum(np.maximum(edges, 0), self._span - 1)

    def find_rows(self, codes: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """Return (3, n, E) positions in the rows sorted by entity and time."""
        return _search(self._positions, codes[None] * self._span + edges[:, :, None])

    def last_labels(self, positions: np.ndarray) -> np.ndarray:
        """Return (n, E, draws) classes that came out last, -1 where there were fewer."""
        position = positions[0][..., None] - 1 - np.arange(DRAWS)
        labels = self._labels[np.maximum(position, 0)]
        return np.where(position >= positions[2][..., None], labels, -1)

    def find_pairs(
        self, codes: np.ndarray, edges: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """Return (3, n, E, K) positions in the rows sorted by entity, class and time."""
        pair = codes[:, :, None] * self._classes + candidates[:, None, :]
        pair = np.where(codes[:, :, None] < 0, -1, pair)
        return _search(self._pairs, pair[None] * self._span + edges[:, :, None, None])


def _search(sorted_positions: np.ndarray, queries: np.ndarray) -> np.ndarray:
    if queries.size < _BULK_ROWS:
        return np.searchsorted(sorted_positions, queries)
    flat = queries.ravel()
    order = np.argsort(flat)  # sorted questions walk through memory once
    positions = np.empty(len(flat), np.int64)
    positions[order] = np.searchsorted(sorted_positions, flat[order])
    return positions.reshape(queries.shape)


class ClassShares:
    """Labelled rows of the past, and of the recent time, ready to be counted.

    Args:
        past: Rows with the code of a class in the value `label`.
        entities: The entities that are counted by.
        classes: How many classes there are.
    """

    def __init__(self, past: LogRows, entities: Sequence[str], classes: int) -> None:
        self.entities, self.classes = tuple(entities), classes
        self._past = self._segments(past)
        self._recent: list[_ShareSegment] = []
        label = past.values[LABEL].astype(np.int64)
        overall = np.bincount(label, minlength=classes) + 0.5
        self.overall = overall / overall.sum()

    def _segments(self, rows: LogRows) -> list[_ShareSegment]:
        return [_ShareSegment(rows, self.entities, self.classes)] if len(rows.known_at) else []

    def with_recent(self, recent: LogRows) -> "ClassShares":
        """Return the same past continued by recent rows, instead of any before."""
        shares = object.__new__(ClassShares)
        shares.__dict__.update(self.__dict__)
        shares._recent = self._segments(recent)
        return shares

    def count(
        self, keys: Keys, as_of: np.ndarray, first: np.ndarray, most: int
    ) -> CountedCandidates:
        """Find candidates and count them.

        Args:
            keys: For each entity n texts.
            as_of: n ticks: rows known at or after them are not seen.
            first: n codes of the class given at first, -1 where none; always a candidate.
            most: Candidates for each subject, at most `classes`.
        """
        entity_keys = [keys[entity] for entity in self.entities]
        looked = []
        for segment in [*self._past, *self._recent]:
            codes, edges = segment.codes(entity_keys), segment.edges(as_of)
            looked.append((segment, codes, edges, segment.find_rows(codes, edges)))
        draws = [segment.last_labels(matched) for segment, _, _, matched in looked]
        candidates = self._most_drawn(draws, first, most)
        n, entities = len(as_of), len(self.entities)
        rows = np.zeros((2, n, entities), np.int64)
        pairs = np.zeros((2, n, entities, most), np.int64)
        for segment, codes, edges, matched in looked:
            rows += matched[0] - matched[1:]
            position = segment.find_pairs(codes, edges, candidates)
            pairs += position[0] - position[1:]
        return CountedCandidates(candidates, ShareCounts(pairs, rows))

    def _most_drawn(self, draws: list[np.ndarray], first: np.ndarray, most: int) -> np.ndarray:
        n = len(first)
        votes = np.empty((n, self.classes))
        votes[:] = self.overall
        if draws:
            drawn = np.concatenate(draws[::-1], axis=2)  # the recent ones came out last
            hit = drawn >= 0
            hit &= np.cumsum(hit, axis=2) <= DRAWS
            np.add.at(votes, (np.nonzero(hit)[0], drawn[hit]), 1.0)
        named = np.flatnonzero(first >= 0)
        votes[named, first[named]] += 1e6
        return np.argsort(-votes, axis=1, kind="stable")[:, :most]


def share_features(
    candidates: np.ndarray, counts: ShareCounts, overall: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """Return (n, K, 3 E + 3) numbers that tell one candidate from another.

    For each entity the share of the candidate lately and ever, drawn to its overall share by two
    imaginary rows, and how much was ever seen of the entity; then the candidate's overall share,
    whether it was given at first, and the mean of its shares.
    """
    n, most = candidates.shape
    prior = overall[candidates][:, None, :]
    shares = [
        (p + 2 * prior) / (r[..., None] + 2) for p, r in zip(counts.pairs, counts.rows, strict=True)
    ]
    entities = shares[0].shape[1]
    result = np.empty((n, most, 3 * entities + 3), np.float32)
    result[:, :, :entities] = shares[0].transpose(0, 2, 1)
    result[:, :, entities : 2 * entities] = shares[1].transpose(0, 2, 1)
    result[:, :, 2 * entities : 3 * entities] = np.log1p(counts.rows[1])[:, None, :]
    result[:, :, -3] = prior[:, 0, :]
    result[:, :, -2] = candidates == first[:, None]
    result[:, :, -1] = shares[1].mean(axis=1)
    return result
