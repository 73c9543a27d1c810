"""Choices of whoever trains: which features are read, and which estimators compete."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Self

import numpy as np

from data.domain import BadInputError, UnknownChoiceError
from data.ticks import MISSING_TICK
from features.exceptions.features import FEATURES
from models.breach.catalog import breach_estimators
from models.breach.estimators import raw_trees
from models.classifiers.catalog import estimators
from training.triage.dataset import TriageDataset

MAX_NEAR_NAMES = 8
MIN_NEARNESS = 0.3
MESSAGE = "message"


@dataclass(frozen=True)
class CompetingEstimators:
    """Estimators that compete; baselines and the plain LightGBM always do.

    Attributes:
        classes: `NAME`s of class estimators; None for all.
        breach: `NAME`s of breach estimators; None for all.
    """

    classes: frozenset[str] | None = None
    breach: frozenset[str] | None = None

    @classmethod
    def named(cls, names: Iterable[str]) -> Self:
        """Read names, also several with commas between; a kind that none names stays whole.

        Raises:
            UnknownChoiceError: An estimator is not there; the message names those there are.
        """
        parts = frozenset(part.strip() for name in names for part in name.split(","))
        every = frozenset(file.NAME for file in estimators())
        baselines = frozenset(file.NAME for file in estimators() if file.IS_BASELINE)
        breach = frozenset(breach_estimators())
        for name in sorted(parts - every - breach):
            raise UnknownChoiceError("estimator", name, every | breach)
        return cls(
            classes=(parts & every) | baselines if parts & every else None,
            breach=(parts & breach) | {raw_trees.NAME} if parts & breach else None,
        )


ALL_ESTIMATORS = CompetingEstimators()


@dataclass(frozen=True)
class TrainingChoices:
    """Choices of one training.

    Attributes:
        features: Patterns of the features to read; empty for all.
        without: Patterns of features that are not read.
        candidates: Estimators that compete.
    """

    features: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    candidates: CompetingEstimators = ALL_ESTIMATORS

    def narrowed(self, dataset: TriageDataset) -> TriageDataset:
        """Return the exceptions without what is not to be read: as if nobody had recorded it.

        A feature is a word column, an attribute, an entity with a past, or the message. What is
        computed from moments and amounts of the row alone is always read.

        Raises:
            BadInputError: A pattern matches no feature.
        """
        if not self.features and not self.without:
            return dataset
        plan = FEATURES.fit(dataset.columns, dataset.kinds)
        names = [*dict.fromkeys([*plan.words, *plan.attributes, *plan.entities])]
        names += [MESSAGE] if plan.messages else []
        for option, patterns in (("--features", self.features), ("--without", self.without)):
            _check(option, patterns, names)
        read = {name for name in names if self._reads(name)}
        parts = {part for name in read for part in plan.entities.get(name, ())}
        unread = {name for name in names if _matches(name, self.without)}
        dropped = unread | (set(names) - read - parts)
        columns = {
            name: _blank(column) if name in dropped else column
            for name, column in dataset.columns.items()
        }
        kinds = {name: kind for name, kind in dataset.kinds.items() if name not in dropped}
        return replace(dataset, columns=columns, kinds=kinds)

    def entities(self, names: Collection[str]) -> list[str]:
        """Return the entities whose past is read."""
        return [name for name in names if self._reads(name)]

    def _reads(self, name: str) -> bool:
        chosen = not self.features or _matches(name, self.features)
        return chosen and not _matches(name, self.without)


EVERYTHING = TrainingChoices()


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check(option: str, patterns: Sequence[str], names: list[str]) -> None:
    for pattern in patterns:
        if any(fnmatchcase(name, pattern) for name in names):
            continue
        word = pattern.strip("*?")
        near = get_close_matches(word, names, MAX_NEAR_NAMES, MIN_NEARNESS)
        shown = ", ".join(near or names[:MAX_NEAR_NAMES])
        raise BadInputError(option, f"no feature is called '{pattern}'", f"Near are: {shown}.")


def _blank(column: np.ndarray) -> np.ndarray:
    """Return a column of the same type without a value."""
    if column.dtype == object:
        return np.full_like(column, None)
    return np.full_like(column, np.nan if column.dtype.kind == "f" else MISSING_TICK)
