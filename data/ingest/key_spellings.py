"""Spellings of the key columns that a source joins: keys that only look alike become one."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.contract.conversion import arrow_schema
from data.contract.key_forms import canonical_key
from data.contract.tables import TABLES
from data.history.manifest import TableFile
from data.history.queries import database, query_text, show_table


class KeySpellings:
    """One spelling for all keys of a column that look alike, in every table that has it.

    The first spelling counts: the one that the history knew first, else the first of the import.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._by_form: dict[str, dict[str, str]] = {column: {} for column in columns}
        self._joined: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    @classmethod
    def of_history(
        cls, path: Path, tables: Mapping[str, TableFile], columns: Sequence[str]
    ) -> "KeySpellings":
        """Return the spellings of a history, to which an import adds."""
        spellings = cls(columns)
        for column in columns:
            for table in TABLES:
                if table in tables and column in arrow_schema(table).names:
                    spellings._read(path / tables[table].file, table, column)
        return spellings

    def _read(self, file: Path, table: str, column: str) -> None:
        with database() as con:
            show_table(con, "former", table, file)
            keys = con.sql(query_text("merge/key_spellings", column=column)).to_arrow_table()
        for key in keys["key"].to_pylist():
            self._spelling(column, key)

    def _spelling(self, column: str, key: str) -> str:
        return self._by_form[column].setdefault(canonical_key(key), key)

    def join(self, rows: pa.Table) -> pa.Table:
        """Return rows of a table with one spelling for the keys that look alike."""
        for column in self._by_form:
            if column in rows.column_names and len(rows):
                rows = self._join(rows, column)
        return rows

    def _join(self, rows: pa.Table, column: str) -> pa.Table:
        encoded = pa.concat_arrays(rows[column].chunks).dictionary_encode()
        keys = encoded.dictionary.to_pylist()
        spellings = [self._spelling(column, key) for key in keys]
        if spellings == keys:
            return rows
        counts = np.bincount(encoded.indices.drop_null().to_numpy(), minlength=len(keys))
        for key, spelling, count in zip(keys, spellings, counts.tolist(), strict=True):
            if key != spelling:
                self._joined[column][key, spelling] += count
        joined = pa.array(spellings, encoded.dictionary.type).take(encoded.indices)
        return rows.set_column(rows.column_names.index(column), column, joined)

    def notices(self) -> list[str]:
        """Return a sentence for each column in which keys were joined."""
        lines = []
        for column, joined in self._joined.items():
            key, spelling = joined.most_common(1)[0][0]
            lines.append(
                f"{column}: {len(joined):,} spellings in {joined.total():,} rows were joined with "
                f"a key that looks alike, such as {key!r} with {spelling!r}."
            )
        return lines
