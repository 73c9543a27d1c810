"""Level sets: from any point forecast to a calibrated distribution.

Held-out forecasts of all series are put into bins of equal size by their level; each bin keeps the
empirical quantiles of actual over forecast, and between bins they are interpolated. Source: Hasson,
Wang, Januschowski, Gasthaus, "Probabilistic Forecasting: A Level-Set Approach", NeurIPS 2021.
"""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
from scipy.special import pdtr, pdtrik

from data.domain import Json

M5_PROBABILITIES = np.array([0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995])
PROBABILITIES = np.unique(
    np.concatenate([M5_PROBABILITIES, [0.01, 0.05], np.arange(2, 20) / 20, [0.99]])
)
LOWEST_LEVEL = 1e-2
ROWS_A_BIN, MAX_BINS = 400, 60
MIN_VARIANCE = 1e-6  # of a mean ratio: no bin knows it better

# What each quantile, and the one at 1, counts for in the mean of straight lines between them.
_WEIGHTS = np.diff(PROBABILITIES, prepend=-PROBABILITIES[0], append=[1.0, 1.0])
_WEIGHTS = (_WEIGHTS[:-1] + _WEIGHTS[1:]) / 2


@dataclass(frozen=True)
class LevelSets:
    """The distribution of actual over forecast by level.

    Attributes:
        levels: (K,) increasing point forecasts, in units.
        ratios: (K, P) quantiles of actual / forecast at `PROBABILITIES`.
        tops: (K,) the ratio at probability 1, such that the mean of the quantiles is that of
            `means`.
        means: (K,) mean of actual / forecast.
    """

    levels: np.ndarray
    ratios: np.ndarray
    tops: np.ndarray
    means: np.ndarray

    @classmethod
    def fit(cls, forecast: np.ndarray, actual: np.ndarray, repeats: int = 1) -> Self:
        """Learn from point forecasts and what came; both (rows,), in units, nothing missing.

        Args:
            forecast: Units.
            actual: Units.
            repeats: So many rows are about the same demand, forecast at different cut-offs.
        """
        level = np.maximum(forecast.astype(float), LOWEST_LEVEL)
        order = np.argsort(level, kind="stable")
        level, units = level[order], actual[order]
        ratio = units / level
        bins = int(np.clip(len(level) // ROWS_A_BIN, 1, MAX_BINS))
        edges = np.linspace(0, len(level), bins + 1).astype(int)
        pairs = list(pairwise(edges))
        levels = np.array([np.median(level[a:b]) for a, b in pairs])
        ratios = np.array([np.quantile(ratio[a:b], PROBABILITIES) for a, b in pairs])
        moments = np.array([_mean(level[a:b], units[a:b]) for a, b in pairs])
        means = _shrunk(moments[:, 0], moments[:, 1] * repeats)
        tops = _tops(ratios, means)
        return cls(*_distinct(levels, ratios, tops[:, None], means[:, None]))

    @classmethod
    def poisson(cls) -> Self:
        """Return what is believed where nothing was seen: demand is Poisson around its point."""
        levels = np.geomspace(0.01, 1000, 26)
        ratios = _poisson_quantiles(PROBABILITIES, levels[:, None]) / levels[:, None]
        return cls(levels, ratios, ratios[:, -1] + 1 / levels, np.ones(len(levels)))

    @classmethod
    def nothing(cls) -> Self:
        """Return the distribution of no demand at all, at any point."""
        none = np.zeros(1)
        return cls(np.ones(1), np.zeros((1, len(PROBABILITIES))), tops=none, means=none)

    def quantiles(self, forecast: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Return (..., P) units: quantiles of what will come, given point forecasts (...).

        Args:
            forecast: Units, any shape.
            probabilities: (P,) between 0 and 1; those outside `PROBABILITIES` get its ends.
        """
        ratios = np.stack([np.interp(probabilities, PROBABILITIES, row) for row in self.ratios])
        return self._read(ratios, forecast)

    def mean(self, forecast: np.ndarray) -> np.ndarray:
        """Return (...) units expected, given point forecasts (...)."""
        return self._read(self.means[:, None], forecast)[..., 0]

    def at(self, forecast: np.ndarray, chances: np.ndarray) -> np.ndarray:
        """Return (k, m) units: k forecasts' quantiles at m probabilities of each one's own.

        Where demand is a few whole units, straight lines between quantiles lie above them on
        average; that is taken off, so that the mean over all probabilities is `mean`.
        """
        ratios = np.column_stack([self.ratios, self.tops])
        drawn = ratios @ _WEIGHTS
        table = self._read(ratios * (self.means / np.where(drawn > 0, drawn, 1))[:, None], forecast)
        grid = np.append(PROBABILITIES, 1.0)
        position = np.interp(chances, grid, np.arange(len(grid)))
        low = np.minimum(position.astype(np.int32), len(grid) - 2)
        share = (position - low).astype(np.float32)
        below = np.take_along_axis(table, low, axis=1)
        return below + share * (np.take_along_axis(table, low + 1, axis=1) - below)

    def _read(self, ratios: np.ndarray, forecast: np.ndarray) -> np.ndarray:
        """Return (..., P) units of (K, P) ratios at point forecasts (...).

        Units are interpolated, not ratios: where one bin sells once in a hundred periods and the
        next once in ten, the ratios between them belong to neither.
        """
        level = np.clip(forecast, self.levels[0], self.levels[-1])
        position = np.interp(level, self.levels, np.arange(len(self.levels)))
        low = position.astype(np.int32)
        high = np.minimum(low + 1, len(self.levels) - 1)
        share = (position - low).astype(np.float32)[..., None]
        units = (ratios * self.levels[:, None]).astype(np.float32)
        beyond = (np.maximum(forecast, LOWEST_LEVEL) / level).astype(np.float32)[..., None]
        return (units[low] + share * (units[high] - units[low])) * beyond

    def to_json(self) -> dict[str, list]:
        """Return plain values, from which `from_json` builds it again."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}

    @classmethod
    def from_json(cls, plain: Json) -> Self:
        """Build it from what `to_json` gave."""
        return cls(**{field.name: np.array(plain[field.name]) for field in fields(cls)})


class RatioMean(NamedTuple):
    """Mean of actual over forecast units, and the variance of its error."""

    mean: float
    variance: float


def _poisson_quantiles(probabilities: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return quantiles of Poisson distributions; scipy.stats has them, and takes 50 MB to load."""
    units = np.ceil(pdtrik(probabilities, means))
    below = np.maximum(units - 1, 0)
    return np.where(pdtr(below, means) >= probabilities, below, units)


def _mean(level: np.ndarray, actual: np.ndarray) -> RatioMean:
    mean = actual.sum() / level.sum()
    return RatioMean(mean, ((actual - mean * level) ** 2).sum() / level.sum() ** 2)


def _shrunk(means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Return means drawn towards 1, the point itself, as far as chance explains that they differ.

    One bulk order in a bin would else raise the mean of every forecast of its level. Source: the
    estimator of variance between groups by DerSimonian and Laird, 1986.
    """
    variances = np.maximum(variances, MIN_VARIANCE)
    between = np.average((means - 1) ** 2 - variances, weights=1 / variances)
    share = max(between, 0) / (max(between, 0) + variances)
    return 1 + share * (means - 1)


def _tops(ratios: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the ratios at probability 1 with which the quantiles have their means, if any has."""
    return np.maximum((means - ratios @ _WEIGHTS[:-1]) / _WEIGHTS[-1], ratios[:, -1])


def _distinct(levels: np.ndarray, *figures: np.ndarray) -> tuple[np.ndarray, ...]:
    """Join bins of one level: between them nothing can be interpolated."""
    values, where = np.unique(levels, return_inverse=True)
    count = np.bincount(where)
    joined = [np.stack([np.bincount(where, row) / count for row in f.T], axis=1) for f in figures]
    return values, *(figure[:, 0] if figure.shape[1] == 1 else figure for figure in joined)
