"""Tables of the terminal as sections of a page, so that both say the same."""

from typing import NamedTuple

from rich.table import Table
from rich.text import Text


class PageTable(NamedTuple):
    """A table of a page: its title, its columns and the texts of its cells by row."""

    title: str
    columns: list[str]
    rows: list[list[str]]


def page_table_of(table: Table) -> PageTable:
    """Return a table of the terminal as plain texts."""
    cells = [[_plain(cell) for cell in column.cells] for column in table.columns]
    rows = [list(row) for row in zip(*cells, strict=True)]
    return PageTable(_plain(table.title or ""), [_plain(c.header) for c in table.columns], rows)


def _plain(cell: object) -> str:
    return Text.from_markup(str(cell)).plain
