"""Fits of the early warning's scores: boosters, and the time to deliver."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.contract.order_tables import Orders
from data.ticks import MS_PER_HOUR
from features.engine.feature_set import FeaturePlan
from features.orders.logs import AFTER_SALES
from models.boosters import Booster
from models.breach.column_trees import ColumnTrees
from models.breach.estimators import raw_trees
from models.early_warning.delivery_time import MIN_DELIVERIES, DeliveryTime
from models.early_warning.early_warning import ANY, FINAL_STAGES, SETTINGS, EarlyWarning, OrderRows
from training.early_warning.choices import ALL_FEATURES, WarningChoices
from training.early_warning.dataset import OrderDataset

MIN_SETTLED_ORDERS = 400
MIN_FAILED_ORDERS = 60
MIN_ORDERS_OF_A_TYPE = 150
"""Orders: a rarer type has no booster of its own; its chance is joined from that of any."""
MAX_TRAINING_ROWS = 40_000


@dataclass(frozen=True)
class PreparedOrders:
    """Orders with their features.

    Attributes:
        dataset: The orders.
        plan: What the features learned of the history.
        rows: What the models read.
        names: Names of the features.
        thinned: Whether the history is a thinned sample.
        choices: Choices of whoever trains.
    """

    dataset: OrderDataset
    plan: FeaturePlan
    rows: OrderRows
    names: list[str]
    thinned: bool
    choices: WarningChoices = ALL_FEATURES

    @classmethod
    def of(cls, dataset: OrderDataset, choices: WarningChoices = ALL_FEATURES) -> "PreparedOrders":
        """Compute the features once for rehearsal and final fit.

        Raises:
            BadInputError: A pattern of the choices matches no feature.
        """
        plan = choices.narrowed(dataset.plan())
        rows, names = dataset.rows(plan, thinned=dataset.thinned)
        return cls(dataset, plan, rows, names, dataset.thinned, choices)


def settled_rows(prepared: PreparedOrders, types: list[str], tick: int) -> np.ndarray:
    """Return positions of subjects in transit whose outcome is settled by a moment."""
    dataset = prepared.dataset
    in_transit = ~np.isin(dataset.stage, FINAL_STAGES) | np.all(
        [name in AFTER_SALES for name in types]
    )
    fresh = dataset.failed_at >= dataset.scored_at
    return np.flatnonzero(
        dataset.settled(types, tick) & (dataset.scored_at < tick) & in_transit & fresh
    )


class LearnableCases(NamedTuple):
    """Orders at their stages that models can learn from as of a moment.

    Attributes:
        settled: Those whose outcome is settled.
        failed: Those of them that raised an exception.
    """

    settled: int
    failed: int

    @property
    def enough(self) -> bool:
        """True where models can be fitted."""
        return self.settled >= MIN_SETTLED_ORDERS and self.failed >= MIN_FAILED_ORDERS


def learnable_cases(prepared: PreparedOrders, tick: int) -> LearnableCases:
    """Count what models of any exception can learn from before a moment."""
    types = prepared.dataset.transit_types
    rows = settled_rows(prepared, types, tick)
    return LearnableCases(len(rows), int(_raised_before(prepared.dataset, types, tick)[rows].sum()))


def fit_scores(prepared: PreparedOrders, tick: int) -> EarlyWarning:
    """Fit the scores on the orders that were settled before a moment, of which there are enough."""
    dataset = prepared.dataset
    trees = {}
    for name in (ANY, *dataset.raised_at):
        types = dataset.transit_types if name == ANY else [name]
        rows = settled_rows(prepared, types, tick)
        label = _raised_before(dataset, types, tick)[rows]
        if name == ANY or _orders(dataset, rows[label]) >= MIN_ORDERS_OF_A_TYPE:
            newest, recent = rows[-MAX_TRAINING_ROWS:], label[-MAX_TRAINING_ROWS:]
            trees[name] = Booster.fit(
                prepared.rows.dense[newest],
                recent.astype(float),
                SETTINGS,
                weight=evened(dataset.weight[newest]),
                objective="binary",
            )
    return EarlyWarning(
        plan=prepared.plan,
        thinned=prepared.thinned,
        trained_as_of=tick,
        delivery=_fit_delivery(prepared, tick),
        trees=trees,
        plain=_fit_plain(prepared, tick),
        shares=_shares(prepared, tick),
        after_sales=tuple(name for name in dataset.raised_at if name in AFTER_SALES),
    )


def _fit_plain(prepared: PreparedOrders, tick: int) -> ColumnTrees | None:
    """Fit plain LightGBM on the raw columns; None where only one outcome is known."""
    dataset = prepared.dataset
    rows = settled_rows(prepared, dataset.transit_types, tick)
    label = _raised_before(dataset, dataset.transit_types, tick)[rows]
    if len(np.unique(label)) < 2:
        return None
    columns = prepared.choices.read_columns(prepared.rows.columns)
    own = {name: column[rows] for name, column in columns.items()}
    return raw_trees.learned(own, label.astype(float), evened(dataset.weight[rows]))


def _orders(dataset: OrderDataset, rows: np.ndarray) -> int:
    return len(set(dataset.subjects[Orders.order_id].to_numpy(object)[rows].tolist()))


def _raised_before(dataset: OrderDataset, types: list[str], tick: int) -> np.ndarray:
    raised = [
        (dataset.raised_at[n] >= dataset.scored_at) & (dataset.raised_at[n] < tick) for n in types
    ]
    return np.logical_or.reduce(raised) if raised else np.zeros(len(dataset.weight), bool)


def evened(weight: np.ndarray) -> np.ndarray:
    """Return weights of mean 1."""
    return weight / weight.mean() if len(weight) else weight


def _fit_delivery(prepared: PreparedOrders, tick: int) -> DeliveryTime | None:
    dataset = prepared.dataset
    rows = settled_rows(prepared, dataset.transit_types, tick)
    delivered = rows[
        (dataset.delivery_known_at[rows] < tick) & ~np.isnan(dataset.hours_left[rows])
    ][-MAX_TRAINING_ROWS:]
    if len(delivered) < MIN_DELIVERIES:
        return None
    hours = (dataset.delivered_at - dataset.scored_at)[delivered] / MS_PER_HOUR
    weight = evened(dataset.weight[delivered])
    return DeliveryTime.fit(prepared.rows.dense[delivered], hours, weight, dataset.grace_hours)


def _shares(prepared: PreparedOrders, tick: int) -> dict[str, float]:
    """Return how often each type comes for one exception on the way."""
    dataset = prepared.dataset
    rows = settled_rows(prepared, dataset.transit_types, tick)
    weight = dataset.weight[rows]
    failed = float((weight * _raised_before(dataset, dataset.transit_types, tick)[rows]).sum())
    return {
        name: float((weight * _raised_before(dataset, [name], tick)[rows]).sum())
        / max(failed, 1e-9)
        for name in dataset.raised_at
    }
