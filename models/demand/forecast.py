"""A forecast of demand: a distribution for every series and period, kept small.

Every distribution is a point forecast and a table of level sets, so that 300,000 series over 28
days are 42 MB and any quantile is an interpolation. `models.demand.sample_paths` joins the periods.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.demand.grain import Grain
from models.demand.level_sets import LevelSets


@dataclass(frozen=True)
class Forecast:
    """Demand of n series in each of H periods, as distributions.

    Attributes:
        grain: How long a period is.
        periods: (H,) datetime64[D], the first day of each.
        sku: (n,) texts.
        site: (n,) texts.
        mean: (n, H) float32, units expected.
        point: (n, H) float32, the level that `tables` are read at.
        table: (n, H) uint8, which of `tables` holds the distribution.
        tables: Level sets, one for each kind of series and reach.
        method: (n,) texts: how each series was forecast ("trees", "average", "launch", ...).
        dependence: (H, H) correlation of the normal scores of two periods of one series.
        common: Share of the variance of these scores, 0 to 1, that all series have in common.
    """

    grain: Grain
    periods: np.ndarray
    sku: np.ndarray
    site: np.ndarray
    mean: np.ndarray
    point: np.ndarray
    table: np.ndarray
    tables: Sequence[LevelSets]
    method: np.ndarray
    dependence: np.ndarray
    common: float

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.sku)

    @property
    def horizon(self) -> int:
        """Number of periods."""
        return len(self.periods)

    def quantiles(self, probabilities: np.ndarray) -> np.ndarray:
        """Return (n, H, P) units, never falling with the probability, never below 0."""
        values = np.zeros((*self.point.shape, len(probabilities)), np.float32)
        for code, table in enumerate(self.tables):
            here = self.table == code
            if here.any():
                values[here] = table.quantiles(self.point[here], probabilities)
        return np.maximum.accumulate(np.maximum(values, 0, out=values), axis=2)

    def take(self, rows: np.ndarray | slice) -> "Forecast":
        """Return some of the series."""
        fields = ("sku", "site", "mean", "point", "table", "method")
        return replace(self, **{name: getattr(self, name)[rows] for name in fields})
