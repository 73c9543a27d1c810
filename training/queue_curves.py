"""How the chance that something has happened rises with time, by group, and draws of when it does.

Something is a loss or a healing. What is known of each case differs: when it happened; or that it
had not by some moment. The product-limit estimate (Kaplan and Meier 1958) reads both. Where only
"by then it had" or "it had not" is known, the rising curve of `models/breach_clock.py` stands in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

FEWEST_EVENTS = 30
ATOM = 1e-9
"""Width on the clock of a jump: a curve is drawn as a line, and a jump as a very steep one."""


@dataclass(frozen=True)
class Seen:
    """What is known of n cases.

    Attributes:
        group: n words.
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
    """For each group the knots of its curve: clock and chance, neither falling; "" is for others.

    A chance that stays below 1 means that some never happen.
    """

    knots: Mapping[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def product_limit(cls, seen: Seen) -> Self:
        """Fit a curve to each group in which it happened 30 times, and one to all."""
        words, counts = np.unique(seen.group[seen.happened].astype(str), return_counts=True)
        knots = {"": _product_limit(seen.clock, seen.happened)}
        for word in words[counts >= FEWEST_EVENTS]:
            mine = seen.group == word
            knots[str(word)] = _product_limit(seen.clock[mine], seen.happened[mine])
        return cls(knots)

    def drawn(
        self, group: np.ndarray, after: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Draw when it happens, given that it has not by a time of the clock; infinite for never.

        Args:
            group: n words.
            after: n times.
            random: Draws.
        """
        return self._drawn(group, after, random, earlier=False)

    def drawn_before(
        self, group: np.ndarray, before: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Draw when it happened, given that it had by a time of the clock."""
        return np.minimum(self._drawn(group, before, random, earlier=True), before)

    def _drawn(
        self, group: np.ndarray, clock: np.ndarray, random: np.random.Generator, *, earlier: bool
    ) -> np.ndarray:
        luck, drawn = random.random(len(clock)), np.full(len(clock), np.inf)
        own = np.where(np.isin(group.astype(str), list(self.knots)), group.astype(str), "")
        for word in np.unique(own):
            mine = own == word
            at, chance = self.knots[str(word)]
            known = np.interp(clock[mine], at, chance)
            wanted = luck[mine] * known if earlier else known + luck[mine] * (1 - known)
            happens = np.interp(wanted, chance, at, right=np.inf)
            drawn[mine] = happens if earlier else np.maximum(happens, clock[mine])
        return drawn


def _product_limit(clock: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return knots of the chance that it has happened."""
    if not happened.any():
        return np.zeros(1), np.zeros(1)
    ordered = np.sort(clock)
    at, events = np.unique(clock[happened], return_counts=True)
    at_risk = len(clock) - np.searchsorted(ordered, at, side="left")
    chance = 1 - np.cumprod(1 - events / at_risk)
    before = np.append(0.0, chance[:-1])
    knots = np.column_stack([at - ATOM, at]).ravel()
    return np.append(0.0, knots), np.append(0.0, np.column_stack([before, chance]).ravel())
