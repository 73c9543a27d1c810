"""Choices of whoever trains the early warning: features that are read, scores that compete."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from features.engine.attributes import ATTRIBUTE
from features.engine.feature_set import Columns, FeaturePlan
from training.common.choices import FeatureChoices, named_candidates
from training.early_warning.score_sets import CANDIDATES


@dataclass(frozen=True)
class WarningChoices(FeatureChoices):
    """Choices of one training of the early warning.

    Attributes:
        candidates: Names of the parts whose scores compete, of `CANDIDATES`; baselines always do.
    """

    candidates: frozenset[str] = frozenset(CANDIDATES)

    @classmethod
    def named(
        cls,
        features: Iterable[str] = (),
        without: Iterable[str] = (),
        names: Iterable[str] = (),
        trials: int = 0,
    ) -> Self:
        """Read what was named on the command line; nothing means all.

        Raises:
            UnknownChoiceError: A candidate is not there; the message names those there are.
        """
        candidates = named_candidates(names, CANDIDATES) or frozenset(CANDIDATES)
        return cls(tuple(features), tuple(without), trials, candidates)

    @property
    def options(self) -> dict[str, str]:
        """The options that were named, with their values: logged with the run."""
        named = ", ".join(sorted(self.candidates)) if self.candidates != set(CANDIDATES) else ""
        return {**super().options, **({"candidates": named} if named else {})}

    def narrowed(self, plan: FeaturePlan) -> FeaturePlan:
        """Return the plan with the words, attributes and pasts that are to be read.

        What is computed from moments and amounts of the order alone is always read, and so are the
        rates of the baselines.

        Raises:
            BadInputError: A pattern matches no feature.
        """
        if self.reads_all:
            return plan
        self.check([*dict.fromkeys([*plan.words, *plan.attributes, *plan.past])])
        return replace(
            plan,
            words={name: words for name, words in plan.words.items() if self.reads(name)},
            attributes={name: kind for name, kind in plan.attributes.items() if self.reads(name)},
            past=[name for name in plan.past if self.reads(name)],
        )

    def read_columns(self, columns: Columns) -> Columns:
        """Return the raw columns that are to be read: words and attributes as the patterns say.

        Moments and numbers of the order itself are always read.
        """
        return {
            name: column
            for name, column in columns.items()
            if self.reads(name) or not (column.dtype == object or name.startswith(ATTRIBUTE))
        }


ALL_FEATURES = WarningChoices()
