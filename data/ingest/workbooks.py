"""Reader of workbooks (Excel, OpenDocument): a sheet is read as a CSV file is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, load_workbook

from data.domain import BadInputError, UnknownChoiceError
from data.ingest.cells import cell_text
from data.ingest.csv_dialect import MAX_LINES_JUDGED, column_names, header_position

Cells = list[str | None]


class SheetReading(NamedTuple):
    """Rows of a sheet as texts, with their numbers, and notices for the report."""

    rows: pa.Table
    notices: list[str]


def read_sheet(file: Path, sheet: str = "") -> SheetReading:
    """Read a sheet of a workbook.

    Args:
        file: The workbook.
        sheet: The name of the sheet; the first with a header and a row if empty.

    Raises:
        BadInputError: it can't be read, or no sheet has rows.
        UnknownChoiceError: there is no sheet of that name.
    """
    with _as_input_errors(file):
        workbook = load_workbook(file)
    if sheet and sheet not in workbook.sheet_names:
        raise UnknownChoiceError(f"sheet of {file.name}", sheet, workbook.sheet_names)
    for name in [sheet] if sheet else workbook.sheet_names:
        with _as_input_errors(file):
            rows = _cells(workbook, name)
        if len([row for row in rows if any(row)]) > 1 or sheet:
            return _reading(file, name, rows, others=len(workbook.sheet_names) - 1)
    problem = "has no sheet with a header and a row"
    raise BadInputError(str(file), problem, "Export it again, or leave it out.")


@contextmanager
def _as_input_errors(file: Path) -> Iterator[None]:
    """Turn an error of the reader into one that names the file; a damaged part is read late."""
    try:
        yield
    except (CalamineError, OSError) as error:
        problem = f"is damaged, locked or no workbook ({error})"
        raise BadInputError(str(file), problem, "Save it again, or export it as CSV.") from error


def _cells(workbook: CalamineWorkbook, name: str) -> list[Cells]:
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return [[cell_text(cell) for cell in row] for row in rows]


def _reading(file: Path, name: str, rows: list[Cells], *, others: int) -> SheetReading:
    filled = [i for i, row in enumerate(rows) if any(row)]
    judged = [[cell or "" for cell in rows[i]] for i in filled[:MAX_LINES_JUDGED]]
    if not judged:
        raise BadInputError(f"{file}, sheet '{name}'", "is empty", "Name another sheet.")
    position = header_position(judged)
    header = filled[position]
    names = column_names(judged[position], judged[position + 1 :])
    numbers = [i for i in filled if i > header]
    columns = {
        column: pa.array([rows[i][at] if at < len(rows[i]) else None for i in numbers], pa.string())
        for at, column in enumerate(names)
    }
    notices = [f"{file.name}: sheet '{name}' was read, not its {others} others."] if others else []
    if position:
        notices.append(f"{file.name}: {header} lines above its header are left out.")
    return SheetReading(
        pa.table(columns | {"_row": pa.array([i - header for i in numbers], pa.int64())}), notices
    )
