"""Evidence of a chance of a breach: known outcomes, and the chances given before them."""

from dataclasses import dataclass, replace

import numpy as np

_MIN_CHANCE = 1e-4


@dataclass(frozen=True)
class BreachEvidence:
    """n known outcomes of a window, and the chances that a model gave before them.

    Attributes:
        rows: Positions of the exceptions.
        chance: 0 to 1.
        label: 1 breached, 0 not.
        weight: By how much each outcome counts; 1 on average.
    """

    rows: np.ndarray
    chance: np.ndarray
    label: np.ndarray
    weight: np.ndarray

    def of_model(self, chance: np.ndarray) -> "BreachEvidence":
        """Return the same outcomes with the chances of another model."""
        return replace(self, chance=chance)

    def take(self, chosen: np.ndarray) -> "BreachEvidence":
        """Return some of the outcomes."""
        return BreachEvidence(*(own[chosen] for own in vars(self).values()))

    @property
    def losses(self) -> np.ndarray:
        """Log losses, each times its weight."""
        p = np.clip(self.chance, _MIN_CHANCE, 1 - _MIN_CHANCE)
        return -np.log(np.where(self.label > 0.5, p, 1 - p)) * self.weight
