"""Command that compares two periods: the drift, and its cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.domain import BadInputError
from models.triage.load import load_triage
from training.common.options import (
    CHAMPION,
    HistoryPath,
    Model,
    console,
    moment,
    open_history,
    store,
    version_of,
)
from training.common.step_bar import StepBar

if TYPE_CHECKING:
    from training.drift.periods import Period


def drift(  # noqa: PLR0913  (each is an option of the command line)
    history: HistoryPath,
    reference: Annotated[str, typer.Option(help="A..B: first day, and first day after")],
    current: Annotated[str, typer.Option(help="C..D: first day, and first day after")],
    model: Model = CHAMPION,
    html: Annotated[Path | None, typer.Option(help="page to write")] = None,
    json: Annotated[Path | None, typer.Option(help="figures to write")] = None,
    *,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="exit with 1 if it is drift")
    ] = False,
) -> None:
    """Compare two periods with the champion: the columns that drifted, and the cost."""
    from training.drift import compare

    periods = (
        _period(reference, "--reference"),
        _period(current, "--current"),
    )
    opened = store()
    with StepBar(compare.STEPS) as bar:
        loaded = load_triage(opened, version_of(model))
        opened_history = open_history(history)
        result = compare.compare_periods(loaded, opened_history, *periods, bar.step)
        compare.store_report(result, opened, html, json)
    console.print(result.verdict, soft_wrap=True, highlight=False, markup=False)
    if fail_on_drift and result.is_drift:
        raise typer.Exit(1)


def _period(text: str, option: str) -> "Period":
    from training.drift.periods import Period

    begin, dots, end = text.partition("..")
    if not dots:
        raise BadInputError(option, f"'{text}' is no period", "Write it as 2026-03-01..2026-04-01.")
    first, after = moment(begin, option), moment(end, option)
    if first >= after:
        raise BadInputError(option, f"'{text}' ends before it begins", "Name the first day first.")
    return Period(first, after)
