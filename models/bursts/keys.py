"""The values that are watched, numbered: single ones, and each with the kind of exception."""

from collections.abc import Mapping

import numpy as np

from models.bursts.attributes import KINDS

MAX_ATTRIBUTES = 24
NOTHING = -1
_MANY_ROWS = 300
_NEARLY_UNIQUE = 0.6
SINGLE_SHARE = 0.5
"""Of the false alarms allowed: for single values; the rest is for values with a kind."""


class BurstKeys:
    """Numbers values of attributes ("codes") and what is watched ("keys": a value, or a pair).

    A single value's key is its code. Each belongs to a group: its attribute, or pair of attributes.

    Attributes:
        attributes: Names in the order in which they were first seen.
        group: Of each key.
        parents: Of each key its two values' keys, -1 for a single value.
        values_of_group: How many keys each group has.
        is_pair_group: For each group.
    """

    def __init__(self, attributes: frozenset[str] | None) -> None:
        self._attributes_to_watch = attributes
        self.attributes: list[str] = []
        self._columns: dict[str, int] = {}
        self._single: dict[tuple[int, str], int] = {}
        self._pair: dict[tuple[int, int], int] = {}
        self._group_of_pair: dict[tuple[int, int], int] = {}
        self._kind_columns: list[int] = []
        self._row_count = 0
        self.names: list[tuple[tuple[str, str], ...]] = []
        self.group: list[int] = []
        self.parents: list[tuple[int, int]] = []
        self.values_of_group: list[int] = []
        self.is_pair_group: list[bool] = []
        self._group_of_column: list[int] = []
        self._shared_among = 0
        self._shares = np.ones(0)

    def __len__(self) -> int:
        return len(self.group)

    def codes(self, values: Mapping[str, str]) -> np.ndarray:
        """Return the key of each attribute's value, by column; -1 where there is none."""
        self._row_count += 1
        row = np.full(MAX_ATTRIBUTES, NOTHING, np.int32)
        for name, value in values.items():
            column = self._columns.get(name)
            if column is None:
                column = self._column(name)
            if column >= 0:
                key = self._single.get((column, value))
                row[column] = self._new_single(column, name, value) if key is None else key
        return row

    def key_of(self, attribute: str, value: str) -> int:
        """Return the key of a value, numbering it if it is new; -1 if nobody looks there."""
        column = self._columns.get(attribute)
        column = self._column(attribute) if column is None else column
        if column < 0:
            return NOTHING
        key = self._single.get((column, value))
        return self._new_single(column, attribute, value) if key is None else key

    def watched(self, codes: np.ndarray) -> list[int]:
        """Return the keys that an exception counts for: its values, and each with its kinds."""
        present = [c for c in codes.tolist() if c >= 0 and not self._is_unique(self.group[c])]
        kinds = [c for k in self._kind_columns if (c := int(codes[k])) >= 0]
        pairs = []
        for kind in kinds:
            for value in present:
                if value == kind or (value in kinds and value > kind):
                    continue
                key = self._pair.get((value, kind))
                pairs.append(self._new_pair(value, kind) if key is None else key)
        return present + pairs

    def column_of(self, key: int) -> int:
        """Return the column of a single value's key."""
        return self._columns[self.names[key][0][0]]

    @property
    def kind_columns(self) -> list[int]:
        """Columns that say what kind of exception it is, the most telling first."""
        return self._kind_columns

    @property
    def shares(self) -> np.ndarray:
        """For each group how much of the false alarms allowed each of its keys may have."""
        if len(self) != self._shared_among:
            self._shares, self._shared_among = self._shared(), len(self)
        return self._shares

    def _shared(self) -> np.ndarray:
        pair = np.array(self.is_pair_group, bool)
        of_group = np.where(
            pair, (1 - SINGLE_SHARE) / max(pair.sum(), 1), SINGLE_SHARE / max((~pair).sum(), 1)
        )
        return of_group / np.maximum(self.values_of_group, 1)

    def _is_unique(self, group: int) -> bool:
        """An attribute that is nearly always new names the exception and not a cause."""
        return (
            self._row_count > _MANY_ROWS
            and self.values_of_group[group] > _NEARLY_UNIQUE * self._row_count
        )

    def _column(self, name: str) -> int:
        is_watched = (
            self._attributes_to_watch is None or name in self._attributes_to_watch or name in KINDS
        )
        if not is_watched or len(self.attributes) == MAX_ATTRIBUTES:
            self._columns[name] = NOTHING
            return NOTHING
        column = self._columns[name] = len(self.attributes)
        self.attributes.append(name)
        self._group_of_column.append(self._new_group(is_pair=False))
        if name in KINDS:
            self._kind_columns.append(column)
            self._kind_columns.sort(key=lambda c: KINDS.index(self.attributes[c]))
        return column

    def _new_group(self, *, is_pair: bool) -> int:
        self.values_of_group.append(0)
        self.is_pair_group.append(is_pair)
        return len(self.values_of_group) - 1

    def _new_single(self, column: int, name: str, value: str) -> int:
        key = self._single[column, value] = len(self)
        self._new_key(self._group_of_column[column], ((name, value),), (NOTHING, NOTHING))
        return key

    def _new_pair(self, value: int, kind: int) -> int:
        key = self._pair[value, kind] = len(self)
        groups = self.group[value], self.group[kind]
        if groups not in self._group_of_pair:
            self._group_of_pair[groups] = self._new_group(is_pair=True)
        names = (*self.names[value], *self.names[kind])
        self._new_key(self._group_of_pair[groups], names, (value, kind))
        return key

    def _new_key(
        self, group: int, names: tuple[tuple[str, str], ...], parents: tuple[int, int]
    ) -> None:
        self.group.append(group)
        self.values_of_group[group] += 1
        self.names.append(names)
        self.parents.append(parents)
