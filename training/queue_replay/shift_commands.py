"""The command that learns who works when."""

import json
import re
from collections.abc import Mapping
from typing import Annotated
from zoneinfo import available_timezones

import typer
from rich.console import Console
from rich.table import Table

from data.domain import BadInputError
from data.history.history import History
from data.policy.policy import Policy
from data.settings import Settings
from training.common.options import From, HistoryPath, To, console, moment
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.staffing import TeamWeek, learned_weeks
from training.queue_replay.workload.visits import starts_are_work, visits_of

Timezone = Annotated[
    str, typer.Option(help="IANA name, such as Europe/Lisbon; the policy's if left out")
]


def shifts(history: HistoryPath, begin: From, end: To, timezone: Timezone = "") -> None:
    """Learn from a history who works when, and print it for policy.toml."""
    zone = timezone or Policy.read(Settings.read().policy).shifts.timezone
    if zone not in available_timezones():
        raise BadInputError("--timezone", f"there is no '{zone}'", "One is 'Europe/Lisbon'.")
    opened = History.open(history)
    record = HandlingLog.read(opened, moment(begin, "--from"), moment(end, "--to"))
    pieces = visits_of(record).pieces
    if not starts_are_work(pieces):
        problem = "its starts and ends do not tell when people worked"
        raise BadInputError("exception_events", problem, "Write [shifts] into the policy by hand.")
    weeks = learned_weeks(pieces, record.teams, zone, (record.begin, record.end))
    console.print(snippet(weeks, zone), markup=False, highlight=False, soft_wrap=True)
    Console(stderr=True).print(_table(weeks))


def snippet(weeks: Mapping[str, TeamWeek], timezone: str) -> str:
    """Return the weeks as the part of a policy file."""
    lines = ["[shifts]", f'timezone = "{timezone}"']
    for team, week in weeks.items():
        shift = week.shift
        lines += [
            f"[shifts.teams.{_key(team)}]" + ("" if week.sure else "  # not sure: see the table"),
            f"people = {shift.people}",
            f"weekdays = {json.dumps(shift.weekdays)}",
            f'opens = "{shift.opens}"',
            f'closes = "{shift.closes}"',
        ]
    return "\n".join(lines)


def _key(team: str) -> str:
    """Return a name as a key of TOML; what JSON quotes, TOML reads."""
    return team if re.fullmatch(r"[A-Za-z0-9_-]+", team) else json.dumps(team, ensure_ascii=False)


def _table(weeks: Mapping[str, TeamWeek]) -> Table:
    columns = ("team", "days seen", "work within these hours", "days with all people", "sure")
    table = Table(*columns, title="How sure this is")
    for team, week in weeks.items():
        shares = f"{week.inside_share:.1%}", f"{week.full_share:.0%}"
        table.add_row(team, f"{week.days:,}", *shares, "yes" if week.sure else "no")
    return table
