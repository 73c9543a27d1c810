"""Scattered cells become matrices of series by periods, and fine periods become coarse ones."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from features.demand.panel import Panel
from features.demand.periods import PeriodCalendar

MISSING = np.float32(np.nan)


@dataclass
class DemandMatrix:
    """A matrix of n series by columns that is made when its first value comes.

    Attributes:
        shape: Its series and columns.
        matrix: float32, NaN where nothing was put; None as long as nothing was.
    """

    shape: tuple[int, int]
    matrix: np.ndarray | None = None

    def put(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> None:
        """Put values where they are numbers and their column is one of the sheet's."""
        filled = ~np.isnan(values) & (columns >= 0) & (columns < self.shape[1])
        if not filled.any():
            return
        if self.matrix is None:
            self.matrix = np.full(self.shape, MISSING, np.float32)
        self.matrix[rows[filled], columns[filled]] = values[filled]


def lived(first: np.ndarray, last: np.ndarray, length: int) -> np.ndarray:
    """Return (n, length) float32: 0 from the first to the last life sign, NaN elsewhere.

    Args:
        first: Columns of the first life signs, which may lie outside; `length` if there was none.
        last: Columns of the last ones; -1 if there was none.
        length: How many periods.
    """
    column = np.arange(length)
    alive = (column >= first[:, None]) & (column <= last[:, None])
    return np.where(alive, np.float32(0), MISSING)


def share_covered(
    rows: np.ndarray, start: np.ndarray, end: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Return (n, T) float32: the share of each period that intervals of its series cover.

    Args:
        rows: Series of each interval. Those of one series must not overlap.
        start: Where each begins, in periods since the first one, with fractions.
        end: Where each ends.
        shape: n and T.
    """
    length = shape[1]
    partly = np.zeros(shape, np.float32)
    wholly = np.zeros((shape[0], length + 1), np.float32)
    # An interval is what lies before its end less what lies before its start.
    for bound, sign in ((end, 1), (start, -1)):
        inside = np.clip(bound, 0, length)
        column = np.floor(inside).astype(np.int64)
        np.add.at(wholly, (rows, column), np.float32(sign))
        within = column < length
        part = sign * (inside - column).astype(np.float32)
        np.add.at(partly, (rows[within], column[within]), part[within])
    # What ends in a later column covers this one wholly.
    later = np.cumsum(wholly[:, :0:-1], axis=1)[:, ::-1]
    return np.clip(partly + later, 0, 1)


def coarser(panel: Panel, fine: PeriodCalendar, coarse: PeriodCalendar) -> Panel | None:
    """Return the panel in longer periods: units add up, shares are means, prices go by units.

    A fine period belongs to the coarse one that it begins in. Coarse periods that the panel does
    not hold wholly are left out; None if it holds none.
    """
    columns = max(m.shape[1] for m in (panel.units, panel.price, panel.promotion) if m is not None)
    first = int(fine.number(panel.periods[:1])[0])
    # One period before and one after tell whether the outermost coarse ones are whole.
    group = coarse.number(fine.first_day(np.arange(first - 1, first + columns + 1)))
    begins = np.flatnonzero(group[1:-1] != group[:-2])
    ends = np.flatnonzero(group[1 : panel.length + 1] != group[2 : panel.length + 2]) + 1
    begin, end = int(begins[0]) if len(begins) else columns, int(ends[-1]) if len(ends) else 0
    if end <= begin:
        return None
    # Without plans there is nothing to say of the period that is not over.
    ahead = slice(begin, columns if columns > panel.length else end)
    starts = begins[begins < ahead.stop] - begin
    whole = starts[starts < end - begin]
    sold = np.zeros((panel.series, ahead.stop - begin), np.float32)
    sold[:, : panel.length - begin] = np.nan_to_num(panel.units[:, ahead])
    units, observed = _sums(panel.units[:, begin:end], whole)
    lived_in = np.where(np.isnan(panel.units), MISSING, panel.in_stock)[:, begin:end]
    return replace(
        panel,
        grain=coarse.grain,
        periods=coarse.first_day(group[begins[: len(whole)] + 1]),
        units=np.where(observed > 0, units, MISSING),
        in_stock=np.nan_to_num(_means(lived_in, None, whole), nan=1.0),
        price=None if panel.price is None else _means(panel.price[:, ahead], sold, starts),
        promotion=None
        if panel.promotion is None
        else _means(panel.promotion[:, ahead], None, starts),
    )


class SumsAndCounts(NamedTuple):
    """Sums of the numbers of some spans, and how many numbers each span holds."""

    sums: np.ndarray
    counts: np.ndarray


def _sums(matrix: np.ndarray, starts: np.ndarray) -> SumsAndCounts:
    """Sum up and count the numbers from each start to the next."""
    observed = ~np.isnan(matrix)
    sums = np.add.reduceat(np.where(observed, matrix, np.float32(0)), starts, axis=1)
    return SumsAndCounts(sums, np.add.reduceat(observed, starts, axis=1, dtype=np.float32))


def _means(matrix: np.ndarray, weights: np.ndarray | None, starts: np.ndarray) -> np.ndarray:
    """Return the mean of the numbers from each start to the next, by weights where given."""
    sums, counts = _sums(matrix, starts)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), MISSING)
    if weights is None:
        return means
    weighted = _sums(matrix * weights, starts).sums
    weight = _sums(np.where(np.isnan(matrix), MISSING, weights), starts).sums
    return np.where(weight > 0, weighted / np.where(weight > 0, weight, 1), means)
