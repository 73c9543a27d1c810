"""Readers of input files: each becomes a table for queries, with file and row number.

Everything is read to its end before anything else happens: a file that is cut off, empty or in
another encoding is refused here. A line of a CSV file that lacks fields, or has too many, is a
refused row and not a broken file.
"""

import csv
import gzip
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import rdata

from data.domain import BadInputError
from data.history.queries import query_text
from data.ingest.sources import Format, format_of
from data.ingest.staging import LINE_COLUMNS

DELIMITERS = ",;\t|"
ENCODINGS = ("utf-8", "utf-16", "latin-1")
# A few lines that are not in the encoding are garbage; more of them are another encoding.
GARBAGE_SHARE = 0.02

MONTHS_OF_PERIOD = {12: 1, 4: 3, 1: 12}  # by the number of periods a year
R_CURE = (
    "Save one data frame or monthly, quarterly or yearly time series in it, or export it as CSV."
)

_Loader = Callable[[duckdb.DuckDBPyConnection, Path, str], pa.Table]


class CsvHeader(NamedTuple):
    """Column names of a CSV file and the character between them."""

    columns: list[str]
    delimiter: str


def load(
    con: duckdb.DuckDBPyConnection, table: str, files: list[Path], *, encoding: str
) -> Iterator[pa.Table]:
    """Read files into one table, columns matched by name; yield the lines that can't be read.

    Raises:
        BadInputError: a file can't be read to its end, or has nothing in it.
    """
    for number, file in enumerate(files):
        if file.stat().st_size == 0:
            raise BadInputError(str(file), "is empty", "Export it again, or leave it out.")
        try:
            unreadable = _LOADERS[format_of(file)](con, file, encoding)
        except (duckdb.Error, OSError, EOFError, UnicodeError, csv.Error) as error:
            raise _broken(file, error) from error
        if not _rows(con, "part"):
            problem = "has a header but no rows" if not len(unreadable) else "has no readable line"
            raise BadInputError(str(file), problem, "Export it again, or leave it out.")
        _append(con, table, file, is_first=number == 0)
        if len(unreadable):
            yield unreadable


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


def _load_csv(con: duckdb.DuckDBPyConnection, file: Path, encoding: str) -> pa.Table:
    columns, delimiter = _header(file, encoding)
    values = {
        "file": str(file),
        "name": file.name,
        "columns": dict.fromkeys(columns, "VARCHAR"),
        "delimiter": delimiter,
        "encoding": encoding,
    }
    con.sql(query_text("reading/csv"), params=values).create("part")
    rejected = con.sql(query_text("reading/rejected")).to_arrow_table()
    if len(rejected):
        _refuse_other_encoding(file, rejected, _rows(con, "part"), encoding)
        con.sql(query_text("reading/renumbered")).create("renumbered")
        con.execute(query_text("reading/part_renumbered"))
    con.execute(query_text("reading/rejects_dropped"))
    named = rejected.append_column("file", pa.array([file.name] * len(rejected), pa.string()))
    return named.select(LINE_COLUMNS)


def _load_parquet(con: duckdb.DuckDBPyConnection, file: Path, encoding: str) -> pa.Table:
    values = {"file": str(file), "name": file.name}
    con.sql(query_text("reading/parquet"), params=values).create("part")
    return pa.table({name: pa.array([], pa.string()) for name in LINE_COLUMNS})


def _load_json(con: duckdb.DuckDBPyConnection, file: Path, encoding: str) -> pa.Table:
    values = {"file": str(file), "name": file.name}
    con.sql(query_text("reading/json"), params=values).create("part")
    return pa.table({name: pa.array([], pa.string()) for name in LINE_COLUMNS})


def _load_r(con: duckdb.DuckDBPyConnection, file: Path, encoding: str) -> pa.Table:
    con.from_arrow(read_r_file(file)).create("r_object")
    con.sql(query_text("reading/r_object"), params={"name": file.name}).create("part")
    con.execute(query_text("reading/r_object_dropped"))
    return pa.table({name: pa.array([], pa.string()) for name in LINE_COLUMNS})


_LOADERS: dict[Format | None, _Loader] = {
    Format.CSV: _load_csv,
    Format.PARQUET: _load_parquet,
    Format.JSON: _load_json,
    Format.R: _load_r,
}


def _header(file: Path, encoding: str) -> CsvHeader:
    """Read the header of a CSV file.

    Columns of the same name get numbers, such as `total (1)` and `total (2)`. A query that reads
    `total` then fails and names both: which of them is right is not for a program to guess.
    """
    opened = gzip.open if file.suffix == ".gz" else open
    python_encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    # Only the header is judged here; what else the decoder meets in its buffer is escaped.
    with opened(
        file, "rt", encoding=python_encoding, errors="surrogateescape", newline=""
    ) as lines:
        first = lines.readline()
        delimiter = max(DELIMITERS, key=first.count)
        lines.seek(0)
        columns = next(csv.reader(lines, delimiter=delimiter), [])
    "".join(columns).encode()
    numbered = [
        f"{name} ({columns[: i + 1].count(name)})" if columns.count(name) > 1 else name
        for i, name in enumerate(columns)
    ]
    return CsvHeader(numbered, delimiter)


def _refuse_other_encoding(file: Path, rejected: pa.Table, accepted: int, encoding: str) -> None:
    broken = [row for row in rejected.to_pylist() if row["not_in_encoding"]]
    if len(broken) > GARBAGE_SHARE * (accepted + len(rejected)):
        problem = f"is not in {encoding}: {len(broken)} lines, the first is row {broken[0]['row']}"
        others = ", ".join(f"--encoding {name}" for name in ENCODINGS if name != encoding)
        raise BadInputError(str(file), problem, f"Name its encoding ({others}) or convert it.")


def _broken(file: Path, error: Exception) -> BadInputError:
    if isinstance(error, UnicodeError):
        others = ", ".join(f"--encoding {name}" for name in ENCODINGS)
        return BadInputError(
            str(file), "its header is in another encoding", f"Name its encoding ({others})."
        )
    problem = f"is cut off, damaged or of another kind than its name says ({_detail(error)})"
    return BadInputError(str(file), problem, "Copy or export it again.")


def _detail(error: Exception) -> str:
    return str(error).splitlines()[0].split(": ", 1)[-1]


class _TimeSeries(NamedTuple):
    """Values, periods by columns, with R's attributes `dimnames` and `tsp`."""

    values: Any
    attributes: Mapping[str, Any]


def read_r_file(file: Path) -> pa.Table:
    """Read the only object of a file, every value as text.

    A time series gets a column `time` with the first day of each period.

    Raises:
        BadInputError: the file is not R's, or holds something else or more.
    """
    classes = dict.fromkeys(("ts", "mts"), _TimeSeries)
    try:
        with warnings.catch_warnings():
            # Names of objects in old files say no encoding; they are read as ASCII.
            warnings.simplefilter("ignore", UserWarning)
            objects = rdata.conversion.convert(
                rdata.parser.parse_file(file), {**rdata.conversion.DEFAULT_CLASS_MAP, **classes}
            )
    except Exception as error:  # the reader raises whatever its damaged bytes lead it to
        problem = f"is damaged or no file of R ({error})"
        raise BadInputError(str(file), problem, "Save it again.") from error
    if not isinstance(objects, dict) or len(objects) != 1:
        raise BadInputError(str(file), "does not hold exactly one object", R_CURE)
    (table,) = objects.values()
    frame = _frame(table, str(file)) if isinstance(table, _TimeSeries) else table
    if not isinstance(frame, pd.DataFrame):
        raise BadInputError(str(file), "holds neither a data frame nor a time series", R_CURE)
    named = {str(name): pa.array(column, from_pandas=True) for name, column in frame.items()}
    return pa.table({name: column.cast(pa.string()) for name, column in named.items()})


def _frame(series: _TimeSeries, where: str) -> pd.DataFrame:
    values = np.atleast_2d(np.asarray(series.values).T).T
    first, _, a_year = series.attributes["tsp"]
    if a_year not in MONTHS_OF_PERIOD:
        raise BadInputError(where, f"is a time series of {a_year:g} periods a year", R_CURE)
    month = round(first * 12) - 1970 * 12 + np.arange(len(values)) * MONTHS_OF_PERIOD[a_year]
    names = series.attributes.get("dimnames", (None, None))[1]
    names = [f"series_{n + 1}" for n in range(values.shape[1])] if names is None else names
    time = pd.Series(month.astype("datetime64[M]").astype("datetime64[D]").astype(str))
    return pd.concat([time.rename("time"), pd.DataFrame(values, columns=list(names))], axis=1)
