"""Dialect of a CSV file: its delimiter, the lines above its header, the names of its columns.

A sheet of a workbook has a header in the same sense.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

DELIMITERS = ",;\t|"
SEPARATOR_LINE = "sep="
MAX_LINES_JUDGED = 200
UNNAMED = "column_{number}"
"""Name of a column whose header is blank; the first has the number 1."""


class CsvDialect(NamedTuple):
    """Settings by which a CSV file is read.

    Attributes:
        columns: Names of the columns, unique whatever their case.
        delimiter: Between fields.
        header_line: Lines up to the header and with it, as DuckDB counts them: a line break inside
            quotes begins none.
        notices: What a reader of the report should learn.
    """

    columns: list[str]
    delimiter: str
    header_line: int
    notices: list[str]


class _Row(NamedTuple):
    """A row of a file, and its number: blank lines count, line breaks inside quotes do not."""

    cells: list[str]
    number: int


def dialect_of(head: str) -> CsvDialect:
    """Read the dialect from the first lines of a file."""
    lines = head.splitlines(keepends=True)
    first = lines[0].strip().strip('"').strip() if lines else ""
    if first.lower().startswith(SEPARATOR_LINE) and len(first) <= len(SEPARATOR_LINE) + 1:
        delimiter = first[len(SEPARATOR_LINE) :] or "\t"
        notice = f"its first line, '{first}', names the delimiter"
        return _with_delimiter(lines[1:], delimiter, above=1, notices=[notice])
    return _with_delimiter(lines, _delimiter(lines), above=0, notices=[])


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter, outside quotes, that gives most rows the same number of fields."""

    def regularity(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row.cells) for row in _rows(lines, delimiter) if len(row.cells) > 1)
        return max(((rows, width) for width, rows in widths.items()), default=(0, 0))

    return max(DELIMITERS, key=regularity)


def _rows(lines: Sequence[str], delimiter: str) -> list[_Row]:
    reader = csv.reader(lines[:MAX_LINES_JUDGED], delimiter=delimiter)
    return [_Row(cells, number) for number, cells in enumerate(reader, 1) if cells]


def _with_delimiter(
    lines: Sequence[str], delimiter: str, *, above: int, notices: list[str]
) -> CsvDialect:
    rows = _rows(lines, delimiter)
    if not rows:
        return CsvDialect([], delimiter, above, notices)
    position = header_position([row.cells for row in rows])
    header = rows[position]
    if position:
        notices = [*notices, f"{header.number - 1} lines above its header are left out"]
    names = column_names(header.cells, [row.cells for row in rows[position + 1 :]])
    return CsvDialect(names, delimiter, above + header.number, notices)


def header_position(rows: Sequence[Sequence[str]]) -> int:
    """Return the position of the header: the first row that is filled like most rows.

    It must look like names, else the first row is the header.
    Rows above it are a title: they fill less than half of the usual number of cells.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = Counter(filled[1:] or filled).most_common(1)[0][0]
    position = next((i for i, cells in enumerate(filled) if cells * 2 > usual), 0)
    if any(cell.strip()[:1].isdigit() for cell in rows[position]):
        return 0
    return position


def column_names(header: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names of all columns that rows have, unique whatever their case."""
    return _unique(_as_wide_as_rows([name.strip("\ufeff") for name in header], rows))


def _as_wide_as_rows(names: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Trailing delimiters stand in the header alone, in the rows alone, or in both."""
    if not rows:
        return names
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    if width < len(names) and not any(name.strip() for name in names[width:]):
        return names[:width]
    extra = [cell for row in rows for cell in row[len(names) :]]
    if width > len(names) and not any(cell.strip() for cell in extra):
        return names + [""] * (width - len(names))
    return names


def _unique(names: list[str]) -> list[str]:
    """Names that DuckDB tells apart: equal ones, whatever their case, get numbers.

    A query that reads `total` of `total (1)` and `total (2)` then fails and names both: which of
    them is right is not for a program to guess.
    """
    named = [name if name.strip() else UNNAMED.format(number=i) for i, name in enumerate(names, 1)]
    folded = [name.casefold() for name in named]
    return [
        f"{name} ({folded[: i + 1].count(name.casefold())})"
        if folded.count(name.casefold()) > 1
        else name
        for i, name in enumerate(named)
    ]
