"""The commands of demand: train, backtest and evaluate its forecasts."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from data.domain import BadInputError
from features.demand.grain import GRAIN_WORDS, Grain
from models.boosters import DEFAULT_SEED
from training.common.options import (
    AsOf,
    CandidateNames,
    CardFile,
    DryRun,
    HistoryPath,
    ReportFile,
    Seed,
    TrialCount,
    console,
    moment,
    open_history,
    run_training,
    store,
    writable,
    write_report,
)

Horizon = Annotated[int, typer.Option("--horizon", min=1, help="periods to forecast")]


def grain_of(text: str) -> Grain:
    """Read the length of a period.

    Raises:
        BadInputError: It is none.
    """
    try:
        return Grain.parse(text)
    except ValueError as error:
        raise BadInputError("--grain", f"there is no '{text}'", f"Use {GRAIN_WORDS}.") from error


GrainOption = Annotated[
    Grain | None,
    typer.Option(
        "--grain",
        parser=grain_of,
        metavar="LENGTH",
        help=f"how long a period is ({GRAIN_WORDS}); as the demand is given, else a day",
    ),
]
Offers = Annotated[
    list[str] | None,
    typer.Option(
        "--features",
        help="only these offers and attributes beside the demand, such as price or product.*",
    ),
]
WithoutOffers = Annotated[
    list[str] | None,
    typer.Option("--without", help="no offer or attribute like this: promotion; repeatable"),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        help="fresh (fitted as of --as-of), champion, or a version's number; its training "
        "data must be older than --as-of",
    ),
]


def demand(  # noqa: PLR0913  (each is an option of the command line)
    history: HistoryPath,
    as_of: AsOf,
    horizon: Annotated[
        int | None,
        typer.Option(min=1, help="periods to forecast; 28 days, 8 weeks or 6 months by default"),
    ] = None,
    grain: GrainOption = None,
    *,
    dry_run: DryRun = False,
    seed: Seed = DEFAULT_SEED,
    features: Offers = None,
    without: WithoutOffers = None,
    candidates: CandidateNames = None,
    trials: TrialCount = 0,
    card: CardFile = None,
) -> None:
    """Train the demand forecaster; promote it if it is better."""
    # imported here: it takes seconds, --help does not
    from training.demand.choices import DemandChoices
    from training.demand.train import train_demand

    choices = DemandChoices.named(features or (), without or (), candidates or (), trials)
    train = partial(train_demand, horizon=horizon, grain=grain, choices=choices)
    run_training(train, history, as_of, dry_run=dry_run, seed=seed, card=card)


def backtest_demand(
    history: HistoryPath,
    horizon: Horizon,
    report: ReportFile,
    origins: Annotated[int, typer.Option(min=1, help="cut-offs, a horizon apart")] = 3,
    grain: GrainOption = None,
    pictures: Annotated[Path | None, typer.Option(help="folder for PNG files, made anew")] = None,
) -> None:
    """Forecast the last horizons with each method, as of each cut-off, and score them."""
    from training.demand.backtest import backtest
    from training.demand.report import draw, tables

    for file in filter(None, (report, pictures)):
        writable(file)
    with console.status("Starting") as status:
        result = backtest(open_history(history), horizon, origins, status.update, grain=grain)
    write_report(report, result.report)
    if pictures:
        pictures.mkdir(exist_ok=True)
        draw(result, pictures)
    console.print(tables(result.report), soft_wrap=True, highlight=False, markup=False)


def evaluate_demand(  # noqa: PLR0913  (each is an option of the command line)
    history: HistoryPath,
    as_of: AsOf,
    horizon: Horizon,
    forecasts: Annotated[
        Path, typer.Option(help="Parquet file to write, a row a SKU, site, period and quantile")
    ],
    report: Annotated[
        Path | None, typer.Option(help="JSON file to write: figures with intervals")
    ] = None,
    *,
    model: ModelOption = "fresh",
    grain: GrainOption = None,
) -> None:
    """Forecast the periods after a moment with the data before it, and score them."""
    from training.demand import evaluation
    from training.demand.report import table

    for file in filter(None, (forecasts, report)):
        writable(file)
    spec = evaluation.ForecastSpec(moment(as_of, "--as-of"), horizon, model, grain)
    with console.status("Starting") as status:
        result = evaluation.forecast_period(open_history(history), spec, store(), status.update)
        rows = evaluation.write_forecasts(result.forecast, forecasts)
        figures = evaluation.report(result)
    if report:
        write_report(report, figures)
    write = partial(console.print, soft_wrap=True, highlight=False, markup=False)
    write(f"Forecasts by {figures['made_by']}.")
    write(
        f"{rows:,} rows: {figures['series']:,} series, {horizon} periods ({figures['grain']}) from "
        f"{figures['first_period']} to {figures['last_period']}."
    )
    if "figures" in figures:
        write(table({"forecast": figures["figures"]}))
    else:
        write("The actual demand is not known yet, so there is nothing to score.")
