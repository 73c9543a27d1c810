"""Open orders that want more than is there: which of them to fill, as exceptions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pandas as pd

from data.domain import ExceptionType
from models.fulfilment import fill
from models.open_orders import Choice, OpenOrders, priced_choice
from models.stock_words import unfillable_words
from training.known import tick_of
from training.stock_known import HOUR, StockException, StockKnown


def unfillable_orders(known: StockKnown) -> Iterator[StockException]:
    """Yield one exception for each SKU and site whose open orders want more than is there."""
    waiting = known.orders.merge(known.stock, on=["sku", "site"])
    for _, orders in waiting.groupby(["sku", "site"], sort=True):
        pool_units = _pool_units(known, orders)
        if orders["waiting_units"].sum() > pool_units:
            found = _unfillable(known, orders, pool_units)
            if found.loss >= known.policy.stock.smallest_loss:
                yield found


def _pool_units(known: StockKnown, orders: pd.DataFrame) -> float:
    """What is there for open orders, with what arrives before the first of them is due."""
    shelf = orders.iloc[0]
    units = shelf["on_hand"]
    if known.policy.stock.on_hand_after_open_orders:
        units += orders.loc[orders["placed_at"] <= shelf["counted_at"], "waiting_units"].sum()
    units = max(units, 0.0)
    if shelf["inbound"] > 0 and known.as_of < shelf["inbound_at"] <= orders["due_at"].min():
        units += shelf["inbound"]
    return float(np.floor(units))


def _unfillable(known: StockKnown, orders: pd.DataFrame, pool_units: float) -> StockException:
    policy, losses = known.policy, known.policy.losses
    share, fixed, helps = losses.terms(ExceptionType.UNFILLABLE_ORDERS)
    value = orders["total"].fillna(losses.order_value)
    loss = np.minimum(value * share + fixed, losses.largest).to_numpy(np.float64)
    units = np.ceil(orders["waiting_units"].to_numpy(np.float64))
    due = orders["due_at"]
    waiting = OpenOrders(units, loss, ((due - known.as_of) / HOUR).to_numpy(float))
    chosen = fill(units, loss, pool_units).units > 0
    choice = priced_choice(
        waiting, chosen, pool_units, helps=helps, deadline_hours=policy.handling.deadline_hours
    )
    facts = _order_facts(orders, waiting, choice, pool_units)
    to_come = due[due > known.as_of].min()
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
    orders: pd.DataFrame, waiting: OpenOrders, choice: Choice, pool_units: float
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
