"""Order dataset of the early warning: orders at their stages, as of a moment."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from data.contract.order_tables import OrderEvents, Orders
from data.domain import NotEnoughDataError, Stage
from data.history.history import History
from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR, NEVER, tick_of
from features.engine.attributes import attribute_columns, attribute_kinds
from features.engine.columns import hours_between
from features.engine.compute import Features
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity, FeaturePlan
from features.engine.history_features import HistoryIndex
from features.orders.features import FEATURES
from features.orders.history_features import PACE, RATES
from features.orders.logs import AFTER_SALES, LATE, is_thinned, order_logs
from features.orders.tables import (
    ATTRIBUTES_OF,
    OrderTables,
    order_attributes,
    order_columns,
    order_subjects,
)
from models.early_warning.delivery_time import DeliveryTime
from models.early_warning.early_warning import FINAL_STAGES, OrderRows
from training.early_warning.ends import delivery_ticks, raised_ticks

USUAL_QUANTILE = 0.95
_MIN_SLACK_DAYS, _MAX_SLACK_DAYS = 2.0, 60.0


class ComputedRows(NamedTuple):
    """Model inputs of all subjects.

    Attributes:
        rows: The inputs.
        names: Names of the features.
    """

    rows: OrderRows
    names: list[str]


@dataclass(frozen=True)
class OrderDataset:
    """Orders at their stages, with their columns and outcomes, as of a moment.

    Attributes:
        tick: The moment.
        subjects: order_id, stage, stage_at, scored_at: one row for each order and stage.
        columns: `order_columns` of the subjects.
        weight: Rows of the full set that each subject stands for.
        raised_at: For each type the tick at which the order's first was known; `NEVER` before.
        delivered_at: Tick of the delivery; `NEVER` where none is known.
        delivery_known_at: Tick at which the delivery was known; `NEVER` before.
        tables: The rows themselves.
    """

    tick: int
    subjects: pd.DataFrame
    columns: Columns
    weight: np.ndarray
    raised_at: dict[str, np.ndarray]
    delivered_at: np.ndarray
    delivery_known_at: np.ndarray
    tables: OrderTables

    @classmethod
    def read(cls, history: History, as_of: pd.Timestamp) -> Self:
        """Read a history as of a moment; rows known at or after it are not read.

        Raises:
            NotEnoughDataError: No order was known before the moment.
        """
        names = (field.name for field in fields(OrderTables))
        tables = OrderTables(**{n: history.table(n, known_before=as_of) for n in names})
        if tables.orders.empty:
            what = f"orders known before {as_of:%Y-%m-%d}"
            raise NotEnoughDataError(what, 0, 1, "Choose a later --as-of.")
        subjects = order_subjects(tables.orders, tables.order_events)
        own = tables.orders.set_index(Orders.order_id).loc[subjects[Orders.order_id]]
        return cls(
            tick=tick_of(as_of),
            subjects=subjects,
            columns=order_columns(subjects, tables),
            weight=own[Orders.weight].fillna(1.0).to_numpy(np.float64),
            raised_at=raised_ticks(tables, subjects),
            delivered_at=delivery_ticks(tables, subjects, OrderEvents.occurred_at),
            delivery_known_at=delivery_ticks(tables, subjects, OrderEvents.known_at),
            tables=tables,
        )

    @property
    def scored_at(self) -> np.ndarray:
        """Ticks at which the subjects are scored."""
        return self.columns["scored_at"]

    @property
    def stage(self) -> np.ndarray:
        """Stage of each subject."""
        return self.columns["stage"]

    @cached_property
    def transit_types(self) -> list[str]:
        """Types of what goes wrong on the way."""
        return [name for name in self.raised_at if name not in AFTER_SALES]

    @cached_property
    def failed_at(self) -> np.ndarray:
        """Tick at which the first exception in transit was known; `NEVER` where there was none."""
        raised = [self.raised_at[name] for name in self.transit_types]
        return np.minimum.reduce(raised) if raised else np.full(len(self.weight), NEVER)

    def to_come(self, types: list[str]) -> np.ndarray:
        """Return a mask of the subjects that raise one of the types after they are scored."""
        come = np.zeros(len(self.weight), bool)
        for name in types:
            raised_at = self.raised_at[name]
            come |= (raised_at != NEVER) & (raised_at >= self.scored_at)
        return come

    @cached_property
    def limit(self) -> np.ndarray:
        """The tick by which each order should be there: the promise, or as long as most take."""
        took = (self.delivered_at - self.columns["placed_at"])[self.delivered_at != NEVER]
        usual = np.quantile(took, USUAL_QUANTILE) if len(took) else 30 * MS_PER_DAY
        promised = self.columns["promised_at"]
        usual_end = self.columns["placed_at"] + int(usual)
        return np.where(promised == MISSING_TICK, usual_end, promised)

    def settled(self, types: list[str], tick: int) -> np.ndarray:
        """Return a mask of the subjects whose outcome for the types is settled by a moment.

        Those whose promise had passed for as long as such exceptions take to be known, however they
        ended: to take all orders whose end is known would take the quick and good ones only.
        """
        lags = [
            (self.raised_at[name] - self.limit)[self.raised_at[name] < min(tick, NEVER)]
            for name in types
        ]
        lag = np.concatenate(lags) if lags else np.empty(0)
        days = np.quantile(lag, USUAL_QUANTILE) / MS_PER_DAY if len(lag) else 0.0
        days = float(np.clip(days, _MIN_SLACK_DAYS, _MAX_SLACK_DAYS))
        return self.limit + int(days * MS_PER_DAY) <= tick

    @cached_property
    def hours_left(self) -> np.ndarray:
        """Hours left to the promise when scored; NaN where there is none."""
        return hours_between(self.scored_at, self.columns["promised_at"])

    @cached_property
    def grace_hours(self) -> float:
        """Usual hours from the promise until an order is reported late."""
        late = self.raised_at.get(LATE, np.full(len(self.weight), NEVER))
        late_known = (late != NEVER) & (self.columns["promised_at"] != MISSING_TICK)
        after = late[late_known] - self.columns["promised_at"][late_known]
        after = after[after >= 0]
        return float(np.quantile(after, 0.1)) / MS_PER_HOUR if len(after) else 0.0

    def plan(self) -> FeaturePlan:
        """Learn which words and attributes are common and which entities are there."""
        return FEATURES.fit(self._with_attributes(self._kinds), self._kinds)

    @cached_property
    def _attributes(self) -> list[dict[str, Any]]:
        return order_attributes(self.columns)

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return attribute_kinds(self._attributes)

    def _with_attributes(self, kinds: Mapping[str, str]) -> Columns:
        return {**self.columns, **attribute_columns(self._attributes, kinds)}

    @property
    def thinned(self) -> bool:
        """True where the history is a sample thinned by how orders ended."""
        return is_thinned(self.tables.orders)

    def rows(self, plan: FeaturePlan, *, thinned: bool) -> ComputedRows:
        """Compute what the models read of all subjects, and the names of the features."""
        columns = self._with_attributes(plan.attributes)
        logs = self._logs(columns, plan, thinned=thinned)
        features = Features(FEATURES, plan, logs)
        keys = features.keys(columns)
        nobody = np.full(len(self.weight), None, object)
        entity_keys = {rate.entity: keys.get(rate.entity, nobody) for rate in RATES}
        rows = OrderRows(
            dense=features.compute(columns, keys, self.scored_at).dense,
            columns={**_recorded(columns), "detected_at": self.scored_at},
            rates=HistoryIndex(RATES, logs).compute(entity_keys, self.scored_at),
            stage=self.stage,
            hours_left=self.hours_left,
            pace=np.zeros(len(self.weight)),
            surplus={},
            raised={name: at < self.scored_at for name, at in self.raised_at.items()},
        )
        return ComputedRows(rows, features.names)

    def paced(self, rows: OrderRows, delivery: DeliveryTime | None) -> OrderRows:
        """Return the rows with how much slower than predicted orders lately were.

        Seasons and carriers change faster than models are trained: this follows within four weeks.
        """
        if delivery is None:
            return rows
        delivered = np.flatnonzero(
            (self.delivery_known_at != NEVER) & ~np.isin(self.stage, FINAL_STAGES)
        )
        hours = (self.delivered_at - self.scored_at)[delivered] / MS_PER_HOUR
        slower = delivery.residual(rows.dense[delivered], hours)
        log = LogRows(
            self.delivery_known_at[delivered], {"stage": self.stage[delivered]}, {"slower": slower}
        )
        paces = HistoryIndex([PACE], {"pace": log}).compute({"stage": self.stage}, self.scored_at)
        return rows._replace(pace=np.nan_to_num(paces[:, 0]))

    def _logs(self, columns: Columns, plan: FeaturePlan, *, thinned: bool) -> dict[str, LogRows]:
        placed = np.flatnonzero(self.stage == str(Stage.PLACED))
        ids = self.subjects[Orders.order_id].to_numpy(object)[placed]
        row = pd.Series(placed, index=ids).loc[self.tables.orders[Orders.order_id]].to_numpy()
        placed_columns = {name: column[row] for name, column in columns.items()}
        entities = [Entity(name, tuple(parts)) for name, parts in plan.entities.items()]
        return order_logs(placed_columns, entities, self.tables, thinned=thinned)


def _recorded(columns: Columns) -> Columns:
    """Return the columns without the JSON objects, whose attributes are columns of their own."""
    return {name: own for name, own in columns.items() if name not in ATTRIBUTES_OF}
