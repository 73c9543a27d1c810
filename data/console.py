"""Console output of `python -m data`: progress, the report of an import, a history's content."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from data.history.history import History
from data.history.look_alikes import LookAlikes, look_alikes
from data.history.manifest import ImportRecord
from data.ingest.staging import COUNTS, LINES
from data.ingest.write_history import ImportReport
from data.source_proposal.propose import Proposal

NUMBER = re.compile(r"[\d,.-]+%?|unknown")
MAX_REASONS_SHOWN = 5
MIN_CONSOLE_WIDTH = 100


class ProgressBars:
    """Progress bars on a console, one for each step of an import. A context manager."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            TimeElapsedColumn(),
            console=console,
        )
        self._steps: dict[str, TaskID] = {}

    def __enter__(self) -> "ProgressBars":
        self._progress.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._end_all()
        self._progress.stop()

    def watch(self, step: str, rows: int) -> None:
        """Advance the bar of a step; a new step ends the bars before it."""
        if step not in self._steps:
            self._end_all()
            self._steps[step] = self._progress.add_task(step, total=None)
        self._progress.advance(self._steps[step], rows)

    def _end_all(self) -> None:
        for task in self._progress.tasks:
            self._progress.update(task.id, total=task.completed)


def show_proposal(console: Console, proposal: Proposal) -> None:
    """Columns of the files by field of a proposed source, and how sure each is."""
    rows = [
        [role, field, f"{matched.column.name.strip()} ({source})", matched.confidence]
        for role, source, field, matched in proposal.fields()
    ]
    console.print(table("", ["table", "field", "column of your files", "how sure"], rows))
    unused = [f"{column.strip()} ({source})" for source, column in proposal.unused()]
    if unused:
        console.print(f"Not read: {escape(', '.join(unused))}", highlight=False, soft_wrap=True)


def show_import(console: Console, report: ImportReport) -> None:
    """The counts of an import, which always add up, and why rows were refused."""
    rows = [
        [name, *(f"{number:,}" for number in counts.as_numbers().values())]
        for name, counts in report.counts.items()
    ]
    console.print(table("", ["table", *COUNTS], rows))
    for name, counts in report.counts.items():
        for reason, number in counts.reasons.most_common(MAX_REASONS_SHOWN):
            where = counts.examples.get(reason, "")
            line = f"  {name}: {number:,} x {reason}, e.g. {where}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    for name, counts in report.counts.items():
        for problem, number in counts.emptied.most_common(MAX_REASONS_SHOWN):
            where = counts.examples.get(problem, "")
            line = f"  {name}: {number:,} values are left empty: {problem}, e.g. {where}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    for line in [*report.notices, *(f"Refused rows: {file}" for file in report.quarantine)]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if not report.changed:
        console.print("No new rows: the history has not changed.")


def show_history(console: Console, history: History) -> None:
    """Print what a history holds, and what it lacks."""
    console.print(f"{history.path}: {history.fingerprint}", highlight=False, soft_wrap=True)
    for part in history_tables(history):
        console.print(part)


def history_tables(history: History) -> list[Table]:
    """Return what a history holds, and what it lacks, as tables for the terminal."""
    tables = [_rows(history), *_not_taken(history), _missing(history)]
    if history.rows["orders"]:
        tables += [_time_zones(history), _currencies(history)]
    if alike := look_alikes(history):
        tables.append(_look_alikes(alike))
    if history.rows["exceptions"]:
        tables += [_categories(history), *_months(history)]
    return tables


def _time_zones(history: History) -> Table:
    rows = [
        [name, zone, f"{rows:,}"]
        for name, zone, rows in history.query("describe/time_zones").itertuples(index=False)
    ]
    return table("Time zones of days", ["table", "time zone", "rows"], rows)


def _currencies(history: History) -> Table:
    rows = [
        [row.currency, f"{row.orders:,}", *(_amount(x) for x in (row.low, row.middle, row.high))]
        for row in history.query("describe/currencies").itertuples(index=False)
    ]
    columns = ["currency", "orders", "5 % of totals are below", "median total", "5 % are above"]
    return table("Currencies of orders", columns, rows)


def _look_alikes(alike: list[LookAlikes]) -> Table:
    rows = [
        [
            result.column,
            result.partner if result.partner != result.column else "itself",
            f"{result.keys:,}",
            f"{result.rows:,}",
            "; ".join(result.examples),
        ]
        for result in alike
    ]
    columns = ["keys of", "look like keys of", "keys", "rows", "such as"]
    return table("Keys that look alike", columns, rows)


def _amount(value: Any) -> str:
    return "unknown" if pd.isna(value) else f"{value:,.2f}"


def _rows(history: History) -> Table:
    rows = [
        [name, f"{history.rows[name]:,}", f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
        for name, first, last in history.query("periods").itertuples(index=False)
    ]
    return table("Tables", ["table", "rows", "first record", "last record"], rows)


def _categories(history: History) -> Table:
    counts = history.query("category_counts").itertuples(index=False)
    rows = [[category, f"{raised:,}", f"{ended:,}"] for category, raised, ended in counts]
    return table("Categories of exceptions", ["category", "exceptions", "ended"], rows)


def _months(history: History) -> list[Table]:
    """Breaches by month; nothing where no outcome says whether a deadline was missed."""
    months = history.query("breach_rate_by_month")
    if not months["judged"].any():
        return []
    rows = [
        [month, f"{raised:,}", f"{judged:,}", f"{share:.1%}" if judged else "unknown"]
        for month, raised, judged, share in months.itertuples(index=False)
    ]
    columns = ["detected in", "exceptions", "breach recorded", "breached"]
    return [table("Breach rate by month", columns, rows)]


def _not_taken(history: History) -> list[Table]:
    """Rows that imports refused and values that they left empty, with a reason; empty if none."""
    rows = [
        [record.source, *row]
        for record in history.manifest.imports
        for row in _not_taken_of(history, record)
    ]
    columns = ["import of", "table", "what", "how many", "why, such as"]
    return [table("Not taken", columns, rows)] if rows else []


def _not_taken_of(history: History, record: ImportRecord) -> Iterator[list[str]]:
    for name, counts in record.counts.items():
        if counts["quarantined"]:
            reason = _first_reason(history, record, name)
            yield [name, "rows refused", f"{counts['quarantined']:,}", reason]
        if counts.get("late"):
            yield [name, "rows late", f"{counts['late']:,}", "older than the row of the same key"]
    for name, emptied in record.emptied.items():
        for problem, number in emptied.items():
            yield [name, "values left empty", f"{number:,}", problem]


def _first_reason(history: History, record: ImportRecord, table_name: str) -> str:
    """The reason of the first row that an import refused of a table."""
    stem = LINES if table_name.startswith(f"{LINES} of ") else table_name
    for name in record.quarantine:
        if Path(name).stem.rpartition("-")[0] == stem:
            with (history.path / name).open(encoding="utf-8", newline="") as file:
                return next(csv.DictReader(file))["reason"]
    return ""


def _missing(history: History) -> Table:
    """For each table the columns with gaps, the emptiest first."""
    rows = []
    for name, stored in history.manifest.tables.items():
        shares = {c: 1 - filled / max(stored.rows, 1) for c, filled in stored.filled.items()}
        gaps = sorted((column for column in shares if shares[column]), key=lambda c: -shares[c])
        rows.append([name, ", ".join(f"{c} {_percent(shares[c])}" for c in gaps) or "nothing"])
    return table("Missing values", ["table", "missing share by column"], rows)


def _percent(share: float) -> str:
    """Format a share as a percentage; 0 % means none and 100 % means all."""
    if 0 < share < 0.01:
        return "< 1 %"
    return f"{min(share, 0.99) if share < 1 else 1:.0%}".replace("%", " %")


def table(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    """Numbers stand to the right, words to the left; a column that explains takes what is left."""
    laid = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD)
    for position, column in enumerate(columns):
        is_number = position > 0 and all(NUMBER.fullmatch(row[position]) for row in rows)
        explains = position == len(columns) - 1 and not is_number
        laid.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=not explains,
            overflow="fold",
        )
    for row in rows:
        laid.add_row(*(escape(cell) for cell in row))
    return laid


def wide_console() -> Console:
    """Return a console at least 100 characters wide, on which no number is cut."""
    console = Console()
    return Console(width=max(console.width, MIN_CONSOLE_WIDTH))
