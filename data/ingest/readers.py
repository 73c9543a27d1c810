"""Readers of inputs: files and database tables become tables for queries, with row numbers.

Everything is read to its end before anything else happens: a file that is cut off or empty is
refused here. A line of a CSV file that lacks fields, or has too many, is a refused row and not a
broken file.
"""

import csv
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path

import duckdb
import pyarrow as pa

from data.domain import BadInputError
from data.history.queries import query_text
from data.ingest.csv_files import CsvReading, load_csv
from data.ingest.databases import read_table
from data.ingest.inputs import TableInput
from data.ingest.r_files import read_r_file
from data.ingest.sources import Format, format_of
from data.ingest.staging import LINE_COLUMNS
from data.ingest.workbooks import read_sheet
from data.settings import secret


@dataclass(frozen=True)
class ReadingTerms:
    """Parameters of reading.

    Attributes:
        scratch: A folder for copies.
        encoding: Of CSV files; detected if empty.
    """

    scratch: Path
    encoding: str = ""


_READING_ERRORS = (
    duckdb.Error,
    RuntimeError,  # of DuckDB's binding, where a value is none that it can hand on
    OSError,
    EOFError,
    UnicodeError,
    csv.Error,
    zlib.error,
)
_Loader = Callable[[duckdb.DuckDBPyConnection, Path, TableInput, ReadingTerms], CsvReading]


def load(
    con: duckdb.DuckDBPyConnection, table: str, source: TableInput, terms: ReadingTerms
) -> Iterator[CsvReading]:
    """Read an input into one table, columns matched by name; yield what could not be read.

    Raises:
        BadInputError: a file can't be read to its end, or has nothing in it.
    """
    if source.spec.database:
        _load_database(con, table, source)
    for number, file in enumerate(source.files):
        if file.stat().st_size == 0:
            raise BadInputError(str(file), "is empty", "Export it again, or leave it out.")
        try:
            reading = _LOADERS[format_of(file)](con, file, source, terms)
        except _READING_ERRORS as error:
            raise _broken(file, error) from error
        if not _rows(con, "part"):
            raise _without_rows(file, reading.refused)
        _append(con, table, file, is_first=number == 0)
        yield reading


def _without_rows(file: Path, refused: pa.Table) -> BadInputError:
    if not len(refused):
        problem = "has a header but no rows"
        return BadInputError(str(file), problem, "Export it again, or leave it out.")
    first = refused.slice(0, 1).to_pylist()[0]
    problem = f"has no readable line (row {first['row']}: {first['reason']})"
    is_open_quote = "quote" in first["reason"]
    cure = (
        "A quote that is opened there is never closed: close it, or double the quotes in texts."
        if is_open_quote
        else "Let its header name as many columns as its rows have."
    )
    return BadInputError(str(file), problem, cure)


def _append(con: duckdb.DuckDBPyConnection, table: str, file: Path, *, is_first: bool) -> None:
    """Put the part that was read last to the parts of the same table before it."""
    whole = con.table("part") if is_first else con.sql(query_text("reading/appended", table=table))
    try:
        whole.create("appended")
    except duckdb.Error as error:
        problem = f"its columns do not fit those of the files before it ({_detail(error)})"
        raise BadInputError(str(file), problem, "Export all of them in the same way.") from error
    con.execute(query_text("reading/replaced", table=table))


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return con.sql(query_text("reading/rows", table=table)).to_arrow_table()["rows"][0].as_py()


def _load_database(con: duckdb.DuckDBPyConnection, table: str, source: TableInput) -> None:
    spec = source.spec
    parts = read_table(secret(spec.database), spec.table, where=spec.database)
    for number, part in enumerate(parts):
        _create(con, part, source.name)
        rows = con.table("part")
        rows.create(table) if number == 0 else rows.insert_into(table)
        con.execute(query_text("reading/part_dropped"))


def _create(con: duckdb.DuckDBPyConnection, rows: pa.Table, name: str) -> None:
    """Make the table `part` of rows that are in memory, with the name of their origin."""
    con.from_arrow(rows).create("in_memory_rows")
    con.sql(query_text("reading/in_memory"), params={"name": name}).create("part")
    con.execute(query_text("reading/in_memory_dropped"))


def _load_csv(
    con: duckdb.DuckDBPyConnection, file: Path, source: TableInput, terms: ReadingTerms
) -> CsvReading:
    return load_csv(con, file, terms.encoding, terms.scratch)


def _load_parquet(
    con: duckdb.DuckDBPyConnection, file: Path, source: TableInput, terms: ReadingTerms
) -> CsvReading:
    values = {"file": escape(str(file)), "name": file.name}
    con.sql(query_text("reading/parquet"), params=values).create("part")
    return _whole([])


def _load_json(
    con: duckdb.DuckDBPyConnection, file: Path, source: TableInput, terms: ReadingTerms
) -> CsvReading:
    values = {"file": escape(str(file)), "name": file.name}
    con.sql(query_text("reading/json"), params=values).create("part")
    return _whole([])


def _load_r(
    con: duckdb.DuckDBPyConnection, file: Path, source: TableInput, terms: ReadingTerms
) -> CsvReading:
    rows = read_r_file(file)
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    _create(con, rows.append_column("_row", numbers), file.name)
    return _whole([])


def _load_workbook(
    con: duckdb.DuckDBPyConnection, file: Path, source: TableInput, terms: ReadingTerms
) -> CsvReading:
    reading = read_sheet(file, source.spec.sheet)
    _create(con, reading.rows, file.name)
    return _whole(reading.notices)


def _whole(notices: list[str]) -> CsvReading:
    """The reading of a file of which every row could be read."""
    return CsvReading(pa.table({n: pa.array([], pa.string()) for n in LINE_COLUMNS}), notices)


_LOADERS: dict[Format | None, _Loader] = {
    Format.CSV: _load_csv,
    Format.PARQUET: _load_parquet,
    Format.JSON: _load_json,
    Format.R: _load_r,
    Format.WORKBOOK: _load_workbook,
}


def _broken(file: Path, error: Exception) -> BadInputError:
    if isinstance(error, UnicodeError):
        cure = "Name its encoding with --encoding, or convert it, e.g. iconv -f ENCODING -t UTF-8."
        return BadInputError(str(file), f"is in another encoding ({error})", cure)
    problem = f"is cut off, damaged or of another kind than its name says ({_detail(error)})"
    return BadInputError(str(file), problem, "Copy or export it again.")


def _detail(error: Exception) -> str:
    return str(error).splitlines()[0].split(": ", 1)[-1]
