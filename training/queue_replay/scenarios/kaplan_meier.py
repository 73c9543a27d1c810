"""Kaplan-Meier curves of the chance of an event by time and group, and draws of its moment.

Something is a loss or a healing. What is known of each case differs: when it happened, or that it
had not by some moment. The product-limit estimate (Kaplan and Meier 1958) reads both. Where only
"by then it had" or "it had not" is known, the rising curves of `models/triage/breach_label.py`
stand in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

MIN_CASES_IN_GROUP = 60
MIN_CASES_AT_RISK = 10
TINY = 1e-12
ATOM = 1e-9
"""Width on the clock of a jump: a curve is drawn as a line, and a jump as a very steep one."""
OTHERS = -1
"""The group whose curve stands for those that have none of their own."""
Knots = tuple[np.ndarray, np.ndarray]
NOTHING: Knots = (np.zeros(1), np.zeros(1))


@dataclass(frozen=True)
class CensoredTimes:
    """Censored times of n cases.

    Attributes:
        group: n codes, 0 or more.
        clock: n times at which it happened, or up to which it had not; in any unit.
        happened: n bools.
    """

    group: np.ndarray
    clock: np.ndarray
    happened: np.ndarray

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the cases."""
        return type(self)(self.group[rows], self.clock[rows], self.happened[rows])


@dataclass(frozen=True)
class SurvivalCurves:
    """For each group, and for `OTHERS`, the knots of its curve: clock and chance, neither falling.

    A chance that stays below 1 means that some never happen.
    """

    knots: Mapping[int, Knots]

    @classmethod
    def product_limit(cls, seen: CensoredTimes, *, borrows: bool) -> Self:
        """Fit a curve to each group of 60 cases or more, and one to all.

        Where fewer than ten were left to see, nothing is known to happen any more.

        Args:
            seen: What is known.
            borrows: From where fewer than ten of a group were left on, its curve goes on as that of
                all does. Groups must be alike for that: those left longest are not.
        """
        if len(seen.clock) < MIN_CASES_AT_RISK:
            return cls({OTHERS: NOTHING})
        everybody = _continued(*_product_limit(seen), NOTHING)
        knots, beyond = {OTHERS: everybody}, everybody if borrows else NOTHING
        for group, rows in _by_group(seen.group):
            if len(rows) >= MIN_CASES_IN_GROUP:
                knots[group] = _continued(*_product_limit(seen.take(rows)), beyond)
        return cls(knots)

    def after(
        self, group: np.ndarray, clock: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Draw when it happens, given that it has not by n times; infinite for never."""
        luck, drawn = random.random(len(clock)), np.empty(len(clock))
        for code, rows in _by_group(group):
            at, chance = self.knots.get(code, self.knots[OTHERS])
            known = np.interp(clock[rows], at, chance)
            wanted = known + luck[rows] * (1 - known)
            happens = np.interp(wanted, chance, at, right=np.inf)
            drawn[rows] = np.maximum(happens, clock[rows])
        return drawn

    def before(
        self, group: np.ndarray, clock: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Draw when it happened, given that it had by n times."""
        luck, drawn = random.random(len(clock)), np.empty(len(clock))
        for code, rows in _by_group(group):
            at, chance = self.knots.get(code, self.knots[OTHERS])
            wanted = luck[rows] * np.interp(clock[rows], at, chance)
            drawn[rows] = np.minimum(np.interp(wanted, chance, at), clock[rows])
        return drawn


def _by_group(group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each code with the rows that have it."""
    order = np.argsort(group, kind="stable")
    codes, first = np.unique(group[order], return_index=True)
    yield from zip(codes.tolist(), np.split(order, first[1:]), strict=True)


def _product_limit(seen: CensoredTimes) -> tuple[Knots, float]:
    """Return knots of the chance that it has happened, and until when ten were left to see it."""
    at, events = np.unique(seen.clock[seen.happened], return_counts=True)
    ordered = np.sort(seen.clock)
    at_risk = len(ordered) - np.searchsorted(ordered, at, side="left")
    chance = 1 - np.cumprod(1 - events / at_risk)
    before = np.append(0.0, chance)[:-1]
    knots = np.append(0.0, np.column_stack([at - ATOM, at]).ravel())
    chances = np.append(0.0, np.column_stack([before, chance]).ravel())
    return (knots, chances), float(ordered[-MIN_CASES_AT_RISK])


def _continued(own: Knots, until: float, everybody: Knots) -> Knots:
    """Return a curve that is a group's own up to a time, and then rises as that of all does."""
    (at, chance), (later_at, later) = own, everybody
    kept, added = at <= until, later_at > until
    left = 1 - chance[kept][-1]
    left_of_all = 1 - np.interp(until, later_at, later)
    outlived = (1 - later[added]) / max(left_of_all, TINY)
    return (
        np.concatenate([at[kept], later_at[added]]),
        np.concatenate([chance[kept], 1 - left * outlived]),
    )
