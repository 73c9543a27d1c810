"""Joint sample paths of a forecast: single periods as forecast, joined by a Gaussian copula.

Normal scores of one series are correlated over its periods, and a share of their variance is common
to all series: without either, sums over weeks or series would look far too certain.
"""

import numpy as np
from scipy.special import ndtr

from models.demand.forecast import Forecast

_COMMON = 0  # the stream of random numbers that all series share; those of the series follow


def sample_paths(forecast: Forecast, rows: np.ndarray, paths: int, seed: int) -> np.ndarray:
    """Return (rows, paths, H) float32 units.

    A series' paths depend on the seed and its row alone, so paths that were drawn apart belong
    together and may be summed.
    """
    normal = normal_paths(forecast, rows, paths, seed)
    chance = ndtr(normal, out=normal)
    units = np.empty_like(chance)
    point, table = forecast.point[rows], forecast.table[rows]
    chance = chance.transpose(0, 2, 1)
    view = units.transpose(0, 2, 1)
    for code in np.unique(table):
        here = table == code
        view[here] = forecast.tables[code].at(point[here], chance[here])
    return units


def normal_paths(forecast: Forecast, rows: np.ndarray, paths: int, seed: int) -> np.ndarray:
    """Return (rows, paths, H) float32 normal scores, correlated as the forecast says."""
    root = _root(forecast.dependence).astype(np.float32)
    common = np.float32(np.sqrt(forecast.common))
    own = np.float32(np.sqrt(1 - forecast.common))
    shape = (paths, forecast.horizon)
    shared = common * _draw(seed, _COMMON, shape)
    drawn = np.empty((len(rows), *shape), np.float32)
    for index, row in enumerate(rows):
        drawn[index] = shared + own * _draw(seed, int(row) + 1, shape)
    return drawn @ root.T


def _draw(seed: int, stream: int, shape: tuple[int, int]) -> np.ndarray:
    # A stream each, far apart in one sequence: cheaper to start than seeds of their own.
    random = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, stream]))
    return random.standard_normal(shape, np.float32)


def _root(correlation: np.ndarray) -> np.ndarray:
    """Return the symmetric root; unlike Cholesky's it allows a correlation of 1."""
    values, vectors = np.linalg.eigh(correlation)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
