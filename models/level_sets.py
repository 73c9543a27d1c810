"""Level sets: from any point forecast to a calibrated distribution.

Held-out forecasts of all series are put into bins of equal size by their level; each bin keeps the
empirical quantiles of actual over forecast, and between bins they are interpolated on the log of
the level. Source: Hasson, Wang, Januschowski, Gasthaus, "Probabilistic Forecasting: A Level-Set
Approach", NeurIPS 2021.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from models.contract import Plain

M5_PROBABILITIES = np.array([0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995])
PROBABILITIES = np.unique(
    np.concatenate([M5_PROBABILITIES, [0.01, 0.05], np.arange(2, 20) / 20, [0.99]])
)
LOWEST_LEVEL = 1e-3
ROWS_A_BIN, MOST_BINS = 400, 60


@dataclass(frozen=True)
class LevelSets:
    """The distribution of actual over forecast by level.

    Attributes:
        levels: (K,) increasing point forecasts, in units.
        ratios: (K, P) quantiles of actual / forecast at `PROBABILITIES`.
    """

    levels: np.ndarray
    ratios: np.ndarray

    @classmethod
    def fit(cls, forecast: np.ndarray, actual: np.ndarray) -> Self:
        """Learn from point forecasts and what came; both (rows,), in units, nothing missing."""
        level = np.maximum(forecast, LOWEST_LEVEL)
        order = np.argsort(level, kind="stable")
        level = level[order]
        ratio = actual[order] / level
        bins = int(np.clip(len(level) // ROWS_A_BIN, 1, MOST_BINS))
        edges = np.linspace(0, len(level), bins + 1).astype(int)
        pairs = list(pairwise(edges))
        levels = np.array([np.median(level[a:b]) for a, b in pairs])
        ratios = np.array([np.quantile(ratio[a:b], PROBABILITIES) for a, b in pairs])
        return cls(*_distinct(levels, ratios))

    def quantiles(self, forecast: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Return (..., P) units: quantiles of what will come, given point forecasts (...).

        Args:
            forecast: Units, any shape.
            probabilities: (P,) between 0 and 1; those outside `PROBABILITIES` get its ends.
        """
        ratios = self._at(probabilities)
        level = np.maximum(forecast, LOWEST_LEVEL)
        position = np.interp(np.log(level), np.log(self.levels), np.arange(len(self.levels)))
        low = position.astype(np.int32)
        high = np.minimum(low + 1, len(self.levels) - 1)
        share = (position - low)[..., None]
        return ((1 - share) * ratios[low] + share * ratios[high]) * level[..., None]

    def _at(self, probabilities: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(probabilities, PROBABILITIES, row) for row in self.ratios])

    def to_json(self) -> dict[str, list]:
        """Return plain values, from which `from_json` builds it again."""
        return {"levels": self.levels.tolist(), "ratios": self.ratios.tolist()}

    @classmethod
    def from_json(cls, plain: Plain) -> Self:
        """Build it from what `to_json` gave."""
        return cls(np.array(plain["levels"]), np.array(plain["ratios"]))


def _distinct(levels: np.ndarray, ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join bins of one level: between them nothing can be interpolated."""
    values, where = np.unique(levels, return_inverse=True)
    count = np.bincount(where)
    joined = np.stack([np.bincount(where, row) / count for row in ratios.T], axis=1)
    return values, joined
