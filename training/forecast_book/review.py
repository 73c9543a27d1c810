"""Review: a forecast made one horizon earlier, against the actual demand since."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.running_totals import silent_after_life
from models.demand.forecast import Forecast
from models.demand.forecaster import DemandForecaster
from models.forecast_book.book import REVIEW_QUANTILES, Review
from training.demand.dataset import read_panel

SEED = 7


def review(history: History, as_of: pd.Timestamp, panel: Panel, demand: DemandForecaster) -> Review:
    """Fit the champion's method as of one horizon earlier, and compare with the demand since.

    Args:
        history: The history.
        as_of: The moment that the panel is of.
        panel: The actual demand.
        demand: The champion: its method and its horizon are taken.
    """
    horizon = demand.horizon
    try:
        earlier_panel = read_panel(history, _earlier(as_of, panel.grain, horizon), panel.grain)
    except NotEnoughDataError:
        return compare_with_actual(panel, horizon, None)
    method = next(iter(demand.methods))
    return compare_with_actual(
        panel,
        horizon,
        DemandForecaster.fit(earlier_panel, horizon, method=method, seed=SEED).forecast(
            earlier_panel
        ),
    )


def _earlier(as_of: pd.Timestamp, grain: Grain, periods: int) -> pd.Timestamp:
    if grain.months:
        return as_of - pd.DateOffset(months=periods * grain.months)
    return as_of - pd.Timedelta(days=periods * grain.days)


def compare_with_actual(panel: Panel, horizon: int, forecast: Forecast | None) -> Review:
    """Compare a forecast with the last periods of a panel, those out of stock left out.

    A series that has ended sold nothing: what was forecast for it counts.
    """
    quantiles = np.full((panel.series, horizon, len(REVIEW_QUANTILES)), np.nan, np.float32)
    mean = np.full((panel.series, horizon), np.nan, np.float32)
    if forecast is not None:
        where = _rows(forecast, panel)
        there = where >= 0
        # The last period given may be older than it should be; then there is less to compare.
        columns = np.searchsorted(panel.periods, forecast.periods) - (panel.length - horizon)
        in_panel = (columns >= 0) & (columns < horizon)
        part = np.ix_(there, columns[in_panel])
        quantiles[part] = forecast.quantiles(REVIEW_QUANTILES)[where[there]][:, in_panel]
        mean[part] = forecast.mean[where[there]][:, in_panel]
    actual = np.full(mean.shape, np.nan, np.float32)
    there = replace(panel, units=silent_after_life(panel.units)).demanded()[:, -horizon:]
    actual[:, horizon - there.shape[1] :] = there
    return Review(quantiles, *_figures(mean, quantiles, actual))


def _rows(forecast: Forecast, panel: Panel) -> np.ndarray:
    """Return (n,) rows of a panel's series in a forecast, -1 for those that it had not yet."""
    then = pd.MultiIndex.from_arrays([forecast.sku, forecast.site])
    return then.get_indexer(pd.MultiIndex.from_arrays([panel.sku, panel.site]))


class ReviewFigures(NamedTuple):
    """Figures of a review.

    Attributes:
        by_series: (n,) arrays.
        overall: Over all series.
    """

    by_series: dict[str, np.ndarray]
    overall: dict[str, float]


def _figures(mean: np.ndarray, quantiles: np.ndarray, actual: np.ndarray) -> ReviewFigures:
    error = mean - actual
    scored = np.isfinite(error)
    inside = (actual >= quantiles[:, :, 0]) & (actual <= quantiles[:, :, 2]) & scored
    sums = {
        "mean_absolute_error": np.nansum(np.abs(error), axis=1),
        "bias": np.nansum(error, axis=1),
        "covered": inside.sum(axis=1),
    }
    count = scored.sum(axis=1)
    units = float(actual[scored].sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        figures = {name: (total / count).astype(np.float32) for name, total in sums.items()}
    periods = int(count.sum())
    overall = {name: float(total.sum() / max(periods, 1)) for name, total in sums.items()}
    if units > 0:
        overall["wape"] = float(sums["mean_absolute_error"].sum() / units)
    overall = overall if periods else {}
    return ReviewFigures(
        figures | {"scored": count.astype(np.float32)}, overall | {"scored": float(periods)}
    )
