"""Risk-controlled automation: promises of the error of each class, from a calibration window.

A class is promised from the lowest threshold at which the exact upper bound of the error among
the accepted (predicted as the class, at least so probable) is below the promised rate. The bound
is that of Clopper and Pearson (1934). Thresholds are a fixed grid, tested from the strictest down
until the first that fails, so each promise has the confidence of one test (fixed-sequence testing:
Angelopoulos et al., Learn then Test, 2021). Where to begin, and whether to test a class at all, is
settled by a pilot, rows before those of the test, together with the probabilities of the rows of
the test; without a pilot by the number of accepted rows. None looks at how those rows ended.

The classes of a label are tested side by side: their levels are lowered as Benjamini and Hochberg
(1995) do, with more for the frequent, by the root of their rows (Genovese, Roeder and Wasserman
2006), so that of the promises made together no more than 1 - confidence are expected to be false;
of each class alone that holds anyway. No class is promised on the strength of others: a pooled
promise would let frequent classes pay for rare ones, so rare classes go to people. Nor does a rare
class disappear in a frequent one whose promise bears it: thresholds are not taken that set too
large a share of it to the other.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from data.policy.automation import PromiseTerms
from models.automation.binomial import binomial_cdf, rows_expected, rows_needed, upper_bound
from models.automation.evidence import GRID, CalibrationCounts

ERRORS_IN_FIRST_TEST = 2
"""The first test has rows enough to pass with so many wrong ones."""

MAX_PILOT_LEVEL = 0.2
"""Classes are tested that would pass at this level if the test saw what the pilot saw. The more
that are tested, the surer each has to be; but a pilot is noisy too."""

ROWS_OF_THE_MODEL = 50
"""The probabilities themselves say how many will be wrong: that counts as so many pilot rows. A
pilot alone has too few rows of a rare class to say where its test may begin."""

NO_THRESHOLD = np.inf
"""Threshold of a class that is not promised."""


@dataclass(frozen=True)
class Promise:
    """Promise of one class, or the reason why there is none.

    Attributes:
        label: category or team.
        name: The class.
        error: Share of wrong ones that is promised, or would be.
        confidence: Of the bound: that of the policy, or more where other classes are tested too.
        threshold: Probability from which it is set; NO_THRESHOLD where people decide.
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
        """Return true if the class may be set without asking."""
        return self.threshold < NO_THRESHOLD

    @property
    def words(self) -> str:
        """Say it to people."""
        errors = f"{self.wrong:,} of {self.accepted:,} were wrong"
        if self.still_open:
            errors += f" ({self.still_open:,} are not known yet)"
        if self.made:
            return (
                f"set without asking from a probability of {self.threshold:.3f}: {errors}, so with "
                f"{self.confidence:.1%} confidence no more than {self.bound:.1%} are; "
                f"{self.error:.1%} is promised"
            )
        if self.more_labels is None:
            return f"people decide: {errors}; at that rate {self.error:.1%} can never be promised"
        return f"people decide: {errors}; about {self.more_labels:,} more labels are needed"


@dataclass(frozen=True)
class LabelPromises:
    """The promises of one label, by code of the class."""

    label: str
    classes: tuple[Promise, ...]

    @cached_property
    def thresholds(self) -> np.ndarray:
        """Probabilities from which each class is set; NO_THRESHOLD where people decide."""
        return np.array([promise.threshold for promise in self.classes])

    def automatic(self, best: np.ndarray, top: np.ndarray) -> np.ndarray:
        """Say which of n rows are set, by the code of the best class and its probability."""
        return top >= self.thresholds[best]


def promise_classes(evidence: CalibrationCounts, terms: PromiseTerms) -> LabelPromises:
    """Promise what the evidence bears at the errors and the confidence of the policy."""
    errors = np.array([terms.error_of(evidence.label, name) for name in evidence.names])
    start = _first_tested(evidence, errors, 1 - terms.confidence)
    p = binomial_cdf(evidence.expected_wrong, evidence.accepted, errors[:, None])
    p = np.where(np.arange(len(GRID)) < start[:, None], 0.0, p)
    rows = np.arange(len(errors))
    first = np.where(start < len(GRID), p[rows, np.minimum(start, len(GRID) - 1)], np.inf)
    levels = _levels(first, evidence.accepted[:, -1], 1 - terms.confidence)
    last = (np.maximum.accumulate(p, axis=1) <= levels[:, None]).sum(axis=1) - 1
    last = np.minimum(last, (evidence.most_lost <= terms.largest_lost).sum(axis=1) - 1)
    made = (last >= start) & (first <= levels)
    # As strict as shows the same rows: below what the window held nothing was seen.
    counted = evidence.accepted + evidence.still_open
    last = (counted >= counted[rows, last][:, None]).argmax(axis=1)
    best, more = _more_labels(evidence, errors, levels, start)
    shown = np.where(made, last, best)
    accepted, wrong = evidence.accepted[rows, shown], evidence.wrong[rows, shown]
    thresholds = np.tile(GRID, (len(rows), 1))
    if evidence.thresholds is not None:
        thresholds = evidence.thresholds
    bounds = upper_bound(evidence.expected_wrong[rows, shown], accepted, levels)
    return LabelPromises(
        evidence.label,
        tuple(
            Promise(
                label=evidence.label,
                name=name,
                error=float(errors[k]),
                confidence=float(1 - levels[k]),
                threshold=float(thresholds[k, last[k]]) if made[k] else NO_THRESHOLD,
                accepted=int(accepted[k]),
                wrong=int(wrong[k]),
                still_open=int(evidence.still_open[k, shown[k]]),
                bound=float(bounds[k]),
                more_labels=0 if made[k] else more[k],
            )
            for k, name in enumerate(evidence.names)
        ),
    )


def _first_tested(evidence: CalibrationCounts, errors: np.ndarray, level: float) -> np.ndarray:
    """Return for each class the place in `GRID` of the first test; 56 where none is worth it."""
    accepted = evidence.accepted
    if evidence.pilot is None:
        return _first_with_enough(accepted, errors, level)
    pilot, by_model = evidence.pilot, ROWS_OF_THE_MODEL * evidence.predicted_error
    share = (pilot.expected_wrong + by_model) / (pilot.accepted + ROWS_OF_THE_MODEL)
    expected = binomial_cdf(share * accepted, accepted, errors[:, None])
    return np.where(expected.min(axis=1) <= MAX_PILOT_LEVEL, expected.argmin(axis=1), len(GRID))


def _first_with_enough(accepted: np.ndarray, errors: np.ndarray, level: float) -> np.ndarray:
    """Begin where rows pass with two wrong ones, or with all there are, if those could pass."""
    rows_with_errors = rows_needed(errors, level, ERRORS_IN_FIRST_TEST)
    least = rows_needed(errors, level)
    start = (accepted >= rows_with_errors[:, None]).argmax(axis=1)
    few = accepted[:, -1] < rows_with_errors
    start = np.where(few, (accepted >= accepted[:, -1:]).argmax(axis=1), start)
    return np.where(accepted[:, -1] < least, len(GRID), start)


def _levels(first: np.ndarray, rows: np.ndarray, level: float) -> np.ndarray:
    """Return the level of each class; that of one that fails is what it would need to be promised.

    Args:
        first: Of each class the chance of so few wrong ones in the first test; inf if not tested.
        rows: Labelled rows predicted as each class: what is frequent gets more of the level.
        level: 1 - confidence, which no class exceeds.
    """
    tested = np.isfinite(first)
    most = max(int(tested.sum()), 1)
    # By the root: of a level in proportion to its rows the largest class could use a part only.
    size = np.sqrt(np.maximum(rows, 1))
    weight = size / (size[tested].mean() if tested.any() else size.mean())
    scaled = np.where(first <= level, first / weight, np.inf)
    steps = level * np.arange(1, len(first) + 1) / most
    below = np.flatnonzero(np.sort(scaled) <= steps)
    made = int(below[-1]) + 1 if len(below) else 0
    common = np.where(scaled <= level * made / most, level * made / most, level * (made + 1) / most)
    return np.minimum(level, weight * common)


class MissingLabels(NamedTuple):
    """Labels that n classes need before a promise can be made.

    Attributes:
        threshold: (n,) position in the grid at which the fewest more rows would pass.
        rows: How many more labelled rows each needs; None where no number would do.
    """

    threshold: np.ndarray
    rows: list[int | None]


def _more_labels(
    evidence: CalibrationCounts, errors: np.ndarray, levels: np.ndarray, start: np.ndarray
) -> MissingLabels:
    """Project for each class at which threshold the fewest more rows would pass, and how many."""
    accepted, wrong = evidence.accepted, evidence.expected_wrong
    tried = np.arange(len(GRID)) >= np.where(start < len(GRID), start, 0)[:, None]
    observed = np.divide(wrong, accepted, out=np.zeros(wrong.shape), where=accepted > 0)
    observed[~tried] = np.inf
    more = rows_expected(errors[:, None], levels[:, None], observed) - accepted
    # Of thresholds that need the same the loosest: there are more such rows.
    best = len(GRID) - 1 - more[:, ::-1].argmin(axis=1)
    fewest = more[np.arange(len(best)), best]
    rows = [int(max(n, 1)) if np.isfinite(n) else None for n in fewest]
    return MissingLabels(best, rows)
