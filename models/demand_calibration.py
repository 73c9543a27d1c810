"""What held-out forecasts teach: the distribution around a point, by groups of series."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.stats import poisson

from models.contract import Plain
from models.level_sets import PROBABILITIES, LevelSets


@dataclass(frozen=True)
class HeldOut:
    """Forecasts made at K earlier cut-offs, and what came.

    Attributes:
        forecast: (K, n, H) units.
        actual: (K, n, H) units; NaN where it is not to be learned from.
        group: (K, n) which group of spread each series was in.
    """

    forecast: np.ndarray
    actual: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """The distribution of demand around a point forecast.

    Attributes:
        tables: Level sets, one for each group of series.
    """

    tables: list[LevelSets]

    @classmethod
    def fit(cls, held: HeldOut) -> Self:
        """Learn from held-out forecasts."""
        tables = []
        known = np.isfinite(held.actual)
        for code in range(held.group.max() + 1):
            rows = known & (held.group == code)[..., None]
            tables.append(_table(held.forecast[rows], held.actual[rows]))
        return cls(tables)

    @classmethod
    def unknown(cls) -> Self:
        """Return what is believed where nothing was seen."""
        return cls([poisson_table()])

    def mean(self, point: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Return (n, H) units expected, of points of series in (n,) groups."""
        mean = np.empty_like(point)
        for code in np.unique(group):
            rows = group == code
            mean[rows] = self.tables[code].mean(point[rows])
        return mean

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` builds it again."""
        return {"tables": [table.to_json() for table in self.tables]}

    @classmethod
    def from_json(cls, plain: Plain) -> Self:
        """Build it from what `to_json` gave."""
        return cls([LevelSets.from_json(table) for table in plain["tables"]])


def _table(forecast: np.ndarray, actual: np.ndarray) -> LevelSets:
    return LevelSets.fit(forecast, actual) if len(actual) else poisson_table()


def poisson_table() -> LevelSets:
    """Return the level sets of demand that is Poisson around its point."""
    levels = np.geomspace(0.01, 1000, 26)
    ratios = poisson.ppf(PROBABILITIES, levels[:, None]) / levels[:, None]
    return LevelSets(levels, ratios, ratios[:, -1] + 1 / levels, np.ones(len(levels)))
