"""Triage dataset: the exceptions of a history and their labels, as of a moment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from data.contract.exception_tables import Exceptions
from data.domain import NotEnoughDataError
from data.history.history import History
from data.policy.exchange_rates import Quotes
from data.ticks import tick_of
from features.engine.attributes import ATTRIBUTE, attribute_columns, attribute_kinds
from features.engine.class_shares import LABEL
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity
from features.engine.products import ProductAttributes
from features.exceptions.logs import exception_logs
from features.exceptions.tables import exception_columns, joined_attributes
from models.classifiers.calibration import codes
from training.triage.class_labels import ClassLabels
from training.triage.labels import Labels, read_labels

TABLES = ("exceptions", "orders", "order_lines", "exception_events", "outcomes", "products")


@dataclass(frozen=True)
class TriageDataset:
    """Exceptions with their attributes, labels and rows, as of a moment.

    Attributes:
        tick: The moment.
        ids: Exception ids.
        kinds: Attributes, each a `word` or a `number`.
        columns: What was raised.
        labels: How they ended.
        tables: The rows themselves, by table.
        products: Attributes of the SKUs.
        quotes: Exchange rates.
    """

    tick: int
    ids: np.ndarray
    kinds: dict[str, str]
    columns: Columns
    labels: Labels
    tables: dict[str, pd.DataFrame]
    products: ProductAttributes
    quotes: Quotes

    @classmethod
    def read(
        cls,
        history: History,
        as_of: pd.Timestamp,
        kinds: Mapping[str, str] | None = None,
        newest: int | None = None,
    ) -> Self:
        """Read a history as of a moment.

        Args:
            history: The history.
            as_of: Rows known at or after it are not read.
            kinds: Attributes to read; None finds those there are.
            newest: Read only so many exceptions, those known last; None for all.

        Raises:
            NotEnoughDataError: No exception was known before the moment.
        """
        tables = {name: history.table(name, known_before=as_of) for name in TABLES}
        exceptions = tables["exceptions"]
        if newest is not None and len(exceptions) > newest:
            exceptions = tables["exceptions"] = exceptions.iloc[-newest:].reset_index(drop=True)
        if exceptions.empty:
            raise NotEnoughDataError(
                f"exceptions known before {as_of:%Y-%m-%d}", 0, 1, "Choose a later --as-of."
            )
        orders, lines = tables["orders"], tables["order_lines"]
        products = ProductAttributes.of_table(tables["products"])
        if kinds is None:
            rows = joined_attributes(exceptions, orders, lines, products=products)
            kinds = attribute_kinds(rows)
        columns = exception_columns(exceptions, orders, lines, kinds, products=products)
        labels = read_labels(exceptions, tables["exception_events"], tables["outcomes"])
        ids = exceptions[Exceptions.exception_id].to_numpy(object)
        return cls(
            tick=tick_of(as_of),
            ids=ids,
            kinds=dict(kinds),
            columns=columns,
            labels=labels,
            tables=tables,
            products=products,
            quotes=history.quotes(known_before=as_of),
        )

    def read_by(self, kinds: Mapping[str, str]) -> Self:
        """Return the same with other attributes: those that a model trained before reads."""
        tables = self.tables
        rows = joined_attributes(
            tables["exceptions"], tables["orders"], tables["order_lines"], products=self.products
        )
        raised = {n: c for n, c in self.columns.items() if not n.startswith(ATTRIBUTE)}
        return replace(self, kinds=dict(kinds), columns=raised | attribute_columns(rows, kinds))

    @property
    def detected_at(self) -> np.ndarray:
        """Ticks at which they were detected."""
        return self.columns["detected_at"]

    def between(self, begin: int, end: int) -> np.ndarray:
        """Return the positions of what was detected from a tick until another."""
        return np.flatnonzero((self.detected_at >= begin) & (self.detected_at < end))

    def logs(self, entities: list[Entity]) -> dict[str, LogRows]:
        """Return the logs that features of the past are computed from."""
        tables = self.tables
        logs = exception_logs(
            self.columns,
            entities,
            exceptions=tables["exceptions"],
            events=tables["exception_events"],
            outcomes=tables["outcomes"],
        )
        return {name: rows.known_before(self.tick) for name, rows in logs.items()}

    def label_rows(
        self, label: ClassLabels, names: list[str], keys: Mapping[str, np.ndarray]
    ) -> LogRows:
        """Return the labelled rows that shares of a class are counted from."""
        code = codes(label.name, names)
        in_classes = code >= 0
        row = label.row[in_classes]
        return LogRows(
            label.known_at[in_classes],
            {entity: key[row] for entity, key in keys.items()},
            {LABEL: code[in_classes].astype(np.float64)},
        )
