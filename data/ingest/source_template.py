"""The skeleton of a new source: one annotated query for each table of the contract."""

from pathlib import Path

from data.contract.conversion import ColumnKind, kinds_of
from data.contract.tables import TABLES, columns_of
from data.domain import BadInputError, HandlingEvent, LabelOrigin, Stage
from data.history.queries import query_text
from data.ingest.inputs import INPUTS
from data.ingest.row_checks import required_columns

KIND_WORDS = {
    ColumnKind.TEXT: "text",
    ColumnKind.TIME: "time",
    ColumnKind.NUMBER: "number",
    ColumnKind.WHOLE: "whole number",
    ColumnKind.YES_NO: "true or false",
}
WORDS = {
    ("order_events", "stage"): "one of " + ", ".join(Stage),
    ("exception_events", "event"): "one of " + ", ".join(HandlingEvent),
    ("outcomes", "label_origin"): "one of " + ", ".join(LabelOrigin),
}
"""Words that a column holds, where the contract names them."""

INPUTS_TEXT = """\
# The tables that the queries read, and the names (without .csv, .parquet, ...) of their files; each
# is made of all files that fit. Without this file every file is a table of its own name.
# A sheet of a workbook, else the first with rows: {{files = ["*orders*"], sheet = "Orders"}}
# The time zone of the source's days, and of its times without an offset:
# timezone = "Europe/Berlin"
# A table of a database, whose address the environment variable SHOP_DATABASE holds:
# my_orders = {{database = "SHOP_DATABASE", table = "public.orders"}}
{lines}
"""


def write_skeleton(folder: Path) -> list[Path]:
    """Write the queries of a new source into a folder that is not there yet.

    Raises:
        BadInputError: it is there.
    """
    if folder.exists():
        raise BadInputError(str(folder), "exists already", "Choose another name.")
    folder.mkdir(parents=True)
    lines = "\n".join(f'my_{table} = ["*{table}*"]' for table in TABLES)
    texts = {INPUTS: INPUTS_TEXT.format(lines=lines)}
    texts |= {f"{table}.sql": _query(table) for table in TABLES}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _query(table: str) -> str:
    needed, kinds = required_columns(table), kinds_of(table)
    meanings = {
        name: ", ".join(
            filter(None, [KIND_WORDS[kinds[name]], column.description, WORDS.get((table, name))])
        )
        for name, column in columns_of(table)
    }
    return query_text(
        "skeleton",
        table=table,
        grain=(TABLES[table].schema.__doc__ or table).split(".")[0],
        needed="\n".join(f'    "{name}",  -- {meanings[name]}' for name in needed),
        optional="\n".join(
            f'    -- "{name}",  -- {meaning}'
            for name, meaning in meanings.items()
            if name not in needed
        ),
    )
