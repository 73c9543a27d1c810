"""Class-conditional conformal sets: the classes that a suggestion names.

A set holds the right class with the promised coverage, whichever class that is (Mondrian conformal
prediction; Vovk, Gammerman and Shafer 2005): each class has its own threshold, an order
statistic of the probabilities that it was given where it was the right one. Classes too rare
for one of their own share a threshold, and the coverage is promised of them together (Ding et al.
2023). What is covered is the set. It says nothing of how often the first name, or the one that an
operator accepts, is right: that is what `models.automation.risk_control` is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from data.domain import Json

COVERAGES = np.arange(50, 100) / 100
"""Coverages that thresholds are kept for."""

MIN_ROWS_FOR_OWN_THRESHOLD = 100
"""Rows of a class that has a threshold of its own; with fewer it would be a matter of chance."""


@dataclass(frozen=True)
class SetThresholds:
    """Thresholds of the sets of one label.

    Attributes:
        label: category or team.
        names: The classes, by code.
        thresholds: (classes, 50) lowest probability of a member, for each of `COVERAGES`; above 1
            where too few rows bear the coverage: the class is in no set.
        rows: Rows of each class that were counted.
        together: (50,) thresholds of all classes together that are too rare for one of their own.
    """

    label: str
    names: tuple[str, ...]
    thresholds: np.ndarray
    rows: np.ndarray
    together: np.ndarray

    @classmethod
    def fit(
        cls, label: str, names: Sequence[str], probability: np.ndarray, code: np.ndarray
    ) -> Self:
        """Fit on rows that neither the model nor its calibration was fitted on.

        Args:
            label: category or team.
            names: The classes, by code.
            probability: (n, classes), calibrated.
            code: n true classes; -1 for one that has no code: no set can hold it.
        """
        coded = np.flatnonzero(code >= 0)
        true_probability, code = probability[coded, code[coded]], code[coded]
        rows = np.bincount(code, minlength=len(names))
        rare = rows < MIN_ROWS_FOR_OWN_THRESHOLD
        together = _thresholds(true_probability[rare[code]])
        own = [
            together if rare[k] else _thresholds(true_probability[code == k])
            for k in range(len(names))
        ]
        return cls(
            label=label,
            names=tuple(names),
            thresholds=np.array(own).reshape(len(names), -1),
            rows=rows,
            together=together,
        )

    def ordered(self, names: Sequence[str]) -> Self:
        """Return it by the codes of another model; a class that is new is a rare one."""
        row = np.array([self.names.index(n) if n in self.names else -1 for n in names], int)
        in_model = row >= 0
        thresholds = np.where(in_model[:, None], self.thresholds[row], self.together)
        rows = np.where(in_model, self.rows[row], 0)
        return type(self)(
            label=self.label,
            names=tuple(names),
            thresholds=thresholds,
            rows=rows,
            together=self.together,
        )

    def min_probability(self, coverage: float) -> np.ndarray:
        """Return the lowest probability of a member, by class; the next higher coverage kept."""
        column = np.searchsorted(COVERAGES, coverage - 1e-9)
        return self.thresholds[:, min(column, len(COVERAGES) - 1)]

    def members(self, probability: np.ndarray, coverage: float) -> np.ndarray:
        """Say for (n, classes) probabilities which classes are in the set."""
        return probability >= self.min_probability(coverage)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "label": self.label,
            "names": list(self.names),
            "thresholds": np.round(self.thresholds, 6).tolist(),
            "rows": self.rows.tolist(),
            "together": np.round(self.together, 6).tolist(),
        }

    @classmethod
    def from_json(cls, plain: Json) -> Self:
        """Build from what `to_json` gave."""
        names = tuple(plain["names"])
        values = (np.array(plain[part]) for part in ("thresholds", "rows", "together"))
        return cls(plain["label"], names, *values)


def _thresholds(true_probability: np.ndarray) -> np.ndarray:
    """Return for each coverage the probability that the right class reaches so often.

    Of n + 1 exchangeable rows the new one is no lower than the k-th lowest of the others with a
    chance of at least 1 - k / (n + 1).
    """
    n = len(true_probability)
    k = np.floor((n + 1) * (1 - COVERAGES) + 1e-9).astype(int)
    ordered = np.sort(true_probability)
    return np.where(k >= 1, ordered[np.clip(k - 1, 0, max(n - 1, 0))] if n else 2.0, 2.0)
