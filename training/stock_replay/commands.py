"""Command `replay stock`: an ordering policy on demand that it was not fitted on."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from training.common.options import (
    From,
    HistoryPath,
    console,
    moment,
    open_history,
    writable,
    write_report,
)

FITS = 3  # on past windows of VN2 one fit alone cost 0.3 % more and moved more with its seed
Periods = Annotated[int, typer.Option(min=1, help="periods to score, from --from on")]
Lead = Annotated[
    int,
    typer.Option(
        min=1,
        help="L: an order placed at the end of period r can be sold from the start of period r + L "
        "(VN2: 3). The first is placed at the end of the period before --from, the last so that it "
        "arrives in the last period",
    ),
]
Opening = Annotated[
    Path | None,
    typer.Option(
        help="CSV with sku, site, on_hand, inbound_1 .. inbound_{L-1}: units that arrive at the "
        "start of the 1st, 2nd, ... period; a state file of VN2 will do. A series that it does "
        "not name starts with nothing. Without a file it is assumed: a period's mean "
        "demand on hand, as much again arriving last"
    ),
]


def stock(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    history: HistoryPath,
    begin: From,
    periods: Periods,
    lead_periods: Lead,
    holding: Annotated[float, typer.Option(min=0, help="cost of a unit left at a period's end")],
    shortage: Annotated[float, typer.Option(min=0, help="cost of a unit of lost demand")],
    policy: Annotated[str, typer.Option(help="ours, base-stock, benchmark or oracle")],
    report: Annotated[Path, typer.Option(help="JSON file to write; a picture goes beside it")],
    seed: Annotated[int, typer.Option(help="of fits and sample paths")] = 7,
    seeds: Annotated[int, typer.Option(min=1, help="how many, counted up from --seed")] = 1,
    fits: Annotated[int, typer.Option(min=1, help="fits averaged for each forecast")] = FITS,
    opening: Opening = None,
) -> None:
    """Simulate an ordering policy on demand that it was not fitted on; fit it anew each period.

    Stock arrives, then it is sold, then holding and shortage are paid for. Demand that meets no
    stock is lost. Periods in which a series was out of stock are not scored.
    """
    # imported here: it takes seconds, --help does not
    from training.stock_replay.run import StockReplaySpec, run
    from training.stock_replay.simulator import StockReplayTerms

    picture = report.with_suffix(".png")
    writable(report)
    terms = StockReplayTerms(lead_periods, holding, shortage)
    spec = StockReplaySpec(
        opening=opening,
        begin=moment(begin, "--from"),
        periods=periods,
        terms=terms,
        policy=policy,
        seeds=range(seed, seed + seeds),
        fits=fits,
    )
    with console.status("Reading") as status:
        result = run(open_history(history), spec, status.update)
        figures = result.report
        result.draw(picture)
    write_report(report, figures)
    _print_figures(figures)


def _print_figures(report: dict[str, Any]) -> None:
    table = Table("seed", "cost", "holding", "shortage", "fill rate", "mean stock")
    rows = {str(row["seed"]): row for row in report["seeds"]}
    rows |= {"mean": report["figures"], "perfect foresight": report["oracle"]}
    for name, row in rows.items():
        costs = [f"{row[key]:,.1f}" for key in ("cost", "holding", "shortage")]
        table.add_row(name, *costs, f"{row['fill_rate']:.1%}", f"{row['mean_stock']:,.0f}")
    console.print(table)
    deviation = report["figures"]["cost_deviation"]
    if deviation is not None:
        console.print(f"Standard deviation of the cost over seeds: {deviation:,.1f}")
    console.print(
        f"{report['series']:,} series, {report['series_without_opening_stock']:,} of them without "
        f"opening stock; {report['series_periods_not_scored']:,} series-periods out of stock and "
        f"not scored. {report['cost_before_any_order_arrives']:,.1f} of the cost came before any "
        "order could arrive."
    )
