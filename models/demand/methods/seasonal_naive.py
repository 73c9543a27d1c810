"""Seasonal naive forecast: the last season again."""

from dataclasses import dataclass

import numpy as np

from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import silent_after_life
from models.estimator import Files

NAME, IS_BASELINE = "seasonal_naive", True
WORDS = "as in the season before"


@dataclass(frozen=True)
class SeasonalNaive:
    """The last season again; where it was not in stock, the mean of the season."""

    horizon: int

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        season = min(rhythm_of(panel.grain).season, panel.length)
        whole = np.where(panel.in_stock > 0, silent_after_life(panel.units), np.nan)[:, -season:]
        finite = np.isfinite(whole)
        mean = np.where(finite, whole, 0).sum(1) / np.maximum(finite.sum(1), 1)
        filled = np.where(finite, whole, mean[:, None])
        return filled[:, np.arange(self.horizon) % season].astype(np.float32)

    def to_files(self) -> Files:
        """Return no text: it has learned nothing."""
        return {}


def can_learn(_panel: Panel) -> bool:
    """Return True: there is nothing to learn."""
    return True


def fit(panel: Panel, horizon: int, *, seed: int, planned: bool) -> SeasonalNaive:
    """Return it for a horizon; nothing is learned."""
    return SeasonalNaive(horizon)


def from_files(_files: Files, horizon: int) -> SeasonalNaive:
    """Build it again; there is nothing to read."""
    return SeasonalNaive(horizon)
