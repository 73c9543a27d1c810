"""`python -m data`: import, check, describe and replay an order history; begin a new source."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import typer
from rich.console import Console

from data.console import ProgressBars, show_history, show_import, show_proposal, wide_console
from data.domain import BadInputError, ExpediteError, UnknownChoiceError
from data.history.history import History
from data.ingest.csv_files import ENCODINGS, is_encoding
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.source_template import write_skeleton
from data.ingest.sources import SOURCES, source_folder
from data.ingest.verify import faults
from data.ingest.write_history import ImportReport, Watch, write_history
from data.ledger.export import export_ledger
from data.ledger.ledger import Ledger
from data.oms_client.calls import last_days
from data.oms_client.send import send
from data.policy.policy import Policy
from data.settings import Settings
from data.source_proposal.propose import propose
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop

SYNTHETIC = "synthetic"

app = typer.Typer(
    help="An order history: import it, check it, describe it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path, typer.Argument(help="Folder of the history", show_default=False)]


@app.command("import")
def import_(  # noqa: PLR0913  (each is an option of the command line)
    files: Annotated[list[Path] | None, typer.Argument(help="Files or folders to read")] = None,
    *,
    source: Annotated[str, typer.Option(help="Name of a source, or a folder of queries")],
    into: Annotated[Path, typer.Option(help="Folder of the history; created if missing")],
    timezone: Annotated[
        str, typer.Option(help="Time zone of times without an offset, and of days")
    ] = "",
    encoding: Annotated[
        str, typer.Option(help="CSV encoding, such as gb18030; detected if left out")
    ] = "",
    orders: Annotated[int, typer.Option(help="Synthetic only: number of orders")] = 20_000,
    seed: Annotated[int, typer.Option(help="Synthetic only: same seed, same rows")] = 7,
    days: Annotated[
        int, typer.Option(min=0, help="Synthetic only: length of the period; 0 is automatic")
    ] = 0,
    load: Annotated[
        float, typer.Option(min=0, help="Synthetic only: load, work over capacity; 0 is automatic")
    ] = 0.0,
    end: Annotated[
        str, typer.Option(help="Synthetic only: last day of the period; 'today' is allowed")
    ] = "",
    eventful_days: Annotated[
        float,
        typer.Option(
            min=0, help="Synthetic only: last days in which faults look like others, with a burst"
        ),
    ] = 0.0,
    truth: Annotated[
        Path | None, typer.Option(help="Synthetic only: folder for the ground truth")
    ] = None,
) -> None:
    """Import FILES with the queries of a source; rows that break the contract go to quarantine."""
    if source == SYNTHETIC:
        shop = SyntheticShop(
            orders=orders, seed=seed, days=days, load=load or None, eventful_days=eventful_days
        )
        if end:
            last = _now().normalize() if end == "today" else pd.Timestamp(end, tz="UTC")
            first = last.to_pydatetime() - timedelta(days=shop.period_days)
            shop = replace(shop, start=first)
        terms = ImportTerms(SYNTHETIC, max(_now(), pd.Timestamp(shop.end)))
        _watched(lambda watch: write_history(into, generate(shop, truth), terms, watch=watch))
        return
    folder = source_folder(source)
    if not is_encoding(encoding):
        raise UnknownChoiceError("encoding", encoding, ENCODINGS)
    terms = ImportTerms(folder.name, _now(), _time_zone(timezone) if timezone else "")
    paths = files or []
    _watched(lambda watch: import_files(paths, folder, into, terms, encoding=encoding, watch=watch))


@app.command()
def check(history: Folder) -> None:
    """Check that a history is complete and keeps the contract; exit with 1 if not."""
    problems = list(faults(history, ImportTerms("check", _now())))
    for fault in problems:
        Console(stderr=True).print(fault, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    rows = sum(History.open(history).rows.values())
    Console().print(f"{history} is complete: {rows:,} rows keep the contract.", soft_wrap=True)


@app.command()
def describe(
    history: Folder,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with pictures and samples too")
    ] = None,
) -> None:
    """Show rows, period, missing values, categories, breach rate, demand, features without data."""
    company = Policy.read(Settings.read().policy)
    show_history(wide_console(), History.open(history).in_time_zone(company.timezone))
    # Features and demand stand above data. So that part is another program, which is started here.
    sys.stdout.flush()
    rest = [sys.executable, "-m", "training", "describe", str(history)]
    rest += ["--html", str(html)] if html else []
    if code := subprocess.run(rest, check=False).returncode:  # noqa: S603 - our own program
        raise typer.Exit(code)


@app.command()
def replay(
    *,
    history: Annotated[Path, typer.Option(help="Folder of the history", show_default=False)],
    to: Annotated[str, typer.Option(help="Address of the service")] = "http://127.0.0.1:8000",
    days: Annotated[
        float, typer.Option("--last-days", min=0, help="Days before the newest exception")
    ] = 2,
    until: Annotated[
        str,
        typer.Option(help="Only exceptions before this time, unshifted: see EXPEDITE_CLOCK"),
    ] = "",
) -> None:
    """Post the last days of a history to a running service, shifted so that the newest is now."""
    before = pd.Timestamp(until, tz="UTC") if until else None
    newest_at = None if until else _now()
    settings = Settings.read()
    currency = Policy.read(settings.policy).currency
    calls = last_days(
        History.open(history), days=days, newest_at=newest_at, currency=currency, until=before
    )
    with ProgressBars(Console(stderr=True)) as bars:
        sent = send(calls, to, bars.watch, key=settings.api_key.get_secret_value())
    for refusal in sent.refusals:
        Console(stderr=True).print(f"Refused: {refusal}", highlight=False, soft_wrap=True)
    print(
        f"{sent.accepted:,} exceptions were accepted, {sent.resolved:,} of them were resolved; "
        f"{len(sent.refusals):,} were refused."
    )


@app.command()
def export(
    *,
    into: Annotated[Path, typer.Option(help="Folder for the files; created if missing")],
    begin: Annotated[
        str, typer.Option("--from", help="Only exceptions received at or after this time")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="Only facts recorded before this time")] = "",
) -> None:
    """Export the exceptions of the service and their outcomes as files for an import.

    EXPEDITE_DATABASE_URL names the ledger, as for the service.
    """
    ledger = Ledger.open(Settings.read().database_url)
    try:
        rows = export_ledger(ledger, into, begin=_tick(begin, "--from"), end=_tick(end, "--to"))
    finally:
        ledger.close()
    if rows.unreadable:
        print(f"{rows.unreadable:,} exceptions can't be read and are left out.")
    print(
        f"{rows.exceptions:,} exceptions and {rows.steps:,} steps are in {into}. Import them with:"
    )
    print(f"python -m data import {into} --source expedite --into HISTORY")


@app.command()
def new_source(
    name: Annotated[str, typer.Argument(help="Name of the source, or path of a new folder")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Your files or folders: queries are proposed for them", show_default=False
        ),
    ] = None,
    encoding: Annotated[
        str, typer.Option(help="CSV encoding, such as gb18030; detected if left out")
    ] = "",
) -> None:
    """Begin a source: queries proposed for your files, or without files an annotated skeleton."""
    folder = Path(name) if len(Path(name).parts) > 1 else SOURCES / name
    if not files:
        for file in write_skeleton(folder):
            print(file)
        print("Edit these files, then run:")
        print(f"python -m data import FILES --source {name} --into HISTORY")
        return
    with wide_console().status("reading the files and comparing their columns"):
        proposal = propose(files, encoding=encoding)
    written = proposal.write(folder)
    show_proposal(wide_console(), proposal)
    print(f"Queries: {', '.join(file.name for file in written)} in {folder}")
    listing = " ".join(str(file) for file in files)
    print("Look at what is likely or a guess. Then:")
    print(f"python -m data import {listing} --source {name} --into HISTORY")


def _watched(run: Callable[[Watch], ImportReport]) -> None:
    with ProgressBars(Console(stderr=True)) as bars:
        report = run(bars.watch)
    show_import(wide_console(), report)


def _now() -> pd.Timestamp:
    return pd.Timestamp(datetime.now(UTC))


def _tick(moment: str, option: str) -> int | None:
    """Parse a moment of the command line into milliseconds; None for an empty text."""
    if not moment:
        return None
    try:
        parsed = pd.Timestamp(moment)
    except ValueError as error:
        cure = "Write it as 2026-03-01 or 2026-03-01T10:00Z."
        raise BadInputError(option, f"'{moment}' is not a time", cure) from error
    parsed = parsed.tz_localize("UTC") if parsed.tzinfo is None else parsed
    return int(parsed.timestamp() * 1000)


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        cure = "Use a name such as Europe/Berlin, or UTC."
        raise BadInputError("--timezone", f"'{name}' is unknown", cure) from error


def main() -> None:
    """Run a command; an error that a user can cure is its message and exit code 2."""
    try:
        app()
    except ExpediteError as error:
        Console(stderr=True).print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
