"""Page about a history: one HTML file without network, for whoever sees it for the first time."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from rich.table import Table

from data.history.history import History
from training.common import plots
from training.common.model_card.card import inline
from training.describe.page_tables import PageTable, page_table_of

SAMPLE_ROWS = 5


def history_page(history: History, tables: Sequence[Table]) -> str:
    """Write the page.

    Args:
        history: The history.
        tables: The tables that the terminal shows, in their order.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("history_page.html").render(
        path=history.path.name,
        fingerprint=history.fingerprint,
        imports=history.manifest.imports,
        sections=[page_table_of(part) for part in tables],
        pictures=_pictures(history),
        samples=_samples(history),
    )


def _pictures(history: History) -> dict[str, Markup]:
    months = history.query("describe/months")
    draws: dict[str, Callable[[Path], None]] = {}
    if len(months):
        draws["Rows by month"] = partial(plots.rows_by_month, months=months)
    hours = history.query("describe/orders_by_hour")
    if len(hours):
        draws["Orders by hour of the day, local"] = partial(plots.orders_by_hour, hours=hours)
    return {title: inline(draw) for title, draw in draws.items()}


def _samples(history: History) -> list[PageTable]:
    samples = []
    for name, rows in history.rows.items():
        if rows:
            sample = history.sample(name, SAMPLE_ROWS).dropna(axis=1, how="all")
            columns = list(sample.columns)
            cells = [[_cell(value) for value in row] for row in sample.itertuples(index=False)]
            samples.append(PageTable(name, columns, cells))
    return samples


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, pd.Timestamp) else str(value)
