"""Declare features, fit what they need to know of the past, compute them for many rows or one.

A `FeatureSet` is the declaration (in code); a `FeaturePlan` is what was learned from one history
(which attributes it has, which words are common: JSON); `Features` joins both with an index of the
past and computes. Training and a scoring call run the same functions on the same arrays.

Columns are arrays by name, all of one length: text as objects (None where missing), numbers as
floats (NaN), moments as integer milliseconds since 1970 (`MISSING_TICK`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy import sparse

from features import text
from features.event_log import LogRows
from features.windows import HistoryFeature, HistoryIndex

Columns = Mapping[str, np.ndarray]

MOST_WORDS = 40
"""A column of more words is not read as words: its past says more, and is not learned by heart."""
FEWEST_SEEN = 5
LARGEST_SHARE_TO_CROSS = 0.6
PAIR_SIGN = "\x1f"


@dataclass(frozen=True)
class RowFeature:
    """A number computed from the row itself.

    Attributes:
        name: The function's name.
        meaning: The first line of its docstring: what an operator reads.
        unit: Unit of the number.
        needs: The table columns it is made of.
        compute: From columns to n floats.
    """

    name: str
    meaning: str
    unit: str
    needs: tuple[str, ...]
    compute: Callable[[Columns], np.ndarray]


@dataclass(frozen=True)
class Word:
    """A text column that a model reads as one of its common words."""

    name: str
    meaning: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """What a past can belong to: one column, or several taken together."""

    name: str
    columns: tuple[str, ...]

    def key(self, columns: Columns) -> np.ndarray:
        """Return n texts; None where any part is missing."""
        if len(self.columns) == 1:
            return columns[self.columns[0]]
        parts = [columns[name] for name in self.columns]
        return np.array(
            [None if None in row else PAIR_SIGN.join(row) for row in zip(*parts, strict=True)],
            object,
        )


@dataclass(frozen=True)
class Matrix:
    """Features of n rows: dense numbers, and the messages as hashed n-grams where there are any.

    What several models read of it is made once.
    """

    dense: np.ndarray
    messages: sparse.csr_matrix | None

    def __len__(self) -> int:
        return len(self.dense)

    def take(self, rows: np.ndarray) -> "Matrix":
        """Return some of the rows."""
        return Matrix(self.dense[rows], None if self.messages is None else self.messages[rows])

    @cached_property
    def table(self) -> Any:
        """What LightGBM reads: one array, sparse where there are messages."""
        if self.messages is None:
            return self.dense
        return sparse.hstack([sparse.csr_matrix(self.dense), self.messages], format="csr")

    @cached_property
    def single_row(self) -> np.ndarray:
        """The only row as float64, the message's buckets behind the dense features."""
        if self.messages is None:
            return self.dense[0].astype(np.float64)
        width = self.dense.shape[1]
        row = np.zeros(width + text.BUCKETS)
        row[:width] = self.dense[0]
        row[width + self.messages.indices] = 1.0
        return row


@dataclass(frozen=True)
class FeaturePlan:
    """What the features learned of one history; plain JSON values.

    Attributes:
        words: For each word column its common words, the most frequent first.
        attributes: The attributes that are read, each a `word` or a `number`.
        entities: The entities that name a subject, with their columns.
        past: Those of them whose past gives features.
        messages: Whether there is any message to read.
    """

    words: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    entities: dict[str, list[str]] = field(default_factory=dict)
    past: list[str] = field(default_factory=list)
    messages: bool = False

    def keeping(self, past: Collection[str], others: Collection[str]) -> Self:
        """Return the plan with features of the past of some entities, and some others named."""
        kept = {n: parts for n, parts in self.entities.items() if n in past or n in others}
        return replace(self, entities=kept, past=[name for name in kept if name in past])

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gave."""
        return cls(**values)


class FeatureSet:
    """The declared features of one kind of subject."""

    def __init__(
        self,
        name: str,
        *,
        words: Sequence[Word],
        entities: Sequence[Entity],
        history: Callable[[Entity], Sequence[HistoryFeature]],
        crosses: Sequence[str] = (),
        message: str | None = None,
    ) -> None:
        self.name = name
        self.words = tuple(words)
        self.entities = tuple(entities)
        self.history = history
        self.crosses = tuple(crosses)
        self.message = message
        self.rows: list[RowFeature] = []

    def feature(self, *, unit: str, needs: Sequence[str]) -> Callable[[Any], Any]:
        """Register a function of the row; its name is the feature's, its first line the meaning."""

        def register(compute: Callable[[Columns], np.ndarray]) -> Callable[[Columns], np.ndarray]:
            meaning = (compute.__doc__ or "").strip().split("\n")[0]
            self.rows.append(RowFeature(compute.__name__, meaning, unit, tuple(needs), compute))
            return compute

        return register

    def fit(self, columns: Columns, kinds: Mapping[str, str]) -> FeaturePlan:
        """Learn which words are common and which columns are there, from known rows only.

        Args:
            columns: The known rows.
            kinds: The attributes to read, each a `word` or a `number`.
        """
        texts = [name for name, kind in kinds.items() if kind == "word"]
        names = [word.name for word in self.words] + texts
        words = {name: _common_words(columns[name]) for name in names}
        entities = [*self.entities, *(Entity(name, (name,)) for name in texts)]
        entities += [
            Entity(f"{name}_and_{cross}", (name, cross))
            for cross in self.crosses
            for name in texts
            if name != cross and _varied(columns[name])
        ]
        seen = {e.name: list(e.columns) for e in entities if _seen(e, columns)}
        return FeaturePlan(
            words={name: common for name, common in words.items() if common},
            attributes=dict(kinds),
            entities=seen,
            past=list(seen),
            messages=self.message is not None and any(m for m in columns[self.message]),
        )


def _common_words(column: np.ndarray) -> list[str]:
    counts = Counter(word for word in column if word is not None)
    common = [word for word, n in counts.most_common() if n >= FEWEST_SEEN]
    return common if len(common) <= MOST_WORDS else []


def _varied(column: np.ndarray) -> bool:
    """A column that nearly always says the same adds nothing to a cross."""
    counts = Counter(word for word in column if word is not None)
    return bool(counts) and max(counts.values()) <= LARGEST_SHARE_TO_CROSS * counts.total()


def _seen(entity: Entity, columns: Columns) -> bool:
    parts = [columns.get(name) for name in entity.columns]
    return all(part is not None and any(word is not None for word in part) for part in parts)


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
        place = 0
        for row in self._rows:
            dense[:, place] = row.compute(columns)
            place += 1
        for name in self._numbers:
            dense[:, place] = columns.get(name, np.nan)
            place += 1
        for name, codes in self._codes.items():
            dense[:, place] = _coded(columns.get(name), codes)
            place += 1
        dense[:, place:] = self.index.compute(keys, as_of)
        messages = text.matrix(columns[self._message]) if self._message else None
        return Matrix(dense, messages)


def _key(entity: Entity, columns: Columns, n: int) -> np.ndarray:
    if all(name in columns for name in entity.columns):
        return entity.key(columns)
    return np.full(n, None, object)


def _coded(column: np.ndarray | None, codes: Mapping[str, float]) -> np.ndarray | float:
    if column is None:
        return np.nan
    return np.array([codes.get(word, np.nan) for word in column])
