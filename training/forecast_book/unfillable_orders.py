"""Open orders that want more than is there: which of them to fill, as exceptions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pandas as pd

from data.domain import ExceptionType
from data.ticks import tick_of
from models.inventory.order_filling import fill_orders
from models.inventory.stock_reasons import unfillable_words
from models.inventory.unfillable_orders import OpenOrders, OrderChoice, price_choice
from training.forecast_book.stock_facts import HOUR, StockException, StockFacts

SHELF = ["sku", "site"]


def unfillable_orders(stock_facts: StockFacts) -> Iterator[StockException]:
    """Yield one exception for each SKU and site whose open orders want more than is there."""
    waiting = stock_facts.orders.merge(stock_facts.stock, on=SHELF)
    waiting["pool_units"] = _pool_units(stock_facts, waiting)
    ordered = waiting.groupby(SHELF)["waiting_units"].transform("sum")
    for _, orders in waiting[ordered > waiting["pool_units"]].groupby(SHELF):
        exception = _unfillable(stock_facts, orders, float(orders["pool_units"].iloc[0]))
        if exception.loss >= stock_facts.policy.stock.smallest_loss:
            yield exception


def _pool_units(stock_facts: StockFacts, waiting: pd.DataFrame) -> pd.Series:
    """Return the units for all open orders of each row's SKU and site, in whole units.

    What arrives before the first of them is due is there for them too.
    """
    is_off = waiting["placed_at"] <= waiting["counted_at"]
    is_off &= stock_facts.policy.stock.on_hand_after_open_orders
    shelves = waiting.assign(off=waiting["waiting_units"].where(is_off, 0.0)).groupby(SHELF)
    there = (waiting["on_hand"] + shelves["off"].transform("sum")).clip(lower=0.0)
    arrives = waiting["inbound_at"]
    in_time = (arrives > stock_facts.as_of) & (arrives <= shelves["due_at"].transform("min"))
    return (there + waiting["inbound"].where(in_time, 0.0).fillna(0.0)) // 1


def _unfillable(stock_facts: StockFacts, orders: pd.DataFrame, pool_units: float) -> StockException:
    policy, losses = stock_facts.policy, stock_facts.policy.losses
    share, fixed, helps = losses.terms(ExceptionType.UNFILLABLE_ORDERS)
    value = orders["total"].fillna(losses.order_value)
    loss = np.minimum(value * share + fixed, losses.largest).to_numpy(np.float64)
    units = np.ceil(orders["waiting_units"].to_numpy(np.float64))
    due = orders["due_at"]
    waiting = OpenOrders(units, loss, ((due - stock_facts.as_of) / HOUR).to_numpy(float))
    chosen = fill_orders(units, loss, pool_units).units > 0
    choice = price_choice(
        waiting, chosen, pool_units, helps=helps, deadline_hours=policy.handling.deadline_hours
    )
    facts = _order_facts(orders, waiting, choice, pool_units)
    to_come = due[due > stock_facts.as_of].min()
    return StockException(
        kind=ExceptionType.UNFILLABLE_ORDERS,
        sku=facts["sku"],
        site=facts["site"],
        loss=min(choice.saving, losses.largest),
        curve=choice.curve.tolist(),
        chance=None,
        due_at_ms=None if pd.isna(to_come) else tick_of(to_come),
        message=unfillable_words(facts, policy.currency),
        facts=orjson.dumps(facts).decode(),
    )


def _order_facts(
    orders: pd.DataFrame, waiting: OpenOrders, choice: OrderChoice, pool_units: float
) -> dict[str, Any]:
    listed = zip(orders["order_id"], waiting.units, waiting.loss, choice.fill, strict=True)
    return {
        "sku": orders["sku"].iloc[0],
        "site": orders["site"].iloc[0],
        "pool_units": pool_units,
        "waiting_units": float(waiting.units.sum()),
        "lost_unchosen": round(choice.lost_unchosen, 2),
        "lost_chosen": round(choice.lost_chosen, 2),
        "orders": [
            {"order_id": name, "units": float(n), "loss": round(float(loss), 2), "fill": bool(yes)}
            for name, n, loss, yes in listed
        ],
    }
