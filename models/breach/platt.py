"""A chance put right by two numbers on the scale of log odds (Platt 1999)."""

from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

_MIN_CHANCE = 1e-4
_PENALTY = 1e-3
"""How much a fit is drawn towards leaving chances as they are: it takes few rows to say much."""


@dataclass(frozen=True)
class PlattScaling:
    """Log odds times a slope plus a shift; as made, it changes nothing."""

    shift: float = 0.0
    slope: float = 1.0

    @classmethod
    def fit(
        cls, chance: np.ndarray, soft_label: np.ndarray, weight: np.ndarray | None = None
    ) -> Self:
        """Fit by cross entropy on n labels of 0 to 1 that the chances were not fitted on."""
        odds = logit(np.clip(chance, _MIN_CHANCE, 1 - _MIN_CHANCE))

        def loss(numbers: np.ndarray) -> float:
            score = numbers[0] + numbers[1] * odds
            away = numbers[0] ** 2 + (numbers[1] - 1) ** 2
            entropy = np.average(np.logaddexp(0, score) - soft_label * score, weights=weight)
            return float(entropy + _PENALTY * away)

        shift, slope = minimize(loss, np.array([0.0, 1.0]), method="BFGS").x
        return cls(float(shift), float(slope))

    def halfway(self) -> Self:
        """Return the scaling half as strong, on the scale of log odds."""
        return replace(self, shift=self.shift / 2, slope=(self.slope + 1) / 2)

    def apply(self, chance: np.ndarray) -> np.ndarray:
        """Return n chances put right."""
        if self.shift == 0.0 and self.slope == 1.0:
            return chance
        odds = logit(np.minimum(np.maximum(chance, _MIN_CHANCE), 1 - _MIN_CHANCE))
        return expit(self.shift + self.slope * odds)

    def to_json(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)
