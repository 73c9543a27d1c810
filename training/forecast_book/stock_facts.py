"""Stock facts as of a moment, and the rows of stock exceptions."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from data.domain import ExceptionType
from data.history.history import History
from data.policy.policy import Policy
from models.demand.forecast import Forecast
from models.inventory.stock_risk import StockedSeries, edges_hours

HOUR = pd.Timedelta(1, "h")

COLUMNS = pa.schema(
    [
        ("kind", pa.string()),
        ("sku", pa.string()),
        ("site", pa.string()),
        ("loss", pa.float64()),
        ("curve", pa.list_(pa.float64())),
        ("chance", pa.float64()),
        ("due_at_ms", pa.int64()),
        ("message", pa.string()),
        ("facts", pa.string()),
    ]
)
"""`loss`: money that handling can save. `curve`: share of it that is gone by each of
`models.loss_curve.CURVE_AGES_HOURS` from the forecast's `as_of`. `chance`: that it comes true;
empty where it already has. `due_at_ms`: the latest moment to act in time. `facts`: a JSON
object."""


@dataclass(frozen=True)
class StockException:
    """One row; the fields are those of `COLUMNS`."""

    kind: ExceptionType
    sku: str
    site: str
    loss: float
    curve: list[float]
    chance: float | None
    due_at_ms: int | None
    message: str
    facts: str


class CountedSeries(NamedTuple):
    """Series that are both forecast and counted.

    Attributes:
        rows: Rows of the forecast.
        stock: Rows of the stock.
        shelves: Stock, deliveries and margins.
    """

    rows: np.ndarray
    stock: pd.DataFrame
    shelves: StockedSeries


@dataclass(frozen=True)
class StockFacts:
    """Stock, orders and forecast as of a moment; hours count from the forecast's first period.

    Attributes:
        forecast: Of all series.
        stock: The answer of `stock/on_hand.sql`.
        orders: The answer of `stock/open_orders.sql`.
        as_of: The moment.
        policy: What the company prefers.
    """

    forecast: Forecast
    stock: pd.DataFrame
    orders: pd.DataFrame
    as_of: pd.Timestamp
    policy: Policy

    @classmethod
    def read(
        cls, history: History, forecast: Forecast, policy: Policy, as_of: pd.Timestamp
    ) -> Self:
        """Read a history as of the moment that the forecast was made at."""
        oldest = as_of - pd.Timedelta(policy.stock.orders_open_days, "D")
        stock = history.query("stock/on_hand", known_before=as_of)
        orders = history.query("stock/open_orders", known_before=as_of, placed_from=oldest)
        return cls(forecast=forecast, stock=stock, orders=orders, as_of=as_of, policy=policy)

    @property
    def edges_hours(self) -> np.ndarray:
        """(H + 1,) where periods begin and the last one ends."""
        return edges_hours(self.forecast.periods, self.forecast.grain)

    @property
    def now_hours(self) -> float:
        """The moment."""
        return max(self.hours(self.as_of), 0.0)

    def hours(self, moments: pd.Series | pd.Timestamp) -> Any:
        """Return moments in hours."""
        return (moments - pd.Timestamp(self.forecast.periods[0], tz="UTC")) / HOUR

    def moment(self, hours: float) -> pd.Timestamp:
        """Return the moment of an hour."""
        return pd.Timestamp(self.forecast.periods[0], tz="UTC") + hours * HOUR

    def shelves(self) -> CountedSeries:
        """Return what is both forecast and counted: rows of the forecast, stock, shelves.

        What is overdue, or not even on its way, can be there after the lead time.
        """
        names = pd.MultiIndex.from_arrays([self.forecast.sku, self.forecast.site])
        rows = names.get_indexer(pd.MultiIndex.from_frame(self.stock[["sku", "site"]]))
        stock = self.stock[rows >= 0].reset_index(drop=True)
        rules = self.policy.stock
        inbound = stock["inbound"].fillna(0.0)
        arrives = self.hours(stock["inbound_at"])
        lead_hours = stock["lead_time_days"].fillna(rules.lead_time_days) * 24
        is_coming = (inbound > 0) & (arrives > self.now_hours)
        price = stock["unit_price"].fillna(rules.unit_price)
        cost = stock["cost"].fillna(price * (1 - rules.margin_share))
        columns = {
            "on_hand": stock["on_hand"],
            "counted_hours": self.hours(stock["counted_at"]),
            "delivery_hours": arrives.where(is_coming, self.now_hours + lead_hours),
            "inbound": inbound,
            "margin": (price - cost).clip(lower=0.0),
            "cost": cost,
        }
        arrays = {name: column.to_numpy(np.float64) for name, column in columns.items()}
        return CountedSeries(rows[rows >= 0], stock, StockedSeries(**arrays))

    def may_matter(self, rows: np.ndarray, shelves: StockedSeries) -> np.ndarray:
        """Return a mask of the series that are worth drawing paths for.

        Those where the units that are short if all periods are at their high quantile, or those
        that lie there beyond the expected demand, cost enough to be told.
        """
        forecast, rules, edges = self.forecast.take(rows), self.policy.stock, self.edges_hours
        high = forecast.quantiles(np.array([1 - rules.smallest_chance / 2]))[:, :, 0]
        begun = np.clip((shelves.delivery_hours[:, None] - edges[:-1]) / np.diff(edges), 0, 1)
        there = np.maximum(shelves.on_hand, 0)
        short = ((high * begun).sum(axis=1) - there) * shelves.margin
        sold = forecast.mean.sum(axis=1) / edges[-1] * rules.keep_days * 24
        heap = (there + shelves.inbound - sold) * shelves.cost * rules.holding_share_per_year
        return (short > rules.smallest_loss) | (heap > rules.smallest_loss)
