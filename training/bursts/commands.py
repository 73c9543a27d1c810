"""Command that evaluates the burst detector."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from rich.table import Table

from data.policy.policy import Policy
from data.settings import Settings
from training.common.options import (
    From,
    ReportFile,
    To,
    console,
    moment,
    open_history,
    writable,
    write_report,
)

_MAX_ROWS_SHOWN = 25
Histories = Annotated[
    list[Path], typer.Option("--history", help="folder of an order history; may be given again")
]


def incidents(history: Histories, begin: From, end: To, report: ReportFile) -> None:
    """Run the burst detector over histories from their beginning; list the bursts.

    Where a folder truth/ lies beside the tables (synthetic histories), compare the bursts with it.
    A picture is written beside the report.
    """
    from training.bursts import (
        evaluation,  # imported here: it takes seconds, --help does not
    )

    writable(report)
    terms = Policy.read(Settings.read().policy).incidents
    period = (moment(begin, "--from"), moment(end, "--to"))
    evaluations = []
    with console.status("Starting") as status:
        for path in history:
            opened = open_history(path)
            evaluations.append(
                evaluation.evaluate(opened, period, terms=terms, progress=status.update)
            )
    summary = evaluation.report(evaluations, terms)
    write_report(report, summary)
    _draw(report.with_suffix(".png"), summary)
    _print(summary)


def _print(summary: dict[str, Any]) -> None:
    table = Table("members", "usual", "cause, in words", "opened")
    largest = sorted(summary["bursts"], key=lambda burst: -burst["excess"])
    for burst in largest[:_MAX_ROWS_SHOWN]:
        opened = burst["opened"][:16].replace("T", " ")
        table.add_row(str(burst["members"]), f"{burst['expected']:.1f}", burst["words"], opened)
    console.print(table)
    console.print(
        f"{len(summary['bursts'])} bursts among {summary['exceptions']:,} exceptions "
        f"in {summary['weeks']:.1f} weeks; {min(len(largest), _MAX_ROWS_SHOWN)} with the most "
        "excess shown"
    )
    if "truth" in summary:
        _print_truth(summary["truth"])


def _print_truth(truth: dict[str, Any]) -> None:
    table = Table("against the truth", "share", "95 % interval", "of")
    for name in (
        "recall",
        "recall_where_evident",
        "precision",
        "right_cause",
        "member_precision",
        "member_recall",
    ):
        figure = truth[name]
        interval = f"{figure['low']:.1%} to {figure['high']:.1%}"
        table.add_row(name.replace("_", " "), f"{figure['share']:.1%}", interval, str(figure["of"]))
    console.print(table)
    console.print(f"False alarms in a week: {truth['false_alarms_per_week']:.3f}")
    for name in ("minutes_after_fifth_member", "minutes_after_evidence", "members_at_detection"):
        quantiles = ", ".join(f"{q} {value:,.0f}" for q, value in truth[name].items())
        console.print(f"{name.replace('_', ' ')}: {quantiles}")


def _draw(path: Path, summary: dict[str, Any]) -> None:
    """Draw each burst as a bar from its beginning to its last member, by its members."""
    figure = Figure(figsize=(10.0, 5.0), layout="constrained")
    axes = figure.subplots()
    for burst in summary["bursts"]:
        moments = [datetime.fromisoformat(burst[name]) for name in ("since", "opened", "last")]
        since, opened, last = (float(date2num(when)) for when in moments)  # pyright: ignore[reportArgumentType]
        axes.plot([since, last], [burst["members"]] * 2, color="0.5", linewidth=2)
        axes.plot([opened], [burst["members"]], marker="o", color="C3", markersize=4)
    axes.xaxis_date()
    axes.set(yscale="log", ylabel="members", title="Bursts from their beginning; dot: when found")
    figure.autofmt_xdate()
    figure.savefig(path)
