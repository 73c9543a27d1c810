"""Options and printed results that the commands of `python -m training` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import orjson
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.domain import BadInputError
from data.history.history import History
from data.policy.policy import Policy
from data.settings import Settings
from models.boosters import DEFAULT_SEED, seeded
from models.registry.store import DryRunRegistry, ModelRegistry
from training.common.promotion import TrainingResult
from training.common.run import Progress
from training.common.step_bar import status_lines

console = Console()
FIRST_YEAR, LAST_YEAR = 1900, 2261
CHAMPION = "champion"

HistoryPath = Annotated[Path, typer.Option("--history", help="folder of the order history")]
AsOf = Annotated[
    str, typer.Option("--as-of", help="only data that was known before this moment is used")
]
From = Annotated[str, typer.Option("--from", help="first day of the period")]
To = Annotated[str, typer.Option("--to", help="first day after the period")]
Model = Annotated[str, typer.Option("--model", help="champion, or a version's number")]
PredictionsFile = Annotated[
    Path, typer.Option(help="Parquet file to write: a row for each prediction")
]
ReportFile = Annotated[Path, typer.Option(help="JSON file to write: figures with intervals")]

DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="train, judge and print; nothing is registered or promoted"),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 1_000, help="seed of all boosted trees")
]
Features = Annotated[
    list[str] | None,
    typer.Option("--features", help="only features like this: word, attribute, entity, message"),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="no feature like this, such as 'attributes.*'; repeatable"),
]
CandidateNames = Annotated[
    list[str] | None,
    typer.Option(
        "--candidates", help="estimators that compete, with commas between; baselines always do"
    ),
]
Languages = Annotated[
    bool,
    typer.Option(
        "--languages/--no-languages",
        help="labels in one language serve messages in another: 20 seconds, an optional package",
    ),
]
TrialCount = Annotated[
    int,
    typer.Option(
        "--trials",
        min=0,
        help="variations of the tree settings to try before the window that is reported",
    ),
]
CardFile = Annotated[
    Path | None, typer.Option("--card", help="HTML file to write: the model card of this run")
]


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


def store(*, dry_run: bool = False) -> ModelRegistry:
    """Open the registry that the settings name; in a dry run nothing is written to it."""
    return (DryRunRegistry if dry_run else ModelRegistry)(Settings.read().mlruns)


def writable(path: Path) -> Path:
    """Return the path of a file to be written, if its folder is there.

    Raises:
        BadInputError: It is not. The check runs before the long work starts.
    """
    if not path.parent.is_dir():
        raise BadInputError(str(path), "its folder is not there", "Make the folder first.")
    return path


def version_of(model: str) -> str | None:
    """Return the version that `--model` names; None for the champion."""
    return None if model == CHAMPION else model


def write_report(path: Path, figures: object) -> None:
    """Write figures as JSON that is pleasant to read."""
    path.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


def open_history(path: Path, policy: Policy | None = None) -> History:
    """Open a history in the currency and the time zone of the company; print what has no rate.

    Args:
        path: Its folder.
        policy: Names the currency, and rates beside those of the history; that of the settings
            if left out.

    Raises:
        NoHistoryError: There is none.
    """
    policy = policy or Policy.read(Settings.read().policy)
    recorded = History.open(path).in_time_zone(policy.timezone)
    history = recorded.in_currency(policy.currency, policy.rates)
    for currency, rows in recorded.foreign_currencies(policy.currency).items():
        if history.rates is not None and not history.rates.has(currency):
            console.print(
                f"{rows:,} rows are in {currency}, and no rate turns {currency} into "
                f"{policy.currency}: their money counts as not known."
            )
    return history


Training = Callable[[History, pd.Timestamp, ModelRegistry, Progress], TrainingResult]
"""A function that trains on a history, as of a moment, and registers what it trained."""


def run_training(
    train: Training,
    history: Path,
    as_of: str,
    *,
    dry_run: bool = False,
    seed: int = DEFAULT_SEED,
    card: Path | None = None,
) -> None:
    """Train, and print the result: the reason for each model, then the gate's decision."""
    if card:
        writable(card)
    with status_lines(console) as show, seeded(seed):
        opened, registry = open_history(history), store(dry_run=dry_run)
        outcome = train(opened, moment(as_of, "--as-of"), registry, show)
    for label, reason in outcome.reasons.items():
        console.print(f"[bold]{label}[/]: {reason}")
    for label, reason in outcome.untrained.items():
        console.print(f"[bold]{label}[/]: not trained: {reason}")
    show_figures(outcome.figures)
    if card:
        card.write_text(outcome.card, encoding="utf-8")
    word = "promoted" if outcome.decision.promoted else "not promoted"
    if dry_run:
        console.print(f"Dry run, nothing is registered. As a version it would be {word}: ", end="")
        console.print(outcome.decision.reason)
        return
    console.print(f"Version {outcome.version} is {word}: {outcome.decision.reason}")


def show_figures(figures: dict[str, object]) -> None:
    """Print a report's figures as tables: a row a measure, a column an estimator."""
    for part, values in figures.items():
        if not isinstance(values, dict) or "labelled" not in values:
            continue
        columns = {
            name: figures_of for name, figures_of in values.items() if isinstance(figures_of, dict)
        }
        remark = " (not learned: the same for all)" if values.get("learned") is False else ""
        title = f"{part}: {values['labelled']:,} labelled{remark}"
        table = Table("", *columns, title=title)
        for measure in dict.fromkeys(m for figures_of in columns.values() for m in figures_of):
            cells = (interval(figures_of.get(measure)) for figures_of in columns.values())
            table.add_row(measure, *cells)
        console.print(table)


def interval(value: dict[str, float] | None) -> str:
    """Write a figure with its interval; empty where there is none."""
    return "{value:.3f} [{low:.3f} {high:.3f}]".format(**value) if value else ""
