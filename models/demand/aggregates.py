"""Coherent aggregates: a site, a product group or the total is the sum of the same sample paths."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from models.demand.forecast import Forecast
from models.demand.sample_paths import sample_paths

CELLS_A_CHUNK = 8_000_000


class GroupPaths(NamedTuple):
    """Sample paths of the sums of groups of series.

    Attributes:
        groups: (g,) names, sorted.
        paths: (g, paths, H) float32 units.
    """

    groups: np.ndarray
    paths: np.ndarray


def summed_paths(forecast: Forecast, group: np.ndarray, paths: int, seed: int) -> GroupPaths:
    """Return the paths of the sums of groups of series, in memory that no number of series grows.

    Args:
        forecast: Of n series.
        group: (n,) texts: the site, the product group, or one word for the total.
        paths: How many.
        seed: As of `sample_paths`, of which these are sums.
    """
    return level_paths(forecast, {"": group}, paths, seed)[""]


def level_paths(
    forecast: Forecast, groups: Mapping[str, np.ndarray], paths: int, seed: int
) -> dict[str, GroupPaths]:
    """Return what `summed_paths` does for several groupings, each path drawn only once.

    Args:
        forecast: Of n series.
        groups: For each level (n,) texts.
        paths: How many.
        seed: As of `sample_paths`.
    """
    codes, sums = {}, {}
    for level, group in groups.items():
        names, codes[level] = np.unique(np.asarray(group).astype(str), return_inverse=True)
        sums[level] = names, np.zeros((len(names), paths, forecast.horizon), np.float32)
    size = max(CELLS_A_CHUNK // (paths * forecast.horizon), 1)
    for start in range(0, forecast.series, size):
        rows = np.arange(start, min(start + size, forecast.series))
        drawn = sample_paths(forecast, rows, paths, seed)
        for level, (_, summed) in sums.items():
            _add(drawn, codes[level][rows], summed)
    return sums


def _add(drawn: np.ndarray, codes: np.ndarray, sums: np.ndarray) -> None:
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sums[ordered[starts]] += np.add.reduceat(drawn[order], starts, axis=0)
