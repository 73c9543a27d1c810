"""Tables of an input: keys, links between them, and which column decides which."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.contents import Content, plausibility
from data.source_proposal.header_words import tokens_of

MIN_CONTAINED = 0.9
MIN_VALUES = 10
MAX_ROWS_OF_PAIRS = 50_000
MIN_REPEATED = 5
MIN_SIDE_BY_SIDE = 0.98


@dataclass(frozen=True)
class Link:
    """The values of `column` are keys of another table, in its column `key`."""

    column: FileColumn
    key: FileColumn


@dataclass(frozen=True, eq=False)
class InputTable:
    """Columns of one table of the input; `rows` of it were looked at."""

    name: str
    columns: list[FileColumn]
    rows: int

    @cached_property
    def keys(self) -> list[FileColumn]:
        """Columns whose value names a row."""
        return [c for c in self.columns if c.is_unique and plausibility(Content.KEY, c) > 0]

    @cached_property
    def file_tokens(self) -> tuple[str, ...]:
        """Tokens of the file's name."""
        return tokens_of(self.name)

    @cached_property
    def _decided(self) -> dict[tuple[int, int], float]:
        return {}

    def decides(self, column: FileColumn, other: FileColumn) -> float:
        """Share of the column's repeated values with one value of another column, 0 to 1.

        1 where hardly a value is repeated.
        """
        key = (id(column), id(other))
        if key not in self._decided:
            self._decided[key] = _decides(column, other)
        return self._decided[key]

    @cached_property
    def moment_ranks(self) -> dict[int, float]:
        """Mean rank of each column of times in its row, 0 (earliest) to 1, by the column's id."""
        moments = [c for c in self.columns if c.moments and not c.moments.is_month]
        if len(moments) < 2:
            return {id(c): 0.0 for c in moments}
        values = [c.moments.values.rename(str(n)) for n, c in enumerate(moments) if c.moments]
        ranks = pd.concat(values, axis=1).rank(axis=1).mean() - 1
        return {
            id(c): float(rank) / (len(moments) - 1) for c, rank in zip(moments, ranks, strict=True)
        }

    def counts_within(self, column: FileColumn, key: FileColumn) -> bool:
        """True where a column numbers the rows of each key: 1, 2, 3, or 10, 20, 30."""
        if column.numbers is None or column.distinct < 2 or column.whole_share < 1:
            return False
        in_tens = bool((column.numbers % 10 == 0).all())
        if float(column.numbers.min()) / (10 if in_tens else 1) not in (0.0, 1.0):
            return False
        pairs = key.codes.astype(np.int64) * (column.distinct + 1) + column.codes
        return len(np.unique(pairs)) >= 0.999 * self.rows

    def lines_of(self, key: FileColumn) -> FileColumn | None:
        """The column that numbers the rows so that those of one key follow each other, if any.

        Lines are numbered as they are written, so the lines of one order have numbers side by side.
        """
        if key.is_unique:
            return None
        return next((c for c in self.keys if _side_by_side(key, c) >= MIN_SIDE_BY_SIDE), None)


def links_between(tables: list[InputTable]) -> list[Link]:
    """Columns whose values are keys of another table: at least nine in ten of ten or more."""
    keys = [key for table in tables for key in table.keys]
    return [
        Link(column, key)
        for table in tables
        for column in table.columns
        if not column.moments and column.distinct >= MIN_VALUES
        for key in keys
        if key.table != table.name and _refers(column, key)
    ]


def _refers(column: FileColumn, key: FileColumn) -> bool:
    contained = len(column.values & key.values) / len(column.values)
    if contained < MIN_CONTAINED:
        return False
    # Numbers from 1 up lie within each other by chance; there the names must agree too.
    counted = column.numbers is not None and float(column.numbers.median()) < 10 * column.distinct
    return not counted or bool(set(tokens_of(column.name)) & set(tokens_of(key.name)))


def _side_by_side(key: FileColumn, numbering: FileColumn) -> float:
    """Share of the rows of repeated keys that follow one of their key, in a numbering's order."""
    numbers = pd.to_numeric(numbering.texts, errors="coerce")
    order = np.argsort(numbering.texts if numbers.isna().any() else numbers, kind="stable")
    codes = key.codes[order]
    repeated = len(codes) - key.distinct
    if repeated < MIN_REPEATED or (codes < 0).any():
        return 0.0
    return float((codes[1:] == codes[:-1]).sum() / repeated)


def _decides(column: FileColumn, other: FileColumn) -> float:
    codes, others = column.codes[:MAX_ROWS_OF_PAIRS], other.codes[:MAX_ROWS_OF_PAIRS]
    both = (codes >= 0) & (others >= 0)
    if not both.any():
        return 0.0
    rows = np.bincount(codes[both], minlength=int(codes.max()) + 1)
    repeated = both & (rows[np.maximum(codes, 0)] > 1)
    if (rows > 1).sum() < MIN_REPEATED:
        return 1.0
    pairs = np.unique(codes[repeated].astype(np.int64) * (other.distinct + 1) + others[repeated])
    _, counts = np.unique(pairs // (other.distinct + 1), return_counts=True)
    return float((counts == 1).mean())
