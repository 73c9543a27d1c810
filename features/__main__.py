"""`python -m features`: list every feature with its meaning, unit and source columns."""

import typer
from rich.console import Console
from rich.table import Table

from features.catalog import all_features

main = typer.Typer(add_completion=False)


@main.command()
def features(
    subject: str = typer.Option("", help="exceptions or orders; both if left out"),
) -> None:
    """List every feature with its meaning, unit and source columns."""
    table = Table()
    for heading in ("feature", "of", "meaning", "unit", "source columns"):
        table.add_column(heading, overflow="fold")
    for info in all_features():
        if subject in ("", info.subject):
            table.add_row(info.name, info.subject, info.meaning, info.unit, ", ".join(info.needs))
    Console().print(table)


if __name__ == "__main__":
    main()
