"""Quantiles of single series, read quickly: what depends on the probabilities alone is kept ready.

`Forecast.quantiles` is for many series; here a read of one costs microseconds. Both read level sets
in the same way, and a test holds them to it.
"""

from collections.abc import Sequence

import numpy as np

from models.demand.level_sets import LOWEST_LEVEL, PROBABILITIES, LevelSets


class QuantileReader:
    """Reads the quantiles of some probabilities.

    Args:
        tables: Level sets of a forecast.
        probabilities: (P,) increasing, between 0 and 1.
    """

    def __init__(self, tables: Sequence[LevelSets], probabilities: np.ndarray) -> None:
        most = max((len(table.levels) for table in tables), default=1)
        # Bins that a table lacks lie at infinity, where no level reaches.
        self._levels = np.full((len(tables), most), np.inf)
        self._top = np.zeros(len(tables))
        self._units = np.zeros((len(tables), most, len(probabilities)), np.float32)
        for code, table in enumerate(tables):
            bins = len(table.levels)
            self._levels[code, :bins] = table.levels
            self._top[code] = table.levels[-1]
            ratios = [np.interp(probabilities, PROBABILITIES, row) for row in table.ratios]
            self._units[code, :bins] = np.stack(ratios) * table.levels[:, None]

    def read(self, point: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Return (..., P) units, of (...) points and the tables that they are read at."""
        levels = self._levels[table]
        level = np.minimum(np.maximum(point, levels[..., 0]), self._top[table])
        high = (levels < level[..., None]).sum(axis=-1)
        low = np.maximum(high - 1, 0)
        below, above = self._levels[table, low], self._levels[table, high]
        width = above - below
        share = ((level - below) / np.where(width > 0, width, 1.0)).astype(np.float32)[..., None]
        under, over = self._units[table, low], self._units[table, high]
        beyond = (np.maximum(point, LOWEST_LEVEL) / level).astype(np.float32)[..., None]
        values = (under + share * (over - under)) * beyond
        return np.maximum.accumulate(np.maximum(values, 0, out=values), axis=-1)
