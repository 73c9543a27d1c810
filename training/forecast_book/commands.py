"""Command that writes a forecast book."""

from typing import Annotated

import typer

from data.policy.policy import Policy
from data.settings import Settings
from training.common.options import AsOf, HistoryPath, console, moment, open_history, store
from training.common.step_bar import status_lines

Horizon = Annotated[int | None, typer.Option(help="periods; all that the model can if left out")]


def forecast(history: HistoryPath, as_of: AsOf, horizon: Horizon = None) -> None:
    """Forecast every SKU and site with the champion, and write the book that the service reads."""
    from models.forecast_book.store import (
        write_book,  # imported here: it takes seconds, --help does not
    )
    from training.forecast_book.make_book import ForecastJob, make_book

    settings = Settings.read()
    with status_lines(console) as show:
        job = ForecastJob(
            open_history(history),
            moment(as_of, "--as-of"),
            Policy.read(settings.policy),
            horizon,
        )
        book = make_book(job, store(), show)
        show("Writing the book")
        pointer = write_book(settings.mlruns / "forecasts", book)
    made = book.forecast
    console.print(
        f"Forecast {made.series:,} series over {made.horizon} periods ({made.grain}) from "
        f"{made.periods[0]} with {book.model_version}: book {pointer.name}",
        highlight=False,
        soft_wrap=True,
    )
