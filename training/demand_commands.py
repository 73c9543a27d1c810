"""The commands of demand: train, backtest and evaluate its forecasts."""

from pathlib import Path
from typing import Annotated

import typer

from data.domain import Grain
from data.history import History
from training.command_line import HistoryPath, ReportFile, console, writable, write_report

Horizon = Annotated[int, typer.Option("--horizon", min=1, help="periods to forecast")]
GrainOption = Annotated[
    Grain | None,
    typer.Option("--grain", help="how long a period is; as the demand is given, else a day"),
]


def backtest_demand(
    history: HistoryPath,
    horizon: Horizon,
    report: ReportFile,
    origins: Annotated[int, typer.Option(min=1, help="cut-offs, a horizon apart")] = 3,
    grain: GrainOption = None,
    pictures: Annotated[Path | None, typer.Option(help="folder for PNG files, made anew")] = None,
) -> None:
    """Forecast the last horizons with each method, as known at each cut-off; score what came."""
    from training.demand_backtest import backtest
    from training.demand_report import draw, tables

    for file in (report, pictures):
        _ = file and writable(file)
    with console.status("Starting") as status:
        found = backtest(History.open(history), horizon, origins, status.update, grain=grain)
    write_report(report, found.report)
    if pictures:
        pictures.mkdir(exist_ok=True)
        draw(found, pictures)
    console.print(tables(found.report), soft_wrap=True, highlight=False, markup=False)
