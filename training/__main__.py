"""`python -m training`: train, backtest, evaluate, replay, watch, promote and roll back."""

import sys
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.domain import ExpediteError
from training import (
    demand_commands,
    drift_commands,
    exception_commands,
    forecast_commands,
    incident_commands,
    queue_commands,
    replay_commands,
    shift_commands,
)
from training.command_line import console, store

MODELS = ("triage", "warning", "demand")


def group(summary: str | None) -> typer.Typer:
    """Return commands that share their first word."""
    return typer.Typer(
        add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=summary
    )


main = group(__doc__)
main.command()(exception_commands.triage)
main.command()(exception_commands.warning)
main.command()(demand_commands.demand)
backtest = group("Score forecasts of the past, each made with what was known then.")
backtest.command("demand")(demand_commands.backtest_demand)
main.add_typer(backtest, name="backtest")
recalibrate = group("Fit the champion's calibration and promises anew, without training it.")
recalibrate.command("triage")(exception_commands.recalibrate_triage)
main.add_typer(recalibrate, name="recalibrate")
evaluate = group("Score a period and say how good that was.")
evaluate.command("triage")(exception_commands.evaluate_triage)
evaluate.command("warning")(exception_commands.evaluate_warning)
evaluate.command("demand")(demand_commands.evaluate_demand)
main.add_typer(evaluate, name="evaluate")
replay = group("Play a rule forward on what it has not seen.")
replay.command("stock")(replay_commands.stock)
replay.command("queue")(queue_commands.queue)
replay.command("tune")(queue_commands.tune)
main.add_typer(replay, name="replay")
main.command()(shift_commands.shifts)
main.command()(incident_commands.incidents)
main.command()(forecast_commands.forecast)
main.command()(drift_commands.drift)


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
    for name in MODELS:
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
