"""Reasons for the refusal of rows, in words."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

SHOWN_CHARACTERS = 60
TOTAL_WORDS = (
    "(?:(?:grand|sub|sum|page)[ -]?)?totals?(?: general| général)?|sum|(?:zwischen)?summen?"
    "|(?:end|gesamt)(?:summe|betrag)?|insgesamt|totale|somme|suma|razem|итого|всего"
    "|合计|总计|小计|合計|総計|小計"
)
TOTALS = f"(?:{TOTAL_WORDS})\\s*[:\uff1a=]?"
"""Words that stand at the head of a line of totals."""


class RefusalReasons:
    """Collects reasons by row position; a column that is broken already gets no second reason."""

    def __init__(self) -> None:
        self.parts: list[pd.DataFrame] = []
        self.kinds: dict[str, np.ndarray] = {}
        self.explained: dict[str, set[int]] = {}

    def add(self, column: str, positions: np.ndarray, shown: pd.Series, problem: str) -> None:
        """Refuse the rows at `positions`, whose values are `shown` (empty ones as nothing)."""
        explained = self.explained.setdefault(column, set())
        is_first = np.array([p not in explained for p in positions], dtype=bool)
        positions = positions[is_first]
        if len(positions) == 0:
            return
        explained.update(positions.tolist())
        values = shown[is_first].astype(str).str.slice(0, SHOWN_CHARACTERS)
        texts = (column + ": '" + values + "' " + problem).to_numpy(dtype=object)
        if problem == "is empty":
            texts = np.full(len(positions), f"{column}: is empty", dtype=object)
        self.parts.append(pd.DataFrame({"position": positions, "reason": texts}))
        self.kinds[f"{column}: {problem}"] = positions

    def instead(self, column: str, positions: np.ndarray, shown: pd.Series, problem: str) -> None:
        """Give refused rows this reason in place of all others."""
        self.parts = [part[~part["position"].isin(positions)] for part in self.parts]
        remaining = {kind: rows[~np.isin(rows, positions)] for kind, rows in self.kinds.items()}
        self.kinds = {kind: rows for kind, rows in remaining.items() if len(rows)}
        self.explained[column] = self.explained.get(column, set()) - set(positions.tolist())
        self.add(column, positions, shown, problem)

    @property
    def positions(self) -> np.ndarray:
        """The rows that are refused."""
        return np.unique(np.concatenate([np.zeros(0, np.int64), *self.kinds.values()]))

    def excuse(self, column: str, positions: np.ndarray) -> None:
        """Give these rows no reason for this column: another column's is the cause."""
        self.explained.setdefault(column, set()).update(positions.tolist())

    def by_row(self) -> pd.Series:
        """The reasons of each refused row, as one text."""
        if not self.parts:
            return pd.Series(dtype=object)
        return pd.concat(self.parts).groupby("position")["reason"].agg("; ".join)


def name_totals(required: Sequence[str], chunk: pa.Table, reasons: RefusalReasons) -> None:
    """Give refused rows that are lines of totals that reason alone."""
    for name in [name for name in required if name in chunk.column_names]:
        positions = reasons.positions
        if not len(positions):
            return
        texts = chunk[name].take(pa.array(positions)).cast(pa.string()).to_pandas()
        are_totals = texts.str.strip().str.casefold().str.fullmatch(TOTALS, na=False).astype(bool)
        reasons.instead(
            name,
            positions[are_totals],
            texts[are_totals],
            "names a line of totals",
        )
