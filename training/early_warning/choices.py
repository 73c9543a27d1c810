"""Choices of whoever trains the early warning: features that are read, scores that compete."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from features.engine.attributes import ATTRIBUTE
from features.engine.feature_set import Columns, FeaturePlan
from training.common.choices import CandidateChoices
from training.early_warning.score_sets import CANDIDATES


@dataclass(frozen=True)
class WarningChoices(CandidateChoices):
    """Choices of one training of the early warning; candidates are parts whose scores compete."""

    @staticmethod
    def every_candidate() -> Collection[str]:
        """Return the names of all parts."""
        return CANDIDATES

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
