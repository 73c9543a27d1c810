"""Logs of orders, by the time each row became known; history features of orders read them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from data.contract.exception_tables import Exceptions
from data.contract.order_tables import OrderEvents, Orders
from data.domain import ExceptionType, Stage
from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR, NEVER, ceil_ticks
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity
from features.orders.tables import OrderTables, first_steps

AFTER_SALES = (str(ExceptionType.CUSTOMER_REQUEST), str(ExceptionType.AWAITING_RETURN_ITEMS))
"""What customers ask for afterwards is no failure of the order on its way."""

LATE = str(ExceptionType.LATE_SHIPMENT)


def is_thinned(orders: pd.DataFrame) -> bool:
    """Say whether orders differ in weight: then they are a sample, thinned by how they ended."""
    weight = orders[Orders.weight].fillna(1.0).to_numpy()
    return bool((weight != weight[:1]).any())


def order_logs(
    columns: Columns, entities: Sequence[Entity], tables: OrderTables, *, thinned: bool
) -> dict[str, LogRows]:
    """Return what became known of orders, keyed by what they were when placed.

    An order that raised an exception is known as failed when the exception is known, a good one
    when it is delivered.

    Args:
        columns: `order_columns` of the orders as placed, in the order of `tables.orders`.
        entities: Whose past will be asked for.
        tables: The history.
        thinned: Leave out orders under way: in a thinned sample their number tells their end.
    """
    orders = tables.orders
    keys = {entity.name: entity.key(columns) for entity in entities}
    placed = ceil_ticks(orders[Orders.known_at])
    weight = orders[Orders.weight].fillna(1.0).to_numpy(np.float64)
    steps = _StepTimes(tables, placed)
    raised = tables.exceptions[~tables.exceptions[Exceptions.type].isin(AFTER_SALES)]
    late = raised[raised[Exceptions.type] == LATE]
    failed_at, late_at = (
        first_known(rows, orders[Orders.order_id], placed) for rows in (raised, late)
    )
    logs = {
        "ended": _ended(keys, ("failed", failed_at), steps.delivered_known_at, weight),
        "punctual": _ended(keys, ("late", late_at), steps.delivered_known_at, weight),
        "shipped": steps.shipped_log(keys, columns),
        "arrived": steps.arrived_log(keys, columns),
    }
    if not thinned:
        logs["placed"] = LogRows(placed, keys, {})
        logs["open"] = _open(keys, placed, np.minimum(failed_at, steps.delivered_known_at))
    return logs


def first_known(exceptions: pd.DataFrame, order_ids: pd.Series, placed: np.ndarray) -> np.ndarray:
    """Return the tick at which each order's first exception was known; `NEVER` if it had none."""
    first = exceptions.groupby(Exceptions.order_id)[Exceptions.known_at].min()
    ticks = ceil_ticks(first.reindex(order_ids))
    return np.where(ticks == MISSING_TICK, NEVER, np.maximum(ticks, placed))


def _ended(
    keys: Mapping[str, np.ndarray],
    failure: tuple[str, np.ndarray],
    delivered: np.ndarray,
    weight: np.ndarray,
) -> LogRows:
    name, failed_at = failure
    known_at = np.minimum(failed_at, delivered)
    row = np.flatnonzero(known_at != NEVER)
    is_failed = (failed_at <= delivered)[row]
    values = {name: weight[row] * is_failed, "weight": weight[row]}
    return LogRows(known_at[row], {entity: key[row] for entity, key in keys.items()}, values)


def _open(keys: Mapping[str, np.ndarray], placed: np.ndarray, closed: np.ndarray) -> LogRows:
    over = np.flatnonzero(closed != NEVER)
    row = np.concatenate([np.arange(len(placed)), over])
    change = np.concatenate([np.ones(len(placed)), -np.ones(len(over))])
    known_at = np.concatenate([placed, closed[over]])
    return LogRows(known_at, {name: key[row] for name, key in keys.items()}, {"change": change})


class _StepTimes:
    """Times of shipping and delivery, and when each became known; in the order of orders."""

    def __init__(self, tables: OrderTables, placed: np.ndarray) -> None:
        steps = first_steps(tables.order_events)
        ids = tables.orders[Orders.order_id]
        self._occurred: dict[Stage, np.ndarray] = {}
        self._known_at: dict[Stage, np.ndarray] = {}
        for stage in (Stage.SHIPPED, Stage.DELIVERED):
            of_stage = steps[steps[OrderEvents.stage] == str(stage)]
            own = of_stage.set_index(OrderEvents.order_id).reindex(ids)
            known_at = ceil_ticks(own[OrderEvents.known_at])
            self._occurred[stage] = ceil_ticks(own[OrderEvents.occurred_at])
            self._known_at[stage] = np.where(
                known_at == MISSING_TICK, NEVER, np.maximum(known_at, placed)
            )

    @property
    def delivered_known_at(self) -> np.ndarray:
        """Tick at which it was known that an order was delivered; `NEVER` if it wasn't."""
        return self._known_at[Stage.DELIVERED]

    def shipped_log(self, keys: Mapping[str, np.ndarray], columns: Columns) -> LogRows:
        """Log hours from placing to shipping."""
        known_at = self._known_at[Stage.SHIPPED]
        row = np.flatnonzero(known_at != NEVER)
        hours = _log_hours(columns["placed_at"][row], self._occurred[Stage.SHIPPED][row])
        return LogRows(
            known_at[row], {n: key[row] for n, key in keys.items()}, {"ship_hours": hours}
        )

    def arrived_log(self, keys: Mapping[str, np.ndarray], columns: Columns) -> LogRows:
        """Log hours from shipping (or placing) to delivery, and the days left to the promise."""
        known_at, shipped = self._known_at[Stage.DELIVERED], self._occurred[Stage.SHIPPED]
        row = np.flatnonzero(known_at != NEVER)
        # A shipping that became known only after the delivery was not known with it.
        unseen = (shipped == MISSING_TICK) | (self._known_at[Stage.SHIPPED] > known_at)
        start = np.where(unseen, columns["placed_at"], shipped)
        arrived = self._occurred[Stage.DELIVERED][row]
        promised = columns["promised_at"][row]
        margin = np.where(promised == MISSING_TICK, np.nan, (promised - arrived) / MS_PER_DAY)
        values = {"road_hours": _log_hours(start[row], arrived), "margin_days": margin}
        return LogRows(known_at[row], {n: key[row] for n, key in keys.items()}, values)


def _log_hours(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return np.log1p(np.maximum((end - start) / MS_PER_HOUR, 0.0))
