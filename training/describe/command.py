"""Models' view of a history: its demand, and the features that have no values in it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from data.console import history_tables, table, wide_console
from data.history.history import History
from data.policy.policy import Policy
from data.settings import Settings

if TYPE_CHECKING:
    from training.demand.suspicious import SuspiciousValue

MAX_FEATURES_SHOWN = 3
MAX_VALUES_SHOWN = 20


def describe(
    history: Annotated[Path, typer.Argument(help="Folder of the history", show_default=False)],
    *,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with pictures and samples too")
    ] = None,
) -> None:
    """Show the demand of a history, its suspicious values, and the features without data."""
    # Imported here: they take seconds, --help does not.
    from features.catalog import dark_features
    from training.demand.describe import demand_facts
    from training.demand.suspicious import suspicious_values
    from training.describe.history_page import history_page

    company = Policy.read(Settings.read().policy)
    opened, screen = History.open(history).in_time_zone(company.timezone), wide_console()
    facts = demand_facts(opened)
    demand = [table("Demand", ["what", "figure"], [list(fact) for fact in facts])] if facts else []
    suspicious = suspicious_values(opened)
    odd = [_suspicious(suspicious)] if suspicious else []
    parts = [*demand, *odd, _dark(dark_features(opened.filled_columns()))]
    for part in parts:
        screen.print(part)
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(history_page(opened, [*history_tables(opened), *parts]), encoding="utf-8")
        screen.print(f"Page: {html}", highlight=False, soft_wrap=True)


def _suspicious(values: "Sequence[SuspiciousValue]") -> Table:
    """Return the values furthest outside the usual range of their series."""
    rows = [
        [v.table, v.column, v.series, v.period, f"{v.value:,.6g}", f"{v.low:,.4g} to {v.high:,.4g}"]
        for v in values[:MAX_VALUES_SHOWN]
    ]
    shown = f", the first {len(rows):,} of {len(values):,}" if len(values) > len(rows) else ""
    head = ["table", "column", "series", "period", "value", "usual range"]
    return table(f"Suspicious values{shown}", head, rows)


def _dark(dark: Iterable[tuple[str, str]]) -> Table:
    """Return for each missing column the number of features that need it, and a few of them."""
    features: dict[str, list[str]] = {}
    for feature, lacking in dark:
        for column in lacking.split(", "):
            features.setdefault(column, []).append(feature)
    rows = [
        [column, f"{len(names):,}", ", ".join(names[:MAX_FEATURES_SHOWN])]
        for column, names in sorted(features.items(), key=lambda item: -len(item[1]))
    ]
    return table("Features without data", ["missing column", "features", "examples"], rows)
