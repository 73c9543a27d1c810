"""Points of trees, drawn towards the moving average.

Trees that were fitted before a season changes stray further than an average does, all in the same
direction; where they see more than it, most of that is left.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from features.demand_panel import Panel
from models.contract import Files
from models.demand_average import Average
from models.demand_trees import DemandTrees

TREES_SHARE = np.float32(0.7)


@dataclass(frozen=True)
class Blend:
    """A fixed mean of the points of both."""

    trees: DemandTrees
    average: Average

    @classmethod
    def fit(cls, panel: Panel, horizon: int, *, seed: int, planned: bool) -> Self:
        """Fit both on a panel; see `DemandTrees.fit` for what is to be told."""
        trees = DemandTrees.fit(panel, horizon, seed=seed, planned=planned)
        return cls(trees, Average.fit(panel, horizon))

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        average = self.average.points(panel)
        return average + TREES_SHARE * (self.trees.points(panel) - average)

    def to_files(self) -> Files:
        """Return the texts of both, from which `from_files` builds it again."""
        return self.trees.to_files() | self.average.to_files()

    @classmethod
    def from_files(cls, files: Files, horizon: int) -> Self:
        """Build it from what `to_files` gave."""
        return cls(DemandTrees.from_files(files, horizon), Average.from_files(files, horizon))
