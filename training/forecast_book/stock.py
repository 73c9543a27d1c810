"""The stock, prices and costs of series for a forecast book, as of a moment."""

from functools import partial

import numpy as np
import pandas as pd

from data.domain import MAX_QUANTITY
from data.history.history import History
from features.demand.panel import Panel, next_periods
from models.demand.forecast import Forecast
from models.forecast_book.book import BookStock


def read_stock(
    history: History, panel: Panel, forecast: Forecast, as_of: pd.Timestamp
) -> BookStock:
    """Read the stock of a panel's series, NaN where it was never counted.

    What is on its way without a date, or comes after the last period, is left out.
    """
    counted = history.query("stock/on_hand", known_before=as_of)
    keys = pd.MultiIndex.from_arrays([panel.sku, panel.site])
    row = pd.MultiIndex.from_frame(counted[["sku", "site"]]).get_indexer(keys)
    of_series = partial(_taken, counted, row)
    products = history.table("products", known_before=as_of, columns=["sku", "unit_price", "cost"])
    sites = history.table("sites", known_before=as_of, columns=["site", "lead_time_days"])
    price, listed = _last_price(panel), _by_key(products, "unit_price", panel.sku)
    return BookStock(
        on_hand=_plausible(of_series("on_hand")).to_numpy(np.float32),
        inbound=_inbound(_plausible(of_series("inbound")), of_series("inbound_at"), forecast),
        unit_price=np.where(np.isnan(price), listed, price),
        unit_cost=_by_key(products, "cost", panel.sku),
        lead_time_days=_by_key(sites, "lead_time_days", panel.site),
    )


def _taken(counted: pd.DataFrame, row: np.ndarray, column: str) -> pd.Series:
    """Return (n,) values of the counts' rows, empty where a series has none."""
    return counted[column].reset_index(drop=True).reindex(row)


def _plausible(units: pd.Series) -> pd.Series:
    """Leave out counts that no shelf can hold; older histories have them."""
    return units.where(units.abs() <= MAX_QUANTITY)


def _by_key(table: pd.DataFrame, column: str, keys: np.ndarray) -> np.ndarray:
    """Return (n,) the newest value of each key; NaN where there is none."""
    key = str(table.columns[0])
    newest = table.dropna(subset=[column]).drop_duplicates(key, keep="last")
    row = pd.Index(newest[key]).get_indexer(pd.Index(keys))
    return np.append(newest[column].to_numpy(float), np.nan)[row]


def _last_price(panel: Panel) -> np.ndarray:
    """Return (n,) the last sales price, NaN where none is recorded."""
    if panel.price is None or not panel.length:
        return np.full(panel.series, np.nan)
    prices = panel.price[:, : panel.length]
    has_price = np.isfinite(prices)
    last = panel.length - 1 - np.argmax(has_price[:, ::-1], axis=1)
    return np.where(has_price.any(axis=1), prices[np.arange(panel.series), last], np.nan)


def _inbound(units: pd.Series, arrives_at: pd.Series, forecast: Forecast) -> np.ndarray:
    """Return (n, H) units by the period that they arrive in."""
    inbound = np.zeros((len(units), forecast.horizon), np.float32)
    day = arrives_at.dt.tz_localize(None).to_numpy("datetime64[D]")
    end = next_periods(forecast.periods[-1], forecast.grain, 1)[0]
    number = units.fillna(0).to_numpy(np.float32)
    comes = (number > 0) & (day < end)  # no day is before none
    column = np.maximum(np.searchsorted(forecast.periods, day[comes], "right") - 1, 0)
    inbound[comes, column] = number[comes]
    return inbound
