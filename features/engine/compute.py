"""Compute declared features for many rows or one, by the same functions on the same arrays."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from features.engine import text
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity, FeaturePlan, FeatureSet
from features.engine.history_features import HistoryIndex


@dataclass(frozen=True)
class Matrix:
    """Features of n rows: dense numbers, and the messages as hashed n-grams where there are any.

    What several models read of it is made once.
    """

    dense: np.ndarray
    messages: text.Messages | None

    def __len__(self) -> int:
        return len(self.dense)

    def take(self, rows: np.ndarray) -> "Matrix":
        """Return some of the rows."""
        return Matrix(self.dense[rows], None if self.messages is None else self.messages.take(rows))

    @cached_property
    def table(self) -> Any:
        """Input of LightGBM: one array, sparse where there are messages."""
        if self.messages is None:
            return self.dense
        return sparse.hstack([sparse.csr_matrix(self.dense), self.messages.csr], format="csr")

    @cached_property
    def single_row(self) -> np.ndarray:
        """The only row as float64, the message's buckets behind the dense features."""
        if self.messages is None:
            return self.dense[0].astype(np.float64)
        width = self.dense.shape[1]
        row = np.zeros(width + text.BUCKETS)
        row[:width] = self.dense[0]
        row[width + self.messages.buckets[0]] = 1.0
        return row


class Features:
    """Features ready to be computed: declaration, plan and the indexed past."""

    def __init__(
        self, feature_set: FeatureSet, plan: FeaturePlan, past: Mapping[str, LogRows]
    ) -> None:
        self.plan = plan
        self._rows = feature_set.rows
        self._message = feature_set.message if plan.messages else None
        self._codes = {
            name: {word: float(i) for i, word in enumerate(words)}
            for name, words in plan.words.items()
        }
        self._numbers = [name for name, kind in plan.attributes.items() if kind == "number"]
        self._entities = [Entity(name, tuple(parts)) for name, parts in plan.entities.items()]
        looked = [entity for entity in self._entities if entity.name in plan.past]
        declared = [f for entity in looked for f in feature_set.history(entity)]
        self.index = HistoryIndex(declared, past)
        self.names = [
            *(row.name for row in self._rows),
            *self._numbers,
            *plan.words,
            *(f.name for f in declared),
        ]
        meaning = {word.name: word.meaning for word in feature_set.words}
        self.meanings = [
            *(row.meaning for row in self._rows),
            *self._numbers,
            *(meaning.get(name, name) for name in plan.words),
            *(f.meaning for f in declared),
        ]
        self.history_entities = [f.entity for f in declared]
        first_word = len(self._rows) + len(self._numbers)
        self.word_columns = list(range(first_word, first_word + len(plan.words)))

    def with_recent(self, recent: Mapping[str, LogRows]) -> "Features":
        """Return the same features over the same past, continued by these recent rows."""
        other = copy(self)
        other.index = self.index.with_recent(recent)
        return other

    def keys(self, columns: Columns) -> dict[str, np.ndarray]:
        """Return for each entity the n texts that name it."""
        n = len(next(iter(columns.values())))
        return {entity.name: _key(entity, columns, n) for entity in self._entities}

    def compute(
        self, columns: Columns, keys: Mapping[str, np.ndarray], as_of: np.ndarray
    ) -> Matrix:
        """Compute all features of n rows, each as known before its own tick in `as_of`."""
        n = len(as_of)
        dense = np.empty((n, len(self.names)), np.float32)
        column = 0
        for row in self._rows:
            dense[:, column] = row.compute(columns)
            column += 1
        for name in self._numbers:
            dense[:, column] = columns.get(name, np.nan)
            column += 1
        for name, codes in self._codes.items():
            _code(columns.get(name), codes, dense[:, column])
            column += 1
        dense[:, column:] = self.index.compute(keys, as_of)
        messages = text.matrix(columns[self._message]) if self._message else None
        return Matrix(dense, messages)


def _key(entity: Entity, columns: Columns, n: int) -> np.ndarray:
    try:
        return entity.key(columns)
    except KeyError:  # no call of the batch names it
        return np.full(n, None, object)


def _code(column: np.ndarray | None, codes: Mapping[str, float], into: np.ndarray) -> None:
    """Write the codes of words; NaN for a word that has none."""
    if column is None:
        into[:] = np.nan
    elif len(column) == 1:
        into[0] = codes.get(column[0], np.nan)  # an array of one costs ten times as much
    else:
        into[:] = [codes.get(word, np.nan) for word in column]
