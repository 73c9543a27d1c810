"""Declare features, and fit what they need to know of the past.

A `FeatureSet` is the declaration (in code); a `FeaturePlan` is what was learned from one history
(which attributes it has, which words are common: JSON); `computing.Features` joins both with an
index of the past and computes.

Columns are arrays by name, all of one length: text as objects (None where missing), numbers as
floats (NaN), moments as integer milliseconds since 1970 (`MISSING_TICK`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np

from features.engine.history_features import HistoryFeature

Columns = Mapping[str, np.ndarray]

MAX_WORDS = 40
"""A column of more words is not read as words: its past says more, and is not learned by heart."""
MIN_OCCURRENCES = 5
MAX_SHARE_TO_CROSS = 0.6
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
    """Owner of a past: one column, or several taken together."""

    name: str
    columns: tuple[str, ...]

    def key(self, columns: Columns) -> np.ndarray:
        """Return n texts; None where any part is missing."""
        if len(self.columns) == 1:
            return columns[self.columns[0]]
        parts = [columns[name] for name in self.columns]
        key = np.empty(len(parts[0]), object)
        for row, texts in enumerate(zip(*parts, strict=True)):
            key[row] = None if None in texts else PAIR_SIGN.join(texts)
        return key


@dataclass(frozen=True)
class FeaturePlan:
    """Result of fitting the features to one history; plain JSON values.

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
        entities = {n: parts for n, parts in self.entities.items() if n in past or n in others}
        return replace(self, entities=entities, past=[name for name in entities if name in past])

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
            self.rows.append(
                RowFeature(
                    name=compute.__name__,
                    meaning=meaning,
                    unit=unit,
                    needs=tuple(needs),
                    compute=compute,
                )
            )
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
        present = {e.name: list(e.columns) for e in entities if _is_present(e, columns)}
        return FeaturePlan(
            words={name: common for name, common in words.items() if common},
            attributes=dict(kinds),
            entities=present,
            past=list(present),
            messages=self.message is not None and any(m for m in columns[self.message]),
        )


def _common_words(column: np.ndarray) -> list[str]:
    counts = Counter(word for word in column if word is not None)
    common = [word for word, n in counts.most_common() if n >= MIN_OCCURRENCES]
    return common if len(common) <= MAX_WORDS else []


def _varied(column: np.ndarray) -> bool:
    """A column that nearly always says the same adds nothing to a cross."""
    counts = Counter(word for word in column if word is not None)
    return bool(counts) and max(counts.values()) <= MAX_SHARE_TO_CROSS * counts.total()


def _is_present(entity: Entity, columns: Columns) -> bool:
    parts = [columns.get(name) for name in entity.columns]
    return all(part is not None and any(word is not None for word in part) for part in parts)
