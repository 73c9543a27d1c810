"""Fit what gives the early warning its scores: boosters and the time to deliver."""

from dataclasses import dataclass

import numpy as np

from data.contract.tables import Orders
from data.domain import NotEnoughDataError
from data.ticks import MS_PER_HOUR
from features.orders.logs import AFTER_SALES
from models.boosters import Booster
from models.early_warning.delivery_time import FEWEST_DELIVERIES, DeliveryTime
from models.early_warning.early_warning import ANY, OVER, SETTINGS, EarlyWarning, OrderRows
from training.early_warning.dataset import OrderDataset

FEWEST_ORDERS = 400
FEWEST_CASES = 60
FEWEST_OF_A_TYPE = 150
"""Orders: a rarer type has no booster of its own; its chance is joined from that of any."""
MOST_ROWS = 40_000


@dataclass(frozen=True)
class PreparedOrders:
    """Known orders with their features."""

    known: OrderDataset
    rows: OrderRows
    names: list[str]
    thinned: bool

    @classmethod
    def of(cls, known: OrderDataset) -> "PreparedOrders":
        """Compute the features once for rehearsal and final fit."""
        rows, names = known.rows(known.plan(), thinned=known.thinned)
        return cls(known, rows, names, known.thinned)


def settled_rows(prepared: PreparedOrders, types: list[str], tick: int) -> np.ndarray:
    """Return positions of subjects under way that were known to raise a type or not by a moment."""
    known = prepared.known
    under_way = ~np.isin(known.stage, OVER) | np.all([name in AFTER_SALES for name in types])
    fresh = known.failed_at >= known.scored_at
    return np.flatnonzero(known.settled(types, tick) & (known.scored_at < tick) & under_way & fresh)


def fit_scores(prepared: PreparedOrders, tick: int) -> EarlyWarning:
    """Fit what gives scores on what was settled before a moment.

    Raises:
        NotEnoughDataError: Too few orders are settled, or none of them raised an exception.
    """
    known = prepared.known
    trees = {}
    for name in (ANY, *known.raised_at):
        types = known.way_types if name == ANY else [name]
        rows = settled_rows(prepared, types, tick)
        label = _raised_before(known, types, tick)[rows]
        if name == ANY and (label.sum() < FEWEST_CASES or len(rows) < FEWEST_ORDERS):
            raise NotEnoughDataError(
                "settled orders that raised an exception",
                int(label.sum()),
                FEWEST_CASES,
                "Choose a later --as-of, or import exceptions that name their orders.",
            )
        if name == ANY or _orders(known, rows[label]) >= FEWEST_OF_A_TYPE:
            taught, recent = rows[-MOST_ROWS:], label[-MOST_ROWS:]
            trees[name] = Booster.fit(
                prepared.rows.dense[taught],
                recent.astype(float),
                SETTINGS,
                weight=evened(known.weight[taught]),
                objective="binary",
            )
    return EarlyWarning(
        plan=known.plan(),
        thinned=prepared.thinned,
        trained_as_of=tick,
        delivery=_fit_delivery(prepared, tick),
        trees=trees,
        shares=_shares(prepared, tick),
        after_sales=tuple(name for name in known.raised_at if name in AFTER_SALES),
    )


def _orders(known: OrderDataset, rows: np.ndarray) -> int:
    return len(set(known.subjects[Orders.order_id].to_numpy(object)[rows].tolist()))


def _raised_before(known: OrderDataset, types: list[str], tick: int) -> np.ndarray:
    raised = [(known.raised_at[n] >= known.scored_at) & (known.raised_at[n] < tick) for n in types]
    return np.logical_or.reduce(raised) if raised else np.zeros(len(known.weight), bool)


def evened(weight: np.ndarray) -> np.ndarray:
    """Return weights of mean 1."""
    return weight / weight.mean() if len(weight) else weight


def _fit_delivery(prepared: PreparedOrders, tick: int) -> DeliveryTime | None:
    known = prepared.known
    rows = settled_rows(prepared, known.way_types, tick)
    seen = rows[(known.told_at[rows] < tick) & ~np.isnan(known.hours_left[rows])][-MOST_ROWS:]
    if len(seen) < FEWEST_DELIVERIES:
        return None
    hours = (known.delivered_at - known.scored_at)[seen] / MS_PER_HOUR
    weight = evened(known.weight[seen])
    return DeliveryTime.fit(prepared.rows.dense[seen], hours, weight, known.grace_hours)


def _shares(prepared: PreparedOrders, tick: int) -> dict[str, float]:
    """Return how often each type comes for one exception on the way."""
    known = prepared.known
    rows = settled_rows(prepared, known.way_types, tick)
    weight = known.weight[rows]
    failed = float((weight * _raised_before(known, known.way_types, tick)[rows]).sum())
    return {
        name: float((weight * _raised_before(known, [name], tick)[rows]).sum()) / max(failed, 1e-9)
        for name in known.raised_at
    }
