"""Opens DuckDB and reads the queries in `data/sql`. No SQL text stands in Python."""

from glob import escape
from pathlib import Path
from string import Template

import duckdb

from data.contract.conversion import arrow_schema
from data.contract.tables import TABLES, columns_of

NOT_IN_FILES_OF_DUCKDB = frozenset("?\\")
"""Characters in a path with which DuckDB opens a file of another name."""

SQL_FOLDER = Path(__file__).parents[1] / "sql"


class _Query(Template):
    """`@{name}` stands for names of the contract; `$name` is DuckDB's own bound value."""

    delimiter = "@"


def query_text(name: str, **names: str) -> str:
    """The text of `data/sql/<name>.sql`, with names of tables and columns filled in."""
    return _Query((SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")).substitute(names)


def database(
    file: Path | None = None,
    *,
    memory_gb: float | None = None,
    spill_to: Path | None = None,
    timezone: str = "UTC",
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that thinks in one time zone and never fetches anything from a network.

    Args:
        file: Where its own tables lie; in memory if left out, or if DuckDB can't open such a path.
        memory_gb: How much memory it may take before it spills; DuckDB's default if left out.
        spill_to: Where it spills.
        timezone: In which moments without an offset are read, and days begin.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if memory_gb:
        config["memory_limit"] = f"{memory_gb}GB"
    if spill_to:
        config["temp_directory"] = str(spill_to)
    in_file = file is not None and NOT_IN_FILES_OF_DUCKDB.isdisjoint(str(file))
    con = duckdb.connect(str(file) if in_file else ":memory:", config=config)
    con.execute(f"set TimeZone = '{timezone}'")
    return con


def show_table(con: duckdb.DuckDBPyConnection, view: str, table: str, file: Path | None) -> None:
    """Make a view of a table's file with the contract's columns of today; empty without a file.

    A column that the file does not have holds its default, else nothing. Copies of a row that were
    stored before copies had numbers are numbered in the order of their ties.
    """
    con.from_arrow(arrow_schema(table).empty_table()).create(f"empty_{view}")
    empty = con.table(f"empty_{view}")
    if file is None:
        empty.create_view(view)
        return
    stored = con.read_parquet(escape(str(file)))
    defaults = {name: column.default for name, column in columns_of(table)}
    fillers = {n: "null" if value is None else f"'{value}'" for n, value in defaults.items()}
    rule = TABLES[table]
    if rule.copy_number and rule.tie_order:
        content = ", ".join(f'"{name}"' for name in rule.key if name != rule.copy_number)
        fillers[rule.copy_number] = (
            f'(row_number() over (partition by {content} order by "{rule.tie_order}") - 1)'
        )
    columns = [
        f'"{name}"' if name in stored.columns else f'{fillers[name]}::{kind} as "{name}"'
        for name, kind in zip(empty.columns, empty.types, strict=True)
    ]
    stored.project(", ".join(columns)).create_view(view)
