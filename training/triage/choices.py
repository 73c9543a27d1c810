"""Choices of whoever trains triage: which features are read, and which estimators compete."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from data.ticks import MISSING_TICK
from features.exceptions.features import FEATURES
from models.breach.catalog import breach_estimators
from models.breach.estimators import raw_trees
from models.classifiers.catalog import estimators
from models.classifiers.estimators import raw_trees as raw_class_trees
from training.common.choices import FeatureChoices, named_candidates
from training.triage.dataset import TriageDataset

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
        every = frozenset(file.NAME for file in estimators())
        baselines = frozenset(file.NAME for file in estimators() if file.IS_BASELINE)
        always = baselines | {raw_class_trees.NAME}
        breach = frozenset(breach_estimators())
        parts = named_candidates(names, every | breach)
        return cls(
            classes=(parts & every) | always if parts & every else None,
            breach=(parts & breach) | {raw_trees.NAME} if parts & breach else None,
        )

    @property
    def names(self) -> list[str]:
        """Names of those that compete where not all do."""
        return sorted((self.classes or frozenset()) | (self.breach or frozenset()))


ALL_ESTIMATORS = CompetingEstimators()


@dataclass(frozen=True)
class TrainingChoices(FeatureChoices):
    """Choices of one training of triage.

    Attributes:
        candidates: Estimators that compete.
        languages: Whether a sentence encoder teaches messages of other languages: 20 seconds.
    """

    candidates: CompetingEstimators = ALL_ESTIMATORS
    languages: bool = False

    @property
    def options(self) -> dict[str, str]:
        """The options that were named, with their values: logged with the run."""
        names = ", ".join(self.candidates.names)
        return {**super().options, **({"candidates": names} if names else {})}

    def narrowed(self, dataset: TriageDataset) -> TriageDataset:
        """Return the exceptions without what is not to be read: as if nobody had recorded it.

        A feature is a word column, an attribute, an entity with a past, or the message. What is
        computed from moments and amounts of the row alone is always read.

        Raises:
            BadInputError: A pattern matches no feature.
        """
        if self.reads_all:
            return dataset
        plan = FEATURES.fit(dataset.columns, dataset.kinds)
        names = [*dict.fromkeys([*plan.words, *plan.attributes, *plan.entities])]
        names += [MESSAGE] if plan.messages else []
        self.check(names)
        read = {name for name in names if self.reads(name)}
        parts = {part for name in read for part in plan.entities.get(name, ())}
        unread = {name for name in names if self.excludes(name)}
        dropped = unread | (set(names) - read - parts)
        columns = {
            name: blank(column) if name in dropped else column
            for name, column in dataset.columns.items()
        }
        kinds = {name: kind for name, kind in dataset.kinds.items() if name not in dropped}
        return replace(dataset, columns=columns, kinds=kinds)

    def entities(self, names: Collection[str]) -> list[str]:
        """Return the entities whose past is read."""
        return [name for name in names if self.reads(name)]


EVERYTHING = TrainingChoices()


def blank(column: np.ndarray) -> np.ndarray:
    """Return a column of the same type without a value."""
    if column.dtype == object:
        return np.full_like(column, None)
    return np.full_like(column, np.nan if column.dtype.kind == "f" else MISSING_TICK)
