"""Coherent aggregates: a site, a product group or the total is the sum of the same sample paths."""

import numpy as np

from models.forecast import Forecast
from models.sample_paths import sample_paths

CELLS_A_CHUNK = 8_000_000


def summed_paths(
    forecast: Forecast, group: np.ndarray, paths: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the paths of the sums of groups of series, in memory that no number of series grows.

    Args:
        forecast: Of n series.
        group: (n,) texts: the site, the product group, or one word for the total.
        paths: How many.
        seed: As of `sample_paths`, of which these are sums.

    Returns:
        (g,) groups, sorted, and (g, paths, H) float32 units.
    """
    names, codes = np.unique(np.asarray(group).astype(str), return_inverse=True)
    sums = np.zeros((len(names), paths, forecast.horizon), np.float32)
    size = max(CELLS_A_CHUNK // (paths * forecast.horizon), 1)
    order = np.argsort(codes, kind="stable")
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        drawn = sample_paths(forecast, rows, paths, seed)
        starts = np.flatnonzero(np.diff(codes[rows], prepend=-1))
        sums[codes[rows[starts]]] += np.add.reduceat(drawn, starts, axis=0)
    return names, sums
