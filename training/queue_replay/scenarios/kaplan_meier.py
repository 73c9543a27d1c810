"""Kaplan-Meier curves of the chance of an event by time and group, and draws of its time.

The event is a loss or a self-resolution. A case records the time of its event, or a time by which
it had not happened (right-censored). The product-limit estimate (Kaplan and Meier 1958) reads both.
Where a record only says if the event had happened by some time, the rising curves of
`models/breach/breach_label.py` take its place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

MIN_CASES_IN_GROUP = 60
MIN_CASES_AT_RISK = 10
TINY = 1e-12
ATOM = 1e-9
"""Width on the clock of a jump: curves are piecewise linear, and a jump is a very steep piece."""
OVERALL = -1
"""Code of the curve for groups that have none of their own."""


class Knots(NamedTuple):
    """Knots of a piecewise linear curve: clock and chance, neither falling."""

    clock: np.ndarray
    chance: np.ndarray


NEVER_HAPPENS = Knots(np.zeros(1), np.zeros(1))


@dataclass(frozen=True)
class CensoredTimes:
    """Right-censored times of n cases.

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
    """Knots of the curve of each group, and of all cases as `OVERALL`.

    A chance that stays below 1 means that some events never happen.
    """

    knots: Mapping[int, Knots]

    @classmethod
    def product_limit(cls, cases: CensoredTimes, *, borrows: bool) -> Self:
        """Fit a curve to each group of 60 cases or more, and one to all.

        Where fewer than ten cases are at risk, no further event is assumed.

        Args:
            cases: The censored times.
            borrows: Where fewer than ten of a group are at risk, its curve goes on like that of all
                cases. The late cases of the groups must be alike for that.
        """
        if len(cases.clock) < MIN_CASES_AT_RISK:
            return cls({OVERALL: NEVER_HAPPENS})
        overall = _extended(_product_limit(cases), NEVER_HAPPENS)
        knots, beyond = {OVERALL: overall}, overall if borrows else NEVER_HAPPENS
        for group, rows in _rows_by_group(cases.group):
            if len(rows) >= MIN_CASES_IN_GROUP:
                knots[group] = _extended(_product_limit(cases.take(rows)), beyond)
        return cls(knots)

    def draw_after(
        self, group: np.ndarray, clock: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Draw the times of events that had not happened by n times; infinite for never."""
        uniform, drawn = random.random(len(clock)), np.empty(len(clock))
        for code, rows in _rows_by_group(group):
            at, chance = self.knots.get(code, self.knots[OVERALL])
            elapsed_chance = np.interp(clock[rows], at, chance)
            drawn_chance = elapsed_chance + uniform[rows] * (1 - elapsed_chance)
            happens = np.interp(drawn_chance, chance, at, right=np.inf)
            drawn[rows] = np.maximum(happens, clock[rows])
        return drawn

    def draw_before(
        self, group: np.ndarray, clock: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Draw the times of events that had happened by n times."""
        uniform, drawn = random.random(len(clock)), np.empty(len(clock))
        for code, rows in _rows_by_group(group):
            at, chance = self.knots.get(code, self.knots[OVERALL])
            drawn_chance = uniform[rows] * np.interp(clock[rows], at, chance)
            drawn[rows] = np.minimum(np.interp(drawn_chance, chance, at), clock[rows])
        return drawn


def _rows_by_group(group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each code with the rows that have it."""
    order = np.argsort(group, kind="stable")
    codes, first = np.unique(group[order], return_index=True)
    yield from zip(codes.tolist(), np.split(order, first[1:]), strict=True)


class _ProductLimit(NamedTuple):
    """Curve of the chance that the event has happened, and the time until which ten are at risk."""

    curve: Knots
    until: float


def _product_limit(cases: CensoredTimes) -> _ProductLimit:
    """Estimate the curve of some cases."""
    at, events = np.unique(cases.clock[cases.happened], return_counts=True)
    ordered = np.sort(cases.clock)
    at_risk = len(ordered) - np.searchsorted(ordered, at, side="left")
    chance = 1 - np.cumprod(1 - events / at_risk)
    before = np.append(0.0, chance)[:-1]
    knots = np.append(0.0, np.column_stack([at - ATOM, at]).ravel())
    chances = np.append(0.0, np.column_stack([before, chance]).ravel())
    return _ProductLimit(Knots(knots, chances), float(ordered[-MIN_CASES_AT_RISK]))


def _extended(own: _ProductLimit, overall: Knots) -> Knots:
    """Return a group's own curve while ten are at risk, and then the rise of the overall curve."""
    (at, chance), until, (later_at, later) = own.curve, own.until, overall
    within, added = at <= until, later_at > until
    left = 1 - chance[within][-1]
    left_of_all = 1 - np.interp(until, later_at, later)
    outlived = (1 - later[added]) / max(left_of_all, TINY)
    return Knots(
        np.concatenate([at[within], later_at[added]]),
        np.concatenate([chance[within], 1 - left * outlived]),
    )
