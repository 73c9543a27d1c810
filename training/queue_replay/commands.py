"""The commands of a queue's replay: what other orders of work would have cost; tuning by it."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from data.history.history import History
from data.policy.policy import Policy
from data.settings import Settings
from training.common.options import (
    From,
    HistoryPath,
    To,
    console,
    moment,
    writable,
    write_report,
)
from training.queue_replay.workload.slots import TouchAssumption

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="policy file; that of the settings if left out")
]
Origins = Annotated[
    int, typer.Option(min=0, help="times that the models are fitted anew; 0 for no models")
]
Draws = Annotated[int, typer.Option(min=1, help="draws of what nobody recorded")]
Touch = Annotated[
    TouchAssumption, typer.Option(help="what is taken for touch time where none is recorded")
]
Seed = Annotated[int, typer.Option(min=0, help="the same seed, the same report")]


def queue(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    history: HistoryPath,
    begin: From,
    end: To,
    report: Annotated[Path, typer.Option(help="JSON file to write")],
    html: Annotated[Path, typer.Option(help="page to write, for people: one file, no network")],
    policy: PolicyFile = None,
    origins: Origins = 4,
    draws: Draws = 5,
    seed: Seed = 7,
    touch: Touch = TouchAssumption.RECORDED,
    stress: Annotated[
        bool, typer.Option("--stress/--no-stress", help="also more work, fewer people, bursts")
    ] = True,
) -> None:
    """Play orders of work on what came in: what would have been saved, and how sure that is.

    The historical order comes first: where it does not bring about the recorded waits and breaches,
    no savings are told.
    """
    from training.queue_replay.analysis.report import page
    from training.queue_replay.plan import ReplaySpec
    from training.queue_replay.replay import (
        replay,  # imported here: it takes seconds, --help does not
    )

    for file in (report, html):
        writable(file)
    period = moment(begin, "--from"), moment(end, "--to")
    asked = ReplaySpec(*period, policy_of(policy), origins, draws, seed, touch)
    with console.status("Starting") as status:
        found = replay(History.open(history), asked, status.update, stress=stress)
    write_report(report, found)
    html.write_text(page(found), encoding="utf-8")
    _tell(found)


def tune(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    history: HistoryPath,
    begin: From,
    end: To,
    confirm_begin: Annotated[str, typer.Option("--confirm-from", help="first day of the later")],
    confirm_end: Annotated[str, typer.Option("--confirm-to", help="first day after it")],
    out: Annotated[Path, typer.Option(help="policy file to write, if the later period confirms")],
    policy: PolicyFile = None,
    report: Annotated[Path | None, typer.Option(help="JSON file to write")] = None,
    origins: Origins = 4,
    draws: Draws = 5,
    seed: Seed = 7,
    touch: Touch = TouchAssumption.RECORDED,
) -> None:
    """Tune how far the list looks ahead on one period, and keep it if a later one bears it out.

    What things cost, and how old an exception may become, is never tuned: that is the company's.
    """
    from training.queue_replay.plan import ReplaySpec
    from training.queue_replay.tuning import tune, tuned_text

    for file in (out, report):
        writable(file or out)
    current = policy_of(policy)
    periods = (
        (moment(begin, "--from"), moment(end, "--to")),
        (moment(confirm_begin, "--confirm-from"), moment(confirm_end, "--confirm-to")),
    )
    first, later = (ReplaySpec(*each, current, origins, draws, seed, touch) for each in periods)
    with console.status("Starting") as status:
        tuned = tune(History.open(history), first, later, status.update)
    console.print(tuned.verdict)
    if report:
        write_report(report, tuned.plain)
    if tuned.confirmed:
        out.write_text(tuned_text(current, tuned), encoding="utf-8")
        console.print(f"Written: {out} ({policy_of(out).label})")
    else:
        console.print("No policy is written.")


def policy_of(file: Path | None) -> Policy:
    """Read a policy file, or that of the settings."""
    return Policy.read(file or Settings.read().policy)


def _tell(found: dict[str, Any]) -> None:
    for line in found["headline"]:
        console.print(line)
    if not found["savings_told"]:
        return
    table = Table("rule", "money lost", "breaches", "saved against first come", "gap closed")
    for name in found["shown"]:
        rule = found["rules"][name]
        closed = rule["gap_closed"]
        table.add_row(
            rule["words"],
            f"{rule['money_lost']['value']:,.0f}",
            f"{rule['breaches']['value']:,.0f}",
            "{value:,.0f} [{low:,.0f} {high:,.0f}]".format(**rule["saved_against_fifo"]),
            f"{closed['value']:.0%}" if closed else "",
        )
    console.print(table)
