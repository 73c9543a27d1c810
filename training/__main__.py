"""`python -m training`: train, evaluate, watch, promote and roll back."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.domain import BadInputError, ExpediteError
from data.history import History
from data.policy import Policy
from data.settings import Settings
from models.store import Store
from training.promotion import Outcome

main = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)
evaluate = typer.Typer(no_args_is_help=True, help="Score a period and say how good that was.")
main.add_typer(evaluate, name="evaluate")
console = Console()
FIRST_YEAR, LAST_YEAR = 1900, 2261

HistoryPath = Annotated[Path, typer.Option("--history", help="folder of the order history")]
AsOf = Annotated[str, typer.Option("--as-of", help="nothing known at or after it is seen")]
From = Annotated[str, typer.Option("--from", help="first day of the period")]
To = Annotated[str, typer.Option("--to", help="first day after the period")]
Model = Annotated[str, typer.Option("--model", help="champion, or a version's number")]


def moment(text: str, option: str) -> pd.Timestamp:
    """Read a day or a moment; without a zone it is UTC.

    Raises:
        BadInputError: It is neither.
    """
    no_day = BadInputError(option, f"'{text}' is no day", "Write it as 2026-03-31.")
    try:
        read = pd.Timestamp(text)
    except ValueError as error:
        raise no_day from error
    if pd.isna(read) or not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise no_day
    return read.tz_localize("UTC") if read.tzinfo is None else read.tz_convert("UTC")


def store() -> Store:
    """Open the registry that the settings name."""
    return Store(Settings.read().mlruns)


def writable(path: Path) -> Path:
    """Return the path of a file to be written, if its folder is there.

    Raises:
        BadInputError: It is not: better said before the work than after.
    """
    if not path.parent.is_dir():
        raise BadInputError(str(path), "its folder is not there", "Make the folder first.")
    return path


@main.command()
def triage(history: HistoryPath, as_of: AsOf) -> None:
    """Train category, team, harm, handling time and priority; promote them if they are better."""
    from training.triage import train_triage  # imported here: it takes seconds, --help does not

    with console.status("Starting") as status:
        opened = History.open(history)
        outcome = train_triage(opened, moment(as_of, "--as-of"), store(), status.update)
    _tell(outcome)


@main.command()
def warning(history: HistoryPath, as_of: AsOf) -> None:
    """Train the early warning: which orders will raise an exception; promote it if it is better."""
    from training.warning import train_warning

    with console.status("Starting") as status:
        opened = History.open(history)
        outcome = train_warning(opened, moment(as_of, "--as-of"), store(), status.update)
    _tell(outcome)


def _tell(outcome: Outcome) -> None:
    for label, said in outcome.verdicts.items():
        console.print(f"[bold]{label}[/]: {said}")
    for label, said in outcome.untrained.items():
        console.print(f"[bold]{label}[/]: not trained: {said}")
    word = "promoted" if outcome.verdict.promoted else "not promoted"
    console.print(f"Version {outcome.version} is {word}: {outcome.verdict.reason}")


@evaluate.command("triage")
def evaluate_triage(
    history: HistoryPath,
    begin: From,
    end: To,
    predictions: Annotated[Path, typer.Option(help="Parquet file to write, one row an exception")],
    report: Annotated[Path, typer.Option(help="JSON file to write: figures with intervals")],
    model: Model = "champion",
) -> None:
    """Score every exception of a period at the moment it was detected."""
    from training import evaluation

    for file in (predictions, report):
        writable(file)
    with console.status("Scoring"):
        loaded = store().load_triage(None if model == "champion" else model)
        scoring = evaluation.score_period(
            loaded, History.open(history), moment(begin, "--from"), moment(end, "--to")
        )
        policy = Policy.read(Settings.read().policy)
        evaluation.predictions_table(scoring, policy).to_parquet(predictions)
        figures = evaluation.report(scoring, loaded)
    report.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    show(figures)


@evaluate.command("warning")
def evaluate_warning(
    history: HistoryPath,
    begin: From,
    end: To,
    predictions: Annotated[Path, typer.Option(help="Parquet file, one row an order and stage")],
    report: Annotated[Path, typer.Option(help="JSON file to write: figures with intervals")],
    model: Model = "champion",
) -> None:
    """Score every order of a period when it was placed and at each stage that it reached."""
    from training import warning_report
    from training.warning import load_warning

    for file in (predictions, report):
        writable(file)
    with console.status("Scoring"):
        loaded = load_warning(store(), None if model == "champion" else model)
        scoring = warning_report.score_orders(
            loaded, History.open(history), moment(begin, "--from"), moment(end, "--to")
        )
        warning_report.warnings_table(scoring).to_parquet(predictions)
        figures = warning_report.report(scoring, loaded)
    report.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    show(figures)


def show(figures: dict[str, object]) -> None:
    """Print a report's figures as tables: a row a measure, a column an estimator."""
    for part, values in figures.items():
        if not isinstance(values, dict) or "labelled" not in values:
            continue
        columns = {name: found for name, found in values.items() if isinstance(found, dict)}
        table = Table("", *columns, title=f"{part}: {values['labelled']:,} labelled")
        for measure in dict.fromkeys(m for found in columns.values() for m in found):
            cells = (_interval(found.get(measure)) for found in columns.values())
            table.add_row(measure, *cells)
        console.print(table)


def _interval(value: dict[str, float] | None) -> str:
    return "{value:.3f} [{low:.3f} {high:.3f}]".format(**value) if value else ""


@main.command()
def drift(  # noqa: PLR0913  (each is an option of the command line)
    history: HistoryPath,
    reference: Annotated[str, typer.Option(help="A..B: first day, and first day after")],
    current: Annotated[str, typer.Option(help="C..D: first day, and first day after")],
    model: Model = "champion",
    html: Annotated[Path | None, typer.Option(help="page to write")] = None,
    json: Annotated[Path | None, typer.Option(help="figures to write")] = None,
    *,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="exit with 1 if it is drift")
    ] = False,
) -> None:
    """Compare two periods as the champion sees them: what drifted, and what it costs."""
    from training import drift as drifting

    periods = (
        drifting.Period(*_period(reference, "--reference")),
        drifting.Period(*_period(current, "--current")),
    )
    opened = store()
    with console.status("Comparing"):
        loaded = opened.load_triage(None if model == "champion" else model)
        found = drifting.compare_periods(loaded, History.open(history), *periods)
        drifting.keep(found, opened, html, json)
    console.print(found.verdict, soft_wrap=True, highlight=False, markup=False)
    if fail_on_drift and found.found:
        raise typer.Exit(1)


def _period(text: str, option: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    begin, dots, end = text.partition("..")
    if not dots:
        raise BadInputError(option, f"'{text}' is no period", "Write it as 2026-03-01..2026-04-01.")
    first, after = moment(begin, option), moment(end, option)
    if first >= after:
        raise BadInputError(option, f"'{text}' ends before it begins", "Name the first day first.")
    return first, after


@main.command()
def promote(model: str, version: str, why: Annotated[str, typer.Option()] = "by hand") -> None:
    """Make a version the champion, past the gate."""
    store().promote(model, version, why=why, now=_now())
    console.print(f"Version {version} of {model} is the champion.")


@main.command()
def rollback(model: str) -> None:
    """Make the champion's predecessor the champion again."""
    console.print(
        f"Version {store().rollback(model, now=_now())} of {model} is the champion again."
    )


@main.command()
def models() -> None:
    """List who is champion, since when, and why."""
    opened = store()
    table = Table("model", "version", "champion", "since", "as of", "why")
    for name in ("triage", "warning"):
        for v in opened.versions(name):
            as_of = v.tags.get("as_of", "")
            table.add_row(name, v.version, "yes" if v.champion else "", v.since, as_of, v.why)
    console.print(table)


def _now() -> str:
    return pd.Timestamp.now("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


def run() -> None:
    """Run a command; an error that a user can cure is its message and exit code 2."""
    try:
        main()
    except ExpediteError as error:
        Console(stderr=True).print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
