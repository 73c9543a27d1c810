"""Ends of orders: when exceptions and deliveries happened, or became known."""

import numpy as np
import pandas as pd

from data.contract.exception_tables import Exceptions
from data.contract.order_tables import OrderEvents, Orders
from data.domain import Stage
from data.ticks import MISSING_TICK, NEVER, ceil_ticks
from features.orders.logs import first_known
from features.orders.tables import OrderTables, first_steps


def raised_ticks(tables: OrderTables, subjects: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return for each type the tick at which each subject's first was known; `NEVER` before."""
    exceptions, ids = tables.exceptions, subjects[Orders.order_id]
    start = np.zeros(len(ids), np.int64)
    return {
        str(name): first_known(own, ids, start)
        for name, own in exceptions.groupby(Exceptions.type)
        if own[Exceptions.order_id].notna().any()
    }


def delivery_ticks(tables: OrderTables, subjects: pd.DataFrame, column: str) -> np.ndarray:
    """Return the tick of each subject's delivery, by a column of the steps; `NEVER` without."""
    steps = first_steps(tables.order_events)
    delivered = steps[steps[OrderEvents.stage] == str(Stage.DELIVERED)]
    moment = delivered.set_index(OrderEvents.order_id)[column]
    ticks = ceil_ticks(moment.reindex(subjects[Orders.order_id]))
    return np.where(ticks == MISSING_TICK, NEVER, ticks)
