"""How the chance that something has happened rises with time, by group, and draws of when it does.

Something is a loss or a healing. What is known of each case differs: when it happened, or that it
had not by some moment. The product-limit estimate (Kaplan and Meier 1958) reads both. Where only
"by then it had" or "it had not" is known, the rising curves of `models/breach_clock.py` stand in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

FEWEST_CASES = 60
FEWEST_AT_RISK = 10
ATOM = 1e-9
"""Width on the clock of a jump: a curve is drawn as a line, and a jump as a very steep one."""
OTHERS = -1
"""The group whose curve stands for those that have none of their own."""
Knots = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Seen:
    """What is known of n cases.

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
class Curves:
    """For each group, and for `OTHERS`, the knots of its curve: clock and chance, neither falling.

    A chance that stays below 1 means that some never happen.
    """

    knots: Mapping[int, Knots]

    @classmethod
    def product_limit(cls, seen: Seen) -> Self:
        """Fit a curve to each group of 60 cases or more, and one to all."""
        knots = {OTHERS: _product_limit(seen.clock, seen.happened)}
        for group, rows in _by_group(seen.group):
            if len(rows) >= FEWEST_CASES:
                knots[group] = _product_limit(seen.clock[rows], seen.happened[rows])
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


def _product_limit(clock: np.ndarray, happened: np.ndarray) -> Knots:
    """Return knots of the chance that it has happened, as far as enough were left to see it."""
    at, events = np.unique(clock[happened], return_counts=True)
    at_risk = len(clock) - np.searchsorted(np.sort(clock), at, side="left")
    seen = at_risk >= FEWEST_AT_RISK
    at, chance = at[seen], 1 - np.cumprod(1 - events[seen] / at_risk[seen])
    before = np.append(0.0, chance)[:-1]
    knots = np.column_stack([at - ATOM, at]).ravel()
    return np.append(0.0, knots), np.append(0.0, np.column_stack([before, chance]).ravel())
