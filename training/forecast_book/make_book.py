"""Forecast book of a history: the service answers from it."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.history.history import History
from data.policy.policy import Policy
from features.demand.grain import Grain
from features.demand.panel import Panel
from models.demand.forecast import Forecast
from models.forecast_book.book import Book, RecentSales
from models.registry.store import ModelRegistry
from training.common.run import Progress
from training.demand.champion import load_demand
from training.demand.dataset import read_panel
from training.forecast_book.aggregates import aggregates
from training.forecast_book.review import review
from training.forecast_book.stock import read_stock
from training.forecast_book.stock_exceptions import stock_exceptions

SHOWN = {Grain.DAY: 180, Grain.WEEK: 26, Grain.MONTH: 24}
"""Periods of history in a book, by grain; at least as many as are forecast."""


@dataclass(frozen=True)
class ForecastJob:
    """Inputs of a forecast book.

    Attributes:
        history: The history.
        as_of: Only data known before it is used.
        policy: Currency, and what stock exceptions cost.
        horizon: Periods; None is all that the model can.
    """

    history: History
    as_of: pd.Timestamp
    policy: Policy
    horizon: int | None = None


def make_book(job: ForecastJob, store: ModelRegistry, progress: Progress) -> Book:
    """Forecast every series of a history with the champion.

    Raises:
        NoChampionError: No demand model is promoted, or it can't be loaded.
        NotEnoughDataError: No period was complete before the moment.
        BadInputError: The horizon is longer than the model's.
    """
    champion = load_demand(store)
    demand = champion.forecaster
    progress("Reading demand as of the date")
    panel = _in_order(read_panel(job.history, job.as_of, demand.grain))
    progress(f"Forecasting {panel.series:,} series")
    forecast = _shortened(demand.forecast(panel), job.horizon)
    progress("Summing up sites and product groups")
    recent = _recent(panel, forecast.horizon)
    sums = aggregates(forecast, recent, panel.attributes.get("product_group"))
    progress("Reading the stock")
    stock = read_stock(job.history, panel, forecast, job.as_of)
    progress("Looking for what will run out")
    exceptions = stock_exceptions(job.history, forecast, job.policy, job.as_of)
    progress("Rehearsal: forecasts of past periods against actual demand")
    looked_back = review(job.history, job.as_of, panel, demand)
    now = pd.Timestamp.now("UTC")
    return Book(
        model_version=champion.version,
        as_of_ms=_tick(job.as_of),
        made_at_ms=_tick(now),
        currency=job.policy.currency,
        forecast=forecast,
        recent=recent,
        stock=stock,
        review=replace(looked_back, quantiles=looked_back.quantiles[:, -forecast.horizon :]),
        aggregates=sums,
        attributes=panel.attributes,
        exceptions=exceptions,
    )


def _tick(moment: pd.Timestamp) -> int:
    return moment.value // 1_000_000


def _in_order(panel: Panel) -> Panel:
    """Return a panel in the order of SKU, then site, which a book is read in."""
    pairs = list(zip(panel.sku, panel.site, strict=True))
    return panel.take(np.array(sorted(range(len(pairs)), key=pairs.__getitem__), np.intp))


def _shortened(forecast: Forecast, horizon: int | None) -> Forecast:
    if horizon is None:
        return forecast
    if not 1 <= horizon <= forecast.horizon:
        raise BadInputError(
            "--horizon",
            f"{horizon} periods, and the model forecasts {forecast.horizon}",
            f"Ask for 1 to {forecast.horizon}, or train a model that reaches further.",
        )
    cut = {name: getattr(forecast, name)[:, :horizon] for name in ("mean", "point", "table")}
    dependence = forecast.dependence[:horizon, :horizon]
    return replace(forecast, periods=forecast.periods[:horizon], dependence=dependence, **cut)


def _recent(panel: Panel, horizon: int) -> RecentSales:
    last = slice(-max(panel.grain.like(SHOWN), horizon), None)
    return RecentSales(panel.periods[last], panel.units[:, last], panel.in_stock[:, last])
