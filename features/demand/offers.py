"""Prices and promotions of series: how they were lately, and what is planned for a period."""

import numpy as np

from features.demand.panel import Panel
from features.demand.running_totals import running_totals


class Offers:
    """One kind of figure (price or promotion) by series and period.

    Args:
        values: (n, T + plan), NaN where not known; None if there are none.
        panel: The series.
        planned: Whether what lies ahead of a cut-off is known at it.
    """

    def __init__(self, values: np.ndarray | None, panel: Panel, *, planned: bool) -> None:
        self._values, self._planned = values, planned
        if values is not None:
            past = values[:, : panel.length]
            recorded = np.isfinite(past)
            self._sum = running_totals(np.where(recorded, past, np.float32(0)))
            self._count = running_totals(recorded)

    def mean(self, rows: np.ndarray, cut: np.ndarray, length: int) -> np.ndarray:
        """Return the mean of the last `length` columns before each cut-off; NaN if not known."""
        if self._values is None:
            return np.full(len(rows), np.nan)
        start = np.maximum(cut - length, 0)
        count = self._count[rows, cut] - self._count[rows, start]
        total = self._sum[rows, cut] - self._sum[rows, start]
        return total / np.where(count > 0, count, np.nan)

    def ahead(self, rows: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return what is planned for columns; NaN where nothing is."""
        if self._values is None or not self._planned:
            return np.full(len(rows), np.nan)
        planned = column < self._values.shape[1]
        return np.where(planned, self._values[rows, np.where(planned, column, 0)], np.nan)
