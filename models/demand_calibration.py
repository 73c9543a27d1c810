"""What held-out forecasts teach: the distribution around a point, and how errors hang together."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import ndtri
from scipy.stats import poisson

from models.contract import Plain
from models.level_sets import PROBABILITIES, LevelSets


@dataclass(frozen=True)
class HeldOut:
    """Forecasts made at K earlier cut-offs, and what came.

    Attributes:
        forecast: (K, n, H) units.
        actual: (K, n, H) units; NaN where not observed wholly in stock.
        group: (K, n) which group of spread each series was in.
    """

    forecast: np.ndarray
    actual: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """The distribution of demand around a point forecast.

    Attributes:
        tables: Level sets.
        dependence: (H, H) correlation of the normal scores of two periods of one series.
        common: Share of their variance that all series have in common.
    """

    tables: list[LevelSets]
    dependence: np.ndarray
    common: float

    @classmethod
    def fit(cls, held: HeldOut) -> Self:
        """Learn from held-out forecasts."""
        known = np.isfinite(held.actual)
        if not known.any():
            return cls.unknown(held.actual.shape[2])
        tables, scores = [], np.empty(held.actual.shape)
        for code in range(held.group.max() + 1):
            rows = held.group == code
            forecast, actual, seen = held.forecast[rows], held.actual[rows], known[rows]
            tables.append(LevelSets.fit(forecast[seen], actual[seen]))
            scores[rows] = normal_scores(tables[-1], forecast, actual)
        return cls(tables, dependence(scores), common_share(scores))

    @classmethod
    def unknown(cls, horizon: int) -> Self:
        """Return what is believed where nothing was seen: Poisson demand, each period alone."""
        return cls([poisson_table()], np.eye(horizon), 0.0)

    def mean(self, point: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Return (n, H) units expected, of points of series in (n,) groups."""
        mean = np.empty_like(point)
        for code in np.unique(group):
            rows = group == code
            mean[rows] = self.tables[code].mean(point[rows])
        return mean

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` builds it again."""
        return {
            "tables": [table.to_json() for table in self.tables],
            "dependence": self.dependence.tolist(),
            "common": self.common,
        }

    @classmethod
    def from_json(cls, plain: Plain) -> Self:
        """Build it from what `to_json` gave."""
        tables = [LevelSets.from_json(table) for table in plain["tables"]]
        return cls(tables, np.array(plain["dependence"]), plain["common"])


def poisson_table() -> LevelSets:
    """Return the level sets of demand that is Poisson around its point."""
    levels = np.geomspace(0.01, 1000, 26)
    ratios = poisson.ppf(PROBABILITIES, levels[:, None]) / levels[:, None]
    return LevelSets(levels, ratios, ratios[:, -1] + 1 / levels, np.ones(len(levels)))


def normal_scores(table: LevelSets, forecast: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return (n, H) normal scores of what came; NaN where not observed.

    Where a probability has no value of its own (half of the days sell nothing) the middle of those
    that share the value is taken.
    """
    quantiles = table.quantiles(forecast, PROBABILITIES)
    with np.errstate(invalid="ignore"):
        low = (quantiles < actual[..., None]).sum(-1)
        high = (quantiles <= actual[..., None]).sum(-1)
    grid = np.concatenate([[0.0], PROBABILITIES, [1.0]])
    chance = (grid[low] + grid[np.minimum(high + 1, len(grid) - 1)]) / 2
    return np.where(np.isfinite(actual), ndtri(np.clip(chance, 0.002, 0.998)), np.nan)


def dependence(scores: np.ndarray) -> np.ndarray:
    """Return (H, H) rank correlation over series of the scores of two periods."""
    size = scores.shape[2]
    rows = scores.reshape(-1, size)
    known = np.isfinite(rows)
    filled = np.where(known, rows, 0)
    both = known.T.astype(float) @ known
    product = filled.T @ filled
    spread = (filled**2).T @ known
    found = product / np.sqrt(np.maximum(spread * spread.T, 1e-12))
    lag = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    by_lag = [np.average(found[lag == k], weights=both[lag == k] + 1e-9) for k in range(size)]
    return _correlation(np.asarray(by_lag)[lag])


def common_share(scores: np.ndarray) -> float:
    """Return the share of variance that series have in common, from the mean of each period."""
    known = np.isfinite(scores)
    count = known.sum(1)
    enough = count >= 10
    if not enough.any():
        return 0.0
    mean = np.where(known, scores, 0).sum(1)[enough] / count[enough]
    variance = np.nanvar(scores)
    if variance <= 0:
        return 0.0
    return float(np.clip(np.mean(mean**2 / variance - 1 / count[enough]), 0, 0.9))


def _correlation(found: np.ndarray) -> np.ndarray:
    """Return the nearest-by correlation matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(found)
    positive = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    spread = np.sqrt(np.diag(positive))
    return positive / np.outer(spread, spread)
