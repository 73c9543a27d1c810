"""Blend of boosted trees and the moving average, for panels of less than two years.

Trees that were fitted before a season that they never saw stray further than an average does, all
in the same direction. With two years of data they know the season, and the average, which does not,
only makes them worse.
"""

import json
from dataclasses import dataclass

import numpy as np

from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from models.demand import boosted
from models.demand.boosted import BoostedDemand
from models.demand.methods import moving_average
from models.demand.methods.moving_average import MovingAverage
from models.estimator import Files

NAME, IS_BASELINE = "trees", False
WORDS = "one model of all series (boosted trees)"
SETTINGS = boosted.SETTINGS
MIN_TREES_SHARE = 0.7
FILE = "blend.json"


@dataclass(frozen=True)
class BlendedDemand:
    """A weighted mean of the points of both; `share` is the weight of the trees, 0 to 1."""

    trees: BoostedDemand
    average: MovingAverage
    share: float

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        average = self.average.points(panel)
        return average + np.float32(self.share) * (self.trees.points(panel) - average)

    def to_files(self) -> Files:
        """Return the texts of both, from which `from_files` builds it again."""
        files = self.trees.to_files() | self.average.to_files()
        return files | {FILE: json.dumps({"share": self.share})}


def can_learn(panel: Panel) -> bool:
    """Return whether the trees can learn from a panel."""
    return BoostedDemand.can_learn(panel)


def fit(panel: Panel, horizon: int, *, seed: int, planned: bool) -> BlendedDemand:
    """Fit both on a panel; for the arguments see `BoostedDemand.fit`."""
    trees = BoostedDemand.fit(panel, horizon, seed=seed, planned=planned)
    return BlendedDemand(trees, MovingAverage.fit(panel, horizon), trees_share(panel))


def from_files(files: Files, horizon: int) -> BlendedDemand:
    """Build it from the texts of `to_files`."""
    trees = BoostedDemand.from_files(files, horizon)
    average = moving_average.from_files(files, horizon)
    return BlendedDemand(trees, average, json.loads(files[FILE])["share"])


def trees_share(panel: Panel) -> float:
    """Return the weight of the trees: 1 where the panel holds two years."""
    years = panel.length / rhythm_of(panel.grain).year
    return MIN_TREES_SHARE + (1 - MIN_TREES_SHARE) * min(max(years - 1, 0.0), 1.0)
