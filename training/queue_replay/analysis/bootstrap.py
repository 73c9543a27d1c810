"""Bootstrap of a comparison of rules: days and scenarios are resampled, the same for every rule."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from training.common.measures import REPEATS, Figure

_EDGES = (0.025, 0.975)


@dataclass(frozen=True)
class Bootstrap:
    """Draws of days with replacement, each in one of the scenarios, for (scenarios, days) figures.

    Attributes:
        weight: (repeats, days) number of times that each day was drawn.
        scenario: (repeats,) number of the scenario.
    """

    weight: np.ndarray
    scenario: np.ndarray

    @classmethod
    def of(cls, scenarios: int, days: int, seed: int, repeats: int = 5 * REPEATS) -> Self:
        """Draw; the same arguments draw the same."""
        random = np.random.default_rng([seed, scenarios, days])
        weight = random.multinomial(days, np.full(days, 1 / days), repeats)
        return cls(weight, random.integers(0, scenarios, repeats))

    def resampled(self, values: np.ndarray) -> np.ndarray:
        """Return the total of each draw.

        Args:
            values: (scenarios, days).
        """
        return (self.weight * values[self.scenario]).sum(axis=1)

    def total(self, values: np.ndarray) -> Figure:
        """Return the total over all days, averaged over the scenarios, with its 95 % interval."""
        low, high = np.quantile(self.resampled(values), _EDGES)
        return Figure(float(values.sum(axis=1).mean()), float(low), float(high))

    def share(self, part: np.ndarray, whole: np.ndarray) -> Figure | None:
        """Return one total as a share of another; None where the other is 0."""
        parts, wholes = self.resampled(part), self.resampled(whole)
        if whole.sum() <= 0 or not (wholes > 0).any():
            return None
        shares = parts[wholes > 0] / wholes[wholes > 0]
        low, high = np.quantile(shares, _EDGES)
        return Figure(float(part.sum() / whole.sum()), float(low), float(high))
