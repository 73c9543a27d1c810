"""Reader of database tables, read only: each becomes a table for queries, every value as text."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from sqlalchemy import Engine, Row, Select, create_engine, event, literal_column, select, table
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from data.database_address import database_url
from data.domain import BadInputError
from data.ingest.cells import cell_text

ROWS_AT_ONCE = 50_000
READ_ONLY = {"postgresql": {"options": "-c default_transaction_read_only=on"}}


def read_table(address: str, name: str, *, where: str) -> Iterator[pa.Table]:
    """Yield the rows of a table or view in parts; an empty one as one part without rows.

    Args:
        address: SQLAlchemy's address of the database; it is never shown.
        name: The table, with its schema if it needs one.
        where: What the database is called in errors.

    Raises:
        BadInputError: the database or the table can't be read.
    """
    engine = _engine(address, where)
    try:
        yield from _parts(engine, _all_rows(name))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        cure = "Correct its address, its rights or the name of the table."
        raise BadInputError(f"{where}, table {name}", f"can't be read ({cause})", cure) from None
    finally:
        engine.dispose()


def _engine(address: str, where: str) -> Engine:
    try:
        url = database_url(address)
        driver = url.get_backend_name()
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        engine = create_engine(url, connect_args=READ_ONLY.get(driver, {}))
    except (ArgumentError, SQLAlchemyError, ImportError):
        cure = "Write it as postgresql://USER:PASSWORD@HOST/DATABASE or sqlite:///FILE."
        raise BadInputError(where, "holds no address of a database", cure) from None
    if driver == "sqlite":
        event.listen(engine, "connect", lambda con, _: con.execute("pragma query_only = on"))
    return engine


def _all_rows(name: str) -> Select:
    schema, _, alone = name.rpartition(".")
    return select(literal_column("*")).select_from(table(alone, schema=schema or None))


def _parts(engine: Engine, rows: Select) -> Iterator[pa.Table]:
    with engine.connect().execution_options(yield_per=ROWS_AT_ONCE) as connection:
        result = connection.execute(rows)
        names = list(result.keys())
        first = 1
        for part in result.partitions():
            yield _as_table(names, part, first)
            first += len(part)
        if first == 1:
            yield _as_table(names, [], first)


def _as_table(names: list[str], rows: Sequence[Row], first: int) -> pa.Table:
    columns = {
        name: pa.array([cell_text(row[i]) for row in rows], pa.string())
        for i, name in enumerate(names)
    }
    numbers = pa.array(range(first, first + len(rows)), pa.int64())
    return pa.table(columns | {"_row": numbers})
