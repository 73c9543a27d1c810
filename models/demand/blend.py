"""Points of trees, drawn towards the moving average until they have seen the year.

Trees that were fitted before a season that they never saw stray further than an average does, all
in the same direction. Those that saw it twice know it, and the average, which doesn't, only harms.
"""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np

from features.demand.panel import Panel
from features.demand.windows import RHYTHMS
from models.demand.boosted import BoostedDemand
from models.demand.moving_average import MovingAverage
from models.estimator import Files

LEAST_TREES_SHARE = 0.7
FILE = "blend.json"


@dataclass(frozen=True)
class BlendedDemand:
    """A mean of the points of both; `share` is that of the trees, 0 to 1."""

    trees: BoostedDemand
    average: MovingAverage
    share: float

    @classmethod
    def fit(cls, panel: Panel, horizon: int, *, seed: int, planned: bool) -> Self:
        """Fit both on a panel; see `BoostedDemand.fit` for what is to be told."""
        trees = BoostedDemand.fit(panel, horizon, seed=seed, planned=planned)
        return cls(trees, MovingAverage.fit(panel, horizon), trees_share(panel))

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        average = self.average.points(panel)
        return average + np.float32(self.share) * (self.trees.points(panel) - average)

    def to_files(self) -> Files:
        """Return the texts of both, from which `from_files` builds it again."""
        files = self.trees.to_files() | self.average.to_files()
        return files | {FILE: json.dumps({"share": self.share})}

    @classmethod
    def from_files(cls, files: Files, horizon: int) -> Self:
        """Build it from what `to_files` gave."""
        trees = BoostedDemand.from_files(files, horizon)
        share = json.loads(files[FILE])["share"]
        return cls(trees, MovingAverage.from_files(files, horizon), share)


def trees_share(panel: Panel) -> float:
    """Return the share of the trees: all of it where the panel holds two years."""
    years = panel.length / RHYTHMS[panel.grain].year
    return LEAST_TREES_SHARE + (1 - LEAST_TREES_SHARE) * min(max(years - 1, 0.0), 1.0)
