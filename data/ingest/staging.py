"""Staged rows of an import: each is checked, none is compared with other rows yet."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from data.contract.column_types import BaseTable
from data.contract.conversion import arrow_schema, as_text, kinds_of
from data.contract.tables import TABLES
from data.domain import UnknownChoiceError
from data.ingest.key_spellings import KeySpellings
from data.ingest.row_checks import (
    CheckedChunk,
    EmptiedValues,
    ImportTerms,
    check_columns,
    check_rows,
)

FILE, ROW = "_file", "_row"
DATED = "dated"  # whether a row itself says when it was known
ORIGIN = pa.schema(
    [("position", pa.int64()), (FILE, pa.string()), (ROW, pa.int64()), (DATED, pa.bool_())]
)
LINES = "lines"  # not a table: lines of a file that could not be read as rows of anything
NOTICES = "notices"  # not a table: what a reader of the report should learn
LINE_COLUMNS = ["file", "row", "reason", "line_text"]
ROWS_PER_CHUNK = 100_000
COUNTS = ("read", "accepted", "quarantined", "new", "updated", "unchanged", "late")


@dataclass
class RowCounts:
    """Row counts of one table in an import. `accepted` = new + updated + unchanged + late.

    A late row is older than the one of its key that the history holds, and changes nothing.
    """

    read: int = 0
    quarantined: int = 0
    updated: int = 0
    unchanged: int = 0
    late: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    emptied: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Rows that were accepted."""
        return self.read - self.quarantined

    @property
    def new(self) -> int:
        """Accepted rows with a new key."""
        return self.accepted - self.updated - self.unchanged - self.late

    def explain(self, reason: str, rows: int, example: str) -> None:
        """Count the rows with one kind of reason, of which one stands at `example`."""
        self.reasons[reason] += rows
        self.examples.setdefault(reason, example)

    def empty(self, values: EmptiedValues, file: str, rows: pa.ChunkedArray) -> None:
        """Count the values of an optional column that can't be read."""
        kind = f"{values.column}: {values.problem}"
        self.emptied[kind] += len(values.positions)
        row = rows[int(values.positions[0])]
        self.examples.setdefault(kind, f"'{values.example}' in {file} row {row}")

    def as_numbers(self) -> dict[str, int]:
        """The counts alone."""
        return {name: getattr(self, name) for name in COUNTS}


class Quarantine:
    """A CSV file of refused rows, created with the first one."""

    def __init__(self, path: Path, columns: list[str]) -> None:
        self.path = path
        self.schema = pa.schema(
            [(name, pa.string()) for name in ("reason", "file", "row", *columns)]
        )
        self._writer: pa_csv.CSVWriter | None = None

    def add(self, rows: pa.Table) -> None:
        """Append rows; a column that they do not have stays empty."""
        if not len(rows):
            return
        writer = self._writer or pa_csv.CSVWriter(self.path, self.schema)
        self._writer = writer
        empty = pa.nulls(len(rows), pa.string())
        columns = [
            rows[name].cast(pa.string()) if name in rows.column_names else empty
            for name in self.schema.names
        ]
        writer.write(pa.Table.from_arrays(columns, schema=self.schema))

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


class StagedTable:
    """One table of an import: its checked rows in a Parquet file, its refused ones in a CSV."""

    def __init__(
        self, table: str, folder: Path, terms: ImportTerms, spellings: KeySpellings
    ) -> None:
        self.rule, self.terms, self.spellings = TABLES[table], terms, spellings
        self.path = folder / f"{table}.parquet"
        self.schema = pa.unify_schemas([arrow_schema(table), ORIGIN])
        self.quarantine = Quarantine(folder / f"{table}.csv", list(kinds_of(table)))
        self.counts = RowCounts()
        self.notices: dict[str, None] = {}
        self.counts_copies = self.rule.copy_number is not None  # unless the source numbers them
        self.orders_ties = self.rule.tie_order is not None  # unless the source orders them
        self.has_dated_rows = False
        self._writer = pq.ParquetWriter(self.path, self.schema)

    def add(self, chunk: pa.Table) -> None:
        """Check the rows of a chunk of any size; stage the good ones, quarantine the others."""
        for name in check_columns(self.rule, chunk.column_names, where=self.rule.name):
            self.notices[f"{self.rule.name}.{name} is not in the contract and is left out."] = None
        self.counts_copies &= self.rule.copy_number not in chunk.column_names
        self.orders_ties &= self.rule.tie_order not in chunk.column_names
        for start in range(0, len(chunk), ROWS_PER_CHUNK):
            self._add(self._with_origin(chunk.slice(start, ROWS_PER_CHUNK)))

    def close(self) -> None:
        """Finish the Parquet file; the quarantine stays open for rows that the merge refuses."""
        self._writer.close()

    def _with_origin(self, chunk: pa.Table) -> pa.Table:
        first = self.counts.read
        self.counts.read += len(chunk)
        positions = pa.array(np.arange(first, self.counts.read))
        chunk = chunk.append_column("position", positions)
        if FILE not in chunk.column_names:
            row_numbers = pa.array(np.arange(first + 1, self.counts.read + 1))
            files = pa.array([self.terms.source] * len(chunk), pa.string())
            chunk = chunk.append_column(FILE, files).append_column(ROW, row_numbers)
        return chunk.append_column(DATED, _are_dated(chunk))

    def _add(self, chunk: pa.Table) -> None:
        result = check_rows(self.rule, chunk, self.terms)
        for where in result.mixed_zones:
            self.notices[
                f"{where} mixes times with and without an offset: "
                f"those without are read in {self.terms.reading_timezone}."
            ] = None
        for values in result.emptied:
            self.counts.empty(values, f"{chunk[FILE][int(values.positions[0])]}", chunk[ROW])
        refused = result.reasons.index.to_numpy(dtype="int64")
        if len(refused):
            self._refuse(chunk, result)
        rows = pa.Table.from_pandas(result.rows, preserve_index=False)
        for name in ORIGIN.names:
            rows = rows.append_column(name, chunk[name])
        if len(refused):
            is_accepted = np.ones(len(rows), dtype=bool)
            is_accepted[refused] = False
            rows = rows.filter(pa.array(is_accepted))
        rows = self.spellings.join(rows.select(self.schema.names).cast(self.schema))
        self.has_dated_rows |= bool(pc.call_function("any", [rows[DATED]]).as_py())
        self._writer.write_table(rows)

    def tell_late(self, *, rows: int, file: str, row: int, known_at: str, newer_at: str) -> None:
        """Count rows that are older than others of their keys; the first stands at `row`."""
        self.counts.late = rows
        if rows:
            self.notices[
                f"{self.rule.name}: late rows, which change nothing: {rows:,}, e.g. {file} "
                f"row {row}, known at {known_at}; the row of the same key that stays is of "
                f"{newer_at}. "
                "If known_at was wrong before, import all files into a new folder."
            ] = None

    def _refuse(self, chunk: pa.Table, result: CheckedChunk) -> None:
        for kind, positions in result.kinds.items():
            first = int(positions[0])
            example = f"{chunk[FILE][first]} row {chunk[ROW][first]}"
            self.counts.explain(kind, len(positions), example)
        rows = chunk.take(pa.array(result.reasons.index.to_numpy(dtype="int64")))
        self.counts.quarantined += len(rows)
        columns = {n: rows[n] for n in kinds_of(self.rule.name) if n in rows.column_names}
        reasons = pa.array(result.reasons.to_numpy(dtype=object), pa.string())
        columns |= {"reason": reasons, "file": rows[FILE], "row": rows[ROW]}
        self.quarantine.add(pa.table(columns))


def _are_dated(chunk: pa.Table) -> pa.ChunkedArray:
    """Mark the rows that say themselves when they were known."""
    if BaseTable.known_at not in chunk.column_names:
        return pa.chunked_array([pa.array(np.zeros(len(chunk), dtype=bool))])
    stated = chunk[BaseTable.known_at]
    return (as_text(stated) if pa.types.is_string(stated.type) else stated).is_valid()


class StagedImport:
    """All tables of an import. A context: leaves no file open."""

    def __init__(self, folder: Path, terms: ImportTerms, spellings: KeySpellings) -> None:
        self.folder, self.terms, self.spellings = folder, terms, spellings
        self.tables: dict[str, StagedTable] = {}
        self.lines = Quarantine(folder / f"{LINES}.csv", ["line_text"])
        self.line_counts: dict[str, RowCounts] = {}
        self.reading_notices: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()
        for quarantine in self._quarantines():
            quarantine.close()

    def add(self, table: str, chunk: pd.DataFrame | pa.Table) -> None:
        """Check and stage a chunk of one table, of `LINES` or of `NOTICES`."""
        if isinstance(chunk, pd.DataFrame):
            chunk = pa.Table.from_pandas(chunk, preserve_index=False)
        if table == LINES:
            self._add_lines(chunk)
            return
        if table == NOTICES:
            self.reading_notices += chunk["notice"].to_pylist()
            return
        if table not in TABLES:
            raise UnknownChoiceError("table", table, TABLES)
        if table not in self.tables:
            self.tables[table] = StagedTable(table, self.folder, self.terms, self.spellings)
        self.tables[table].add(chunk)

    def finish(self) -> None:
        """Finish the files of the staged rows; the quarantine stays open for the merge."""
        for table in self.tables.values():
            table.close()

    def _add_lines(self, lines: pa.Table) -> None:
        """Keep lines that could not be read, with the columns of `LINE_COLUMNS`."""
        for row in lines.select(["file", "row"]).to_pylist():
            counts = self.line_counts.setdefault(f"lines of {row['file']}", RowCounts())
            counts.read += 1
            counts.quarantined += 1
            counts.explain("not a row", 1, f"{row['file']} row {row['row']}")
        self.lines.add(lines)

    def notices(self) -> list[str]:
        """Sentences for the reader of the report: of the files first, then of the tables."""
        of_tables = [notice for table in self.in_order() for notice in table.notices]
        return self.reading_notices + of_tables + self.spellings.notices()

    def counts(self) -> dict[str, RowCounts]:
        """The counts by table, and by file for lines that could not be read."""
        return {t.rule.name: t.counts for t in self.in_order()} | self.line_counts

    def quarantine_files(self) -> list[Path]:
        """The quarantine files that have rows."""
        return [quarantine.path for quarantine in self._quarantines() if quarantine.path.exists()]

    def _quarantines(self) -> list[Quarantine]:
        return [self.lines, *(table.quarantine for table in self.in_order())]

    def in_order(self) -> Iterator[StagedTable]:
        """The tables, parents before children."""
        return (self.tables[name] for name in TABLES if name in self.tables)
