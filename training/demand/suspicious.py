"""Suspicious values of demand, prices and stock: far outside the usual range of their series."""

from typing import NamedTuple

import numpy as np

from data.domain import BadInputError, NotEnoughDataError
from data.history.history import History
from features.demand.extremes import extremes
from training.demand.origins import read_truth

USUAL = (0.05, 0.95)
MAX_CELLS = 50_000_000  # of the matrix of stock counts


class SuspiciousValue(NamedTuple):
    """A value that is far above the usual ones of its series.

    Attributes:
        table: Table that it is read from.
        column: Its column.
        series: SKU and site.
        period: First day of its period, or the day of its count.
        value: The value.
        low: Quantile .05 of the other values above 0 of its series; NaN where it has none.
        high: Quantile .95 of them.
    """

    table: str
    column: str
    series: str
    period: str
    value: float
    low: float
    high: float


def suspicious_values(history: History) -> list[SuspiciousValue]:
    """Return the suspicious values of a history, those furthest from their usual range first."""
    values = _of_demand(history) + _of_stock(history)
    return sorted(values, key=lambda row: row.value / max(np.nan_to_num(row.high), 1e-9))[::-1]


def _of_demand(history: History) -> list[SuspiciousValue]:
    """Return the suspicious units and prices; none where no demand can be read."""
    try:
        panel = read_truth(history)
    except (BadInputError, NotEnoughDataError):
        return []
    name = "demand" if history.rows["demand"] else "order_lines"
    series = np.array([f"{sku} at {site}" for sku, site in zip(panel.sku, panel.site, strict=True)])
    days = np.tile(panel.periods.astype(str), (panel.series, 1))
    price = "price" if name == "demand" else "unit_price"
    values = _listed(name, "units", series, days, panel.units)
    if panel.price is not None:
        values += _listed(name, price, series, days, panel.price[:, : panel.length])
    return values


def _of_stock(history: History) -> list[SuspiciousValue]:
    """Return the suspicious counts: a row a series, its counts one after another."""
    if not history.rows["stock"]:
        return []
    counts = history.table("stock", columns=["sku", "site", "counted_at", "on_hand"])
    groups = counts.groupby(["sku", "site"], sort=False)
    row, column = groups.ngroup().to_numpy(), groups.cumcount().to_numpy()
    shape = int(row.max()) + 1, int(column.max()) + 1
    if shape[0] * shape[1] > MAX_CELLS:
        return []
    matrix, days = np.full(shape, np.nan), np.full(shape, "", "U10")
    matrix[row, column] = counts["on_hand"].to_numpy(float, na_value=np.nan)
    days[row, column] = counts["counted_at"].dt.strftime("%Y-%m-%d")
    keys = groups.size().index
    return _listed(
        "stock", "on_hand", np.array([f"{sku} at {site}" for sku, site in keys]), days, matrix
    )


def _listed(
    table: str, column: str, series: np.ndarray, days: np.ndarray, matrix: np.ndarray
) -> list[SuspiciousValue]:
    extreme = extremes(matrix)
    listed = []
    for row, position in np.argwhere(extreme):
        others = matrix[row][~extreme[row] & (np.nan_to_num(matrix[row]) > 0)]
        low, high = np.quantile(others, USUAL) if len(others) else (np.nan, np.nan)
        value = float(matrix[row, position])
        day = str(days[row, position])
        listed.append(
            SuspiciousValue(table, column, str(series[row]), day, value, float(low), float(high))
        )
    return listed
