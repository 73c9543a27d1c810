"""Which classes may be set without asking: promises of their error, from a calibration window.

A class is promised from the lowest threshold at which the exact upper bound of the error among
the accepted (predicted as the class, at least so probable) is below the promised rate. The bound
is that of Clopper and Pearson (1934). Thresholds are a fixed grid, tested from the strictest down
until the first that fails, so each promise has the confidence of one test (fixed-sequence testing:
Angelopoulos et al., Learn then Test, 2021). The first one tested is the strictest with enough
accepted rows, which is settled by their number and not by how they ended.

The classes of a label are tested side by side: the level of all is lowered as Benjamini and
Hochberg (1995) do, so that of the promises made together no more than 1 - confidence are expected
to be false; of each class alone that holds anyway. No class is promised on the strength of others:
a pooled promise would let frequent classes pay for rare ones, so rare classes go to people.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.promise_terms import PromiseTerms
from models.binomial import chance_of_so_few, rows_expected, rows_needed, upper_bound
from models.evidence import GRID, Evidence

SPARED_ERRORS = 2
"""The first test has rows enough to pass with so many wrong ones."""

NEVER = np.inf
"""Threshold of a class that is not promised."""


@dataclass(frozen=True)
class Promise:
    """What is promised of one class, or why nothing is.

    Attributes:
        label: category or team.
        name: The class.
        error: Share of wrong ones that is promised, or would be.
        confidence: Of the bound: that of the policy, or more where other classes are tested too.
        threshold: Probability from which it is set; NEVER where people decide.
        accepted: Labelled rows of the window that the bound rests on.
        wrong: Those of them that were wrong.
        still_open: Rows besides, as sure, whose label was not known yet.
        bound: Upper bound of the error among them, by Clopper and Pearson.
        more_labels: Further labelled rows, as sure as those, that a promise is expected to need at
            the error seen so far; 0 where it is made, None where that error is above the promise.
    """

    label: str
    name: str
    error: float
    confidence: float
    threshold: float
    accepted: int
    wrong: int
    still_open: int
    bound: float
    more_labels: int | None

    @property
    def made(self) -> bool:
        """Whether it may be set without asking."""
        return self.threshold < NEVER

    @property
    def words(self) -> str:
        """Say it to people."""
        seen = f"{self.wrong:,} of {self.accepted:,} were wrong"
        if self.still_open:
            seen += f" ({self.still_open:,} are not known yet)"
        if self.made:
            return (
                f"set without asking from a probability of {self.threshold:.3f}: {seen}, so with "
                f"{self.confidence:.1%} confidence no more than {self.bound:.1%} are; "
                f"{self.error:.1%} is promised"
            )
        if self.more_labels is None:
            return f"people decide: {seen}; at that rate {self.error:.1%} can never be promised"
        return f"people decide: {seen}; about {self.more_labels:,} more labels are needed"


@dataclass(frozen=True)
class Promises:
    """The promises of one label, by code of the class."""

    label: str
    classes: tuple[Promise, ...]

    @cached_property
    def thresholds(self) -> np.ndarray:
        """Probabilities from which each class is set; NEVER where people decide."""
        return np.array([promise.threshold for promise in self.classes])

    def automatic(self, best: np.ndarray, top: np.ndarray) -> np.ndarray:
        """Say which of n rows are set, by the code of the best class and its probability."""
        return top >= self.thresholds[best]


def promised(evidence: Evidence, terms: PromiseTerms) -> Promises:
    """Promise what the evidence bears at the errors and the confidence of the policy."""
    errors = np.array([terms.error_of(evidence.label, name) for name in evidence.names])
    level = 1 - terms.confidence
    start = _first_tested(evidence.accepted, errors, level)
    p = chance_of_so_few(evidence.expected_wrong, evidence.accepted, errors[:, None])
    p = np.where(np.arange(len(GRID)) < start[:, None], 0.0, p)
    worst_so_far = np.maximum.accumulate(p, axis=1)
    first = p[np.arange(len(errors)), np.minimum(start, len(GRID) - 1)]
    tested = start < len(GRID)
    own = _common_level(first[tested], level)
    passed = (worst_so_far <= own) & tested[:, None]
    last = np.where(passed.any(axis=1), passed.cumsum(axis=1).argmax(axis=1), -1)
    last = np.where(last < start, -1, last)
    to_come = level * (1 + (last >= 0).sum()) / (tested.sum() + 1)
    more = _more_labels(evidence, errors, min(level, max(own, to_come)), start)
    shown = np.where(last >= 0, last, len(GRID) - 1)
    rows = np.arange(len(errors))
    accepted, wrong = evidence.accepted[rows, shown], evidence.wrong[rows, shown]
    bounds = upper_bound(evidence.expected_wrong[rows, shown], accepted, own)
    return Promises(
        evidence.label,
        tuple(
            Promise(
                evidence.label,
                name,
                float(errors[k]),
                float(1 - own),
                float(GRID[last[k]]) if last[k] >= 0 else NEVER,
                int(accepted[k]),
                int(wrong[k]),
                int(evidence.still_open[k, shown[k]]),
                float(bounds[k]),
                0 if last[k] >= 0 else more[k],
            )
            for k, name in enumerate(evidence.names)
        ),
    )


def _first_tested(accepted: np.ndarray, errors: np.ndarray, level: float) -> np.ndarray:
    """Return for each class the place in `GRID` of the first test; 56 where rows are too few.

    Rows that pass with two wrong ones, or else all there are, if they could pass with none.
    """
    wanted = rows_needed(errors, level, SPARED_ERRORS)
    least = rows_needed(errors, level, 0)
    start = (accepted >= wanted[:, None]).argmax(axis=1)
    few = accepted[:, -1] < wanted
    start = np.where(few, (accepted >= accepted[:, -1:]).argmax(axis=1), start)
    return np.where(accepted[:, -1] < least, len(GRID), start)


def _common_level(first: np.ndarray, level: float) -> float:
    """Return the level at which each class is tested: Benjamini and Hochberg's step up."""
    if not len(first):
        return level
    steps = level * np.arange(1, len(first) + 1) / len(first)
    below = np.flatnonzero(np.sort(first) <= steps)
    return float(steps[below[-1]] if len(below) else steps[0])


def _more_labels(
    evidence: Evidence, errors: np.ndarray, level: float, start: np.ndarray
) -> list[int | None]:
    """Project for each class how many more rows, at the best threshold, would pass."""
    accepted, wrong = evidence.accepted, evidence.expected_wrong
    tried = np.arange(len(GRID)) >= np.minimum(start, len(GRID) - 1)[:, None]
    seen = np.divide(wrong, accepted, out=np.zeros(wrong.shape), where=accepted > 0)
    error = np.broadcast_to(errors[:, None], seen.shape)
    more = np.where(tried, rows_expected(error, level, seen) - accepted, np.inf).min(axis=1)
    return [int(max(n, 1)) if np.isfinite(n) else None for n in more]
