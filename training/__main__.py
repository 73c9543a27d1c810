"""`python -m training`: train, backtest, evaluate, replay, watch, promote and roll back."""

import sys
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.domain import ExpediteError
from training.bursts import commands as bursts_commands
from training.common.options import console, store
from training.common.run import registry_time
from training.demand import commands as demand_commands
from training.describe.command import describe
from training.drift import commands as drift_commands
from training.early_warning import commands as early_warning_commands
from training.forecast_book import commands as forecast_book_commands
from training.queue_replay import commands as queue_replay_commands
from training.stock_replay import commands as stock_replay_commands
from training.triage import commands as triage_commands

MODELS = ("triage", "warning", "demand")


def group(summary: str | None) -> typer.Typer:
    """Return commands that share their first word."""
    return typer.Typer(
        add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=summary
    )


main = group(__doc__)
main.command()(triage_commands.triage)
main.command()(early_warning_commands.warning)
main.command()(demand_commands.demand)
backtest = group("Score past forecasts, each made with the data available then.")
backtest.command("demand")(demand_commands.backtest_demand)
main.add_typer(backtest, name="backtest")
recalibrate = group("Fit the champion's calibration and guarantees anew, without training it.")
recalibrate.command("triage")(triage_commands.recalibrate_triage)
main.add_typer(recalibrate, name="recalibrate")
evaluate = group("Score a period and measure the predictions.")
evaluate.command("triage")(triage_commands.evaluate_triage)
evaluate.command("warning")(early_warning_commands.evaluate_warning)
evaluate.command("demand")(demand_commands.evaluate_demand)
main.add_typer(evaluate, name="evaluate")
replay = group("Simulate a rule on later data that it has not used.")
replay.command("stock")(stock_replay_commands.stock)
replay.command("queue")(queue_replay_commands.queue)
replay.command("tune")(queue_replay_commands.tune)
main.add_typer(replay, name="replay")
main.command()(queue_replay_commands.shifts)
main.command()(bursts_commands.incidents)
main.command()(forecast_book_commands.forecast)
main.command()(drift_commands.drift)
main.command()(describe)


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
    return registry_time(pd.Timestamp.now("UTC"))


def run() -> None:
    """Run a command; an error that a user can cure is its message and exit code 2."""
    try:
        main()
    except ExpediteError as error:
        Console(stderr=True).print(str(error), highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    run()
