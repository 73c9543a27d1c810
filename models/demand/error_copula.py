"""Gaussian copula of forecast errors, over the periods of a series and over all series.

It is fitted on normal scores (the probability of so little demand, as a quantile of the normal
distribution) of moving averages at many earlier cut-offs. The few cut-offs that trees are held out
at lie in one season: they would not show that all series may be wrong together. Where trees foresee
more than an average does, sums are a little surer than forecast.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import ndtri

from data.domain import Json
from features.demand.panel import Panel
from models.demand.level_sets import PROBABILITIES, LevelSets
from models.demand.methods.moving_average import MovingAverage

MAX_CUTS, MAX_SERIES = 24, 2_000
MIN_SERIES_FOR_COMMON_ERROR = 5  # with fewer, a common error looks like their own
MAX_COMMON_SHARE = 0.95
_ENDS = 0.002  # probabilities nearer to 0 or 1 are not known


@dataclass(frozen=True)
class ErrorCopula:
    """Correlations of normal scores.

    Attributes:
        dependence: (H, H) of two periods of one series.
        common: Share of the variance, 0 to 1, that all series have in common.
    """

    dependence: np.ndarray
    common: float

    @classmethod
    def fit(cls, panel: Panel, horizon: int) -> Self:
        """Fit on the demand after earlier cut-offs of a panel."""
        panel = panel.take(slice(None, None, -(-panel.series // MAX_SERIES)))
        first = max(panel.length // 3, 1)
        step = max(horizon // 2, 1)
        cuts = list(range(panel.length - horizon, first - 1, -step))[:MAX_CUTS]
        average = MovingAverage.fit(panel, horizon)
        demanded = panel.demanded()
        if not cuts:
            return cls(np.eye(horizon), 0.0)
        points = np.stack([average.points(panel.until(cut)) for cut in cuts])
        actual = np.stack([demanded[:, cut : cut + horizon] for cut in cuts])
        actual[np.stack([~np.isfinite(panel.units[:, :cut]).any(1) for cut in cuts])] = np.nan
        finite = np.isfinite(actual)
        if not finite.any():
            return cls(np.eye(horizon), 0.0)
        scores = normal_scores(LevelSets.fit(points[finite], actual[finite]), points, actual)
        # The level sets were fitted on the same times, so the mean over all of them is 0.
        horizons = max(len(cuts) * step / horizon, 1.5)
        share = common_share(scores, points.mean(2)) * horizons / (horizons - 1)
        return cls(dependence(scores), float(np.clip(share, 0, MAX_COMMON_SHARE)))

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` builds it again."""
        return {"dependence": self.dependence.tolist(), "common": self.common}

    @classmethod
    def from_json(cls, plain: Json) -> Self:
        """Build it from the values of `to_json`."""
        return cls(np.array(plain["dependence"]), plain["common"])


def normal_scores(table: LevelSets, forecast: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return normal scores of actual demand; NaN where not observed.

    Where a probability has no value of its own (half of the days sell nothing) the middle of those
    that share the value is taken.
    """
    quantiles = table.quantiles(forecast, PROBABILITIES)
    low = (quantiles < actual[..., None]).sum(-1)
    high = (quantiles <= actual[..., None]).sum(-1)
    grid = np.concatenate([[0.0], PROBABILITIES, [1.0]])
    chance = (grid[low] + grid[np.minimum(high + 1, len(grid) - 1)]) / 2
    return np.where(np.isfinite(actual), ndtri(np.clip(chance, _ENDS, 1 - _ENDS)), np.nan)


def dependence(scores: np.ndarray) -> np.ndarray:
    """Return (H, H) correlation of two periods by their distance; scores (K, n, H)."""
    size = scores.shape[2]
    rows = scores.reshape(-1, size)
    finite = np.isfinite(rows)
    filled = np.where(finite, rows, 0)
    both = finite.T.astype(float) @ finite
    spread = (filled**2).T @ finite
    correlation = (filled.T @ filled) / np.sqrt(np.maximum(spread * spread.T, 1e-12))
    lag = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    by_lag = np.ones(size)
    for k in range(1, size):
        by_lag[k] = np.average(correlation[lag == k], weights=both[lag == k] + 1e-9)
    return _correlation(by_lag[lag])


def common_share(scores: np.ndarray, level: np.ndarray) -> float:
    """Estimate the share of the variance in common from the variance of each period's mean.

    Args:
        scores: (K, n, H) normal scores.
        level: (K, n) points; series that sell more count more, as they do in sums.
    """
    finite = np.isfinite(scores)
    weight = np.where(finite, np.sqrt(np.maximum(level, 0.01))[..., None], 0)
    total = weight.sum(1)
    enough = finite.sum(1) >= MIN_SERIES_FOR_COMMON_ERROR
    if not enough.any():
        return 0.0
    mean = (weight * np.where(finite, scores, 0)).sum(1)[enough] / total[enough]
    alone = (weight**2).sum(1)[enough] / total[enough] ** 2
    variance = np.average(np.where(finite, scores, 0) ** 2, weights=weight)
    if variance <= 0:
        return 0.0
    return float(((mean**2 / variance - alone) / (1 - alone)).mean())


def _correlation(estimate: np.ndarray) -> np.ndarray:
    """Return a correlation matrix near an estimate, without negative eigenvalues."""
    values, vectors = np.linalg.eigh(estimate)
    positive = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    spread = np.sqrt(np.diag(positive))
    return positive / np.outer(spread, spread)
