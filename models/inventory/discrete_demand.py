"""Demand as a quantile table, read in whole units.

A table is the function Q: linear between the probabilities it is given at, constant beyond the
first and the last. Demand is round(Q(U)) with U uniform, so the k-th unit sells with chance
P(D >= k) = P(Q(U) >= k - 1/2). Nothing sells beyond the last quantile: there is no tail that
nobody forecast. `LevelSets` and sample paths read their tables in the same way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from data.domain import BadInputError
from models.demand.level_sets import PROBABILITIES

ROWS_A_CHUNK = 8192  # tables of this many rows stay in the cache


@dataclass(frozen=True)
class DiscreteDemand:
    """The demand of n series over the time that a decision is for.

    Attributes:
        probabilities: (P,) increasing, within 0 to 1.
        quantiles: (n, P) units, at least 0, never falling along a row.
    """

    probabilities: np.ndarray
    quantiles: np.ndarray

    @classmethod
    def from_samples(cls, samples: np.ndarray) -> Self:
        """Build it from (n, S) sampled units, such as sums of sample paths over periods."""
        quantiles = np.quantile(samples, PROBABILITIES, axis=1).T
        return cls(PROBABILITIES, np.ascontiguousarray(quantiles, np.float32))

    def __len__(self) -> int:
        return len(self.quantiles)

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return the tables of some series."""
        return type(self)(self.probabilities, self.quantiles[rows])

    def check(self) -> None:
        """Raise BadInputError where it is no quantile table."""
        p, q = self.probabilities, self.quantiles
        if q.ndim != 2 or q.shape[1] != len(p) or len(p) < 2:
            cure = "Give a row for each series and a column for each of two or more probabilities."
            raise BadInputError("quantiles", f"{q.shape} for {len(p)} probabilities", cure)
        if not (p[0] >= 0 and p[-1] <= 1 and (np.diff(p) > 0).all()):
            raise BadInputError("probabilities", "not rising within 0 to 1", "Sort them.")
        sound = np.isfinite(q[:, -1]) & (q[:, 0] >= 0) & (q[:, 1:] >= q[:, :-1]).all(1)
        if not sound.all():
            row = int(np.argmin(sound))
            cure = "Give finite units, at least 0, that never fall with the probability."
            raise BadInputError("quantiles", f"row {row} is {q[row].tolist()}", cure)

    def chance(self, units: np.ndarray) -> np.ndarray:
        """Return (n,) P(D >= units), the chance that the unit of that number sells."""
        chances = np.ones(len(self))
        for rows in _chunks(len(self)):
            chances[rows] = self._chance(rows, units[rows] - 0.5)
        return chances

    def _chance(self, rows: slice, middle: np.ndarray) -> np.ndarray:
        p, q = self.probabilities, self.quantiles[rows]
        step = (q < middle[:, None]).sum(1)
        high = np.clip(step, 1, len(p) - 1)
        row = np.arange(len(q))
        q_low, q_high = q[row, high - 1].astype(float), q[row, high].astype(float)
        share = (middle - q_low) / np.where(q_high > q_low, q_high - q_low, 1.0)
        inside = 1 - p[high - 1] - (p[high] - p[high - 1]) * share
        return np.where(step == 0, 1.0, np.where(step == len(p), 0.0, inside))

    def units_above(self, chance: np.ndarray) -> np.ndarray:
        """Return (n,) the largest k with P(D >= k) above a chance; infinite below 0 and from 1."""
        p, q = self.probabilities, self.quantiles
        level = np.clip(1 - chance, p[0], p[-1])
        high = np.clip(np.searchsorted(p, level), 1, len(p) - 1)
        share = (level - p[high - 1]) / np.diff(p)[high - 1]
        step = np.arange(0, q.size, len(p)) + high
        q_high, q_low = q.ravel()[step], q.ravel()[step - 1]
        units = np.floor(q_low + share * (q_high - q_low) + 0.5)
        units[chance >= 1] = -np.inf
        units[chance < 0] = np.inf
        return units

    def expected_sold(self, stock: np.ndarray) -> np.ndarray:
        """Return E[min(D, stock)] of stock (..., n), whole units, below 0 where units are owed."""
        expected = np.zeros(stock.shape)
        for rows in _chunks(len(self)):
            expected[..., rows] = self._expected_sold(rows, stock[..., rows])
        return expected

    def _expected_sold(self, rows: slice, stock: np.ndarray) -> np.ndarray:
        # Chances fall by equal steps between two quantiles, so each stretch is its middle x count.
        p, q = self.probabilities, self.quantiles[rows].astype(float)
        width = q[:, 1:] - q[:, :-1]
        slope = np.diff(p) / np.where(width > 0, width, 1.0)
        at_none = 1 - p[:-1] + slope * q[:, :-1]
        every = np.floor(q + 0.5)
        expected = np.zeros(stock.shape)
        for column in np.ndindex(stock.shape[:-1]):
            units = np.minimum(every, stock[column][:, None])
            low, high = units[:, :-1], units[:, 1:]
            sold = np.einsum("ij,ij->i", high - low, at_none - slope * (low + high) / 2)
            expected[column] = units[:, 0] + sold
        return expected

    def mean(self) -> np.ndarray:
        """Return (n,) E[D] in units."""
        return self.expected_sold(np.full(len(self), np.inf))


def _chunks(rows: int) -> Iterator[slice]:
    for begin in range(0, rows, ROWS_A_CHUNK):
        yield slice(begin, begin + ROWS_A_CHUNK)
