"""Coherent aggregates of a forecast: sites, product groups and the total, from the same paths."""

import numpy as np

from models.demand.aggregates import level_paths
from models.demand.forecast import Forecast
from models.demand.level_sets import PROBABILITIES
from models.forecast_book.book import Aggregates, RecentSales

PATHS, SEED = 300, 7
_NO_GROUP = ""


def aggregates(
    forecast: Forecast, recent: RecentSales, product_group: np.ndarray | None
) -> Aggregates:
    """Sum a forecast and the recent sales.

    Args:
        forecast: Of n series.
        recent: Of the same.
        product_group: (n,) texts, None for series without one.
    """
    groups = {"site": forecast.site, "total": np.full(forecast.series, _NO_GROUP, object)}
    if product_group is not None:
        groups["product_group"] = np.array([name or _NO_GROUP for name in product_group], object)
    drawn = level_paths(forecast, groups, PATHS, SEED)
    parts = [
        _part(kind, drawn[kind], group=group, forecast=forecast, recent=recent)
        for kind, group in groups.items()
    ]
    joined = Aggregates(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    has_name = (joined.kind != "product_group") | (joined.key != _NO_GROUP)
    return Aggregates(*(column[has_name] for column in vars(joined).values()))


def _part(
    kind: str,
    drawn: tuple[np.ndarray, np.ndarray],
    group: np.ndarray,
    forecast: Forecast,
    recent: RecentSales,
) -> tuple[np.ndarray, ...]:
    """Return the fields of `Aggregates` of one kind."""
    names, paths = drawn
    code = np.searchsorted(names, group.astype(str))
    spread = np.quantile(paths, PROBABILITIES, axis=1).transpose(1, 2, 0)
    return (
        np.full(len(names), kind, object),
        names.astype(object),
        _summed(forecast.mean, code, len(names)),
        spread.astype(np.float32),
        _summed(np.nan_to_num(recent.units), code, len(names)),
    )


def _summed(matrix: np.ndarray, code: np.ndarray, groups: int) -> np.ndarray:
    columns = [np.bincount(code, column, groups) for column in matrix.T]
    return np.stack(columns, axis=1).astype(np.float32)
