"""Commands of the queue replay: costs of other orders of work, tuning, and learned shifts."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from data.domain import BadInputError
from data.policy.policy import Policy
from data.settings import Settings
from data.ticks import MACHINE_TIME_ZONES
from training.common.options import (
    From,
    HistoryPath,
    To,
    console,
    moment,
    open_history,
    writable,
    write_report,
)
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.slots import TouchAssumption
from training.queue_replay.workload.staffing import TeamWeek, learn_weeks
from training.queue_replay.workload.visits import read_visits, starts_are_work

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="policy file; that of the settings if left out")
]
Origins = Annotated[
    int, typer.Option(min=0, help="times that the models are fitted anew; 0 for no models")
]
Draws = Annotated[int, typer.Option(min=1, help="draws of unrecorded values")]
Touch = Annotated[TouchAssumption, typer.Option(help="touch time to assume where none is recorded")]
Timezone = Annotated[
    str, typer.Option(help="IANA name, such as Europe/Lisbon; the policy's if left out")
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
    no savings are shown.
    """
    from training.queue_replay.analysis.report import page
    from training.queue_replay.plan import ReplaySpec
    from training.queue_replay.replay import (
        replay,  # imported here: it takes seconds, --help does not
    )

    for file in (report, html):
        writable(file)
    period = moment(begin, "--from"), moment(end, "--to")
    spec = ReplaySpec(
        *period, policy_of(policy), origins=origins, draws=draws, seed=seed, touch=touch
    )
    with console.status("Starting") as status:
        result = replay(open_history(history, spec.policy), spec, status.update, stress=stress)
    write_report(report, result)
    html.write_text(page(result), encoding="utf-8")
    _print_summary(result)


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
    first, later = (
        ReplaySpec(*period, current, origins=origins, draws=draws, seed=seed, touch=touch)
        for period in periods
    )
    with console.status("Starting") as status:
        tuned = tune(open_history(history, current), first, later, status.update)
    console.print(tuned.conclusion)
    if report:
        write_report(report, tuned.plain)
    if tuned.confirmed:
        out.write_text(tuned_text(current, tuned), encoding="utf-8")
        console.print(f"Written: {out} ({policy_of(out).label})")
    else:
        console.print("No policy is written.")


def shifts(history: HistoryPath, begin: From, end: To, timezone: Timezone = "") -> None:
    """Learn from a history who works when, and print it for policy.toml."""
    zone = timezone or Policy.read(Settings.read().policy).shifts.timezone
    if zone not in MACHINE_TIME_ZONES:
        raise BadInputError("--timezone", f"there is no '{zone}'", "One is 'Europe/Lisbon'.")
    opened = open_history(history)
    record = HandlingLog.read(opened, moment(begin, "--from"), moment(end, "--to"))
    pieces = read_visits(record).pieces
    if not starts_are_work(pieces):
        problem = "its starts and ends do not tell when people worked"
        raise BadInputError("exception_events", problem, "Write [shifts] into the policy by hand.")
    weeks = learn_weeks(pieces, record.teams, zone, (record.begin, record.end))
    console.print(snippet(weeks, zone), markup=False, highlight=False, soft_wrap=True)
    Console(stderr=True).print(_confidence_table(weeks))


def snippet(weeks: Mapping[str, TeamWeek], timezone: str) -> str:
    """Return the weeks as the part of a policy file."""
    lines = ["[shifts]", f'timezone = "{timezone}"']
    for team, week in weeks.items():
        shift = week.shift
        lines += [
            f"[shifts.teams.{_toml_key(team)}]"
            + ("" if week.sure else "  # not sure: see the table"),
            f"people = {shift.people}",
            f"weekdays = {json.dumps(shift.weekdays)}",
            f'opens = "{shift.opens}"',
            f'closes = "{shift.closes}"',
        ]
    return "\n".join(lines)


def policy_of(file: Path | None) -> Policy:
    """Read a policy file, or that of the settings."""
    return Policy.read(file or Settings.read().policy)


def _print_summary(report: dict[str, Any]) -> None:
    for line in report["headline"]:
        console.print(line)
    if not report["savings_told"]:
        return
    columns = ("rule", "money lost", "breaches", "saved against first come", "gap closed")
    title = "All figures are modelled, with 95 % intervals; recorded money is named above"
    table = Table(*columns, title=title)
    for name in report["shown"]:
        rule = report["rules"][name]
        closed = rule["gap_closed"]
        cells = (
            rule["words"],
            "{value:,.0f} [{low:,.0f} {high:,.0f}]".format(**rule["money_lost"]),
            "{value:,.0f} [{low:,.0f} {high:,.0f}]".format(**rule["breaches"]),
            "{value:,.0f} [{low:,.0f} {high:,.0f}]".format(**rule["saved_against_fifo"]),
            "{value:.0%} [{low:.0%} {high:.0%}]".format(**closed) if closed else "",
        )
        table.add_row(*cells)
    console.print(table)


def _toml_key(team: str) -> str:
    """Return a name as a key of TOML; what JSON quotes, TOML reads."""
    return team if re.fullmatch(r"[A-Za-z0-9_-]+", team) else json.dumps(team, ensure_ascii=False)


def _confidence_table(weeks: Mapping[str, TeamWeek]) -> Table:
    columns = ("team", "days seen", "work within these hours", "days with all people", "sure")
    table = Table(*columns, title="How sure this is")
    for team, week in weeks.items():
        shares = f"{week.inside_share:.1%}", f"{week.full_share:.0%}"
        table.add_row(team, f"{week.days:,}", *shares, "yes" if week.sure else "no")
    return table
