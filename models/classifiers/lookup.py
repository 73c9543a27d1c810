"""Classes by looking up how often each followed one column: the first team, the type as raised.

With no column it is the majority. A baseline that is hard to beat where people route well.
"""

from typing import Any, Self

import numpy as np

from data.domain import Json
from models.estimator import Batch, Files

_DRAWN = 1.0
"""Imaginary rows at the overall shares, for each value of the column."""


class LookupClassifier:
    """Log shares of the classes by the value of one column."""

    kind = "lookup"

    def __init__(self, column: str, prior: np.ndarray, table: dict[str, np.ndarray]) -> None:
        self.column, self.prior, self.table = column, prior, table
        self.kind = f"lookup by {column}" if column else "majority"

    @classmethod
    def fit(cls, rows: Batch, label: np.ndarray, prior: np.ndarray, column: str) -> Self:
        """Count n codes of classes by the value of a column; an empty name counts them all."""
        if not column:
            return cls("", prior, {})
        values = rows.columns[column]
        known = np.array([value is not None for value in values])
        words, place = np.unique(values[known].astype(str), return_inverse=True)
        counts = np.zeros((len(words), len(prior)))
        np.add.at(counts, (place, label[known]), 1.0)
        counts += _DRAWN * prior
        shares = counts / counts.sum(axis=1, keepdims=True)
        return cls(column, prior, dict(zip(map(str, words), shares, strict=True)))

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log shares; the prior's where the value was never seen."""
        column = rows.columns.get(self.column, np.full(rows.n, None, object))
        return np.log(np.stack([self.table.get(value, self.prior) for value in column]))

    def to_json(self) -> tuple[dict[str, Any], Files]:
        """Return plain values."""
        table = {word: share.tolist() for word, share in self.table.items()}
        return {"column": self.column, "prior": self.prior.tolist(), "table": table}, {}

    @classmethod
    def from_json(cls, values: Json, _files: Files) -> Self:
        """Build from what `to_json` gave."""
        table = {word: np.array(share) for word, share in values["table"].items()}
        return cls(values["column"], np.array(values["prior"]), table)
