"""Run of a source (a folder with one query a table) over input files, into a history."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from data.contract.codes import country_by_name
from data.contract.conversion import kinds_of
from data.contract.tables import TABLES
from data.domain import BadInputError, UnknownChoiceError
from data.history.queries import database, query_text
from data.ingest.inputs import SourceInputs, TableInput, read_inputs
from data.ingest.merge import MEMORY_GB
from data.ingest.readers import ReadingTerms, load
from data.ingest.row_checks import ImportTerms, check_columns
from data.ingest.sources import data_files, named_by_pattern, named_by_stem
from data.ingest.staging import LINES, NOTICES, ROWS_PER_CHUNK
from data.ingest.unread_values import unread_values
from data.ingest.write_history import STAGING, ImportReport, Watch, no_progress, write_history


@dataclass(frozen=True)
class Source:
    """A folder of queries.

    Attributes:
        name: Its name.
        queries: The query files by table, parents first.
        views: Queries that the others read, by name; each name begins with an underscore.
        inputs: What its `inputs.toml` says.
    """

    name: str
    queries: dict[str, Path]
    views: dict[str, Path]
    inputs: SourceInputs

    @classmethod
    def read(cls, folder: Path) -> "Source":
        """Read a source's folder."""
        files = {file.stem: file for file in sorted(folder.glob("*.sql"))}
        views = {name: file for name, file in files.items() if name.startswith("_")}
        for name in files.keys() - views.keys():
            if name not in TABLES:
                raise UnknownChoiceError("table", name, TABLES)
        queries = {name: files[name] for name in TABLES if name in files}
        return cls(folder.name, queries, views, read_inputs(folder))

    def tables(self, paths: list[Path]) -> dict[str, TableInput]:
        """The tables that the queries can read, with the input of each."""
        specs = self.inputs.tables
        needs_files = not specs or any(spec.files for spec in specs.values())
        if needs_files and not paths:
            raise BadInputError("import", "no files", "Name the files or folders to read.")
        files = data_files(paths)
        if not specs:
            return named_by_stem(files)
        return named_by_pattern(files, specs, source=self.name)


def import_files(
    paths: list[Path],
    folder: Path,
    into: Path,
    terms: ImportTerms,
    *,
    encoding: str = "",
    watch: Watch = no_progress,
) -> ImportReport:
    """Read files with the queries in `folder` and merge the rows into the history at `into`.

    Raises:
        BadInputError: a file, a query or the history is at fault; nothing has been touched.
    """
    source = Source.read(folder)
    own = source.inputs
    terms = replace(terms, join_alike=own.join_alike, source_timezone=own.timezone)
    tables = source.tables(paths)
    reading = ReadingTerms(into / STAGING, encoding)
    rows = _rows(source, tables, reading, timezone=terms.reading_timezone, watch=watch)
    return write_history(into, rows, terms, watch=watch)


def _rows(
    source: Source,
    tables: dict[str, TableInput],
    terms: ReadingTerms,
    *,
    timezone: str,
    watch: Watch,
) -> Iterator[tuple[str, pa.Table]]:
    file, spill = terms.scratch / "inputs.duckdb", terms.scratch / "spill"
    with database(file, memory_gb=MEMORY_GB, spill_to=spill, timezone=timezone) as con:
        con.from_arrow(_country_names()).create("country_names")
        con.execute(query_text("reading/time_words"))
        con.execute(query_text("reading/macros"))
        for table, table_input in tables.items():
            watch(f"reading {table_input.name}", 0)
            for reading in load(con, table, table_input, terms):
                yield LINES, reading.refused
                yield NOTICES, pa.table({"notice": pa.array(reading.notices, pa.string())})
        for name, path in source.views.items():
            with _as_source_errors(con, path, tables):
                con.sql(path.read_text(encoding="utf-8")).create(name)
        for path in source.queries.values():
            with _as_source_errors(con, path, tables):
                query = con.sql(path.read_text(encoding="utf-8"))
            columns = _in_contract_case(path.stem, query.columns)
            check_columns(TABLES[path.stem], columns, where=_where(path))
        notices = list(_unread_values(con, source, [*tables, *source.views]))
        yield NOTICES, pa.table({"notice": pa.array(notices, pa.string())})
        for table, path in source.queries.items():
            with _as_source_errors(con, path, tables):
                query = con.sql(path.read_text(encoding="utf-8"))
                columns = _in_contract_case(table, query.columns)
                for batch in query.to_arrow_reader(ROWS_PER_CHUNK):
                    yield table, pa.Table.from_batches([batch]).rename_columns(columns)


def _unread_values(
    con: duckdb.DuckDBPyConnection, source: Source, relations: list[str]
) -> Iterator[str]:
    for path in [*source.views.values(), *source.queries.values()]:
        yield from unread_values(con, path.read_text(encoding="utf-8"), relations)


def _in_contract_case(table: str, columns: list[str]) -> list[str]:
    """Columns as the contract spells them: `select order_id` keeps the `ORDER_ID` of a file."""
    contract = kinds_of(table)
    return [name.lower() if name.lower() in contract else name for name in columns]


def _country_names() -> pa.Table:
    names = country_by_name()
    return pa.table({"name": list(names), "code": list(names.values())})


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@contextmanager
def _as_source_errors(
    con: duckdb.DuckDBPyConnection, path: Path, tables: dict[str, TableInput]
) -> Iterator[None]:
    """Turn an error of a query into one that names the file and the missing column."""
    try:
        yield
    except duckdb.BinderException as error:
        detail = _detail(error)
        missing = re.search(r'column "([^"]+)"', detail)
        problem = f"column '{missing[1]}' is missing" if missing else detail
        cure = f"Correct the file or the query: {_readable_columns(con, path, tables)}."
        raise BadInputError(_where(path), problem, cure) from error
    except duckdb.ConversionException as error:
        cure = "Leave values as text: the import converts them and names those that it can't."
        raise BadInputError(_where(path), _detail(error), cure) from error
    except duckdb.Error as error:
        cure = f"Correct the file or the query: {_readable_columns(con, path, tables)}."
        raise BadInputError(_where(path), _detail(error), cure) from error


def _detail(error: duckdb.Error) -> str:
    """The error in one line, with the line of the query where DuckDB reports it."""
    lines = str(error).splitlines()
    line = next((f" ({line.strip()})" for line in lines if line.startswith("LINE ")), "")
    return lines[0].split(": ", 1)[-1] + line


def _readable_columns(
    con: duckdb.DuckDBPyConnection, path: Path, tables: dict[str, TableInput]
) -> str:
    """The tables that a query can read, with files and columns; only those it names, if any."""
    sql = path.read_text(encoding="utf-8")
    read = {t: own for t, own in tables.items() if re.search(rf"\b{t}\b", sql)} or tables
    return "; ".join(
        f"{table_input.name} (table {table}) has "
        + ", ".join(_shown(name) for name in con.table(table).columns if not name.startswith("_"))
        for table, table_input in read.items()
    )


def _shown(name: str) -> str:
    """The name of a column; in quotes where blanks at its ends or line breaks would not be seen."""
    if not name.isprintable():
        return repr(name)
    return name if name == name.strip() else f'"{name}"'
