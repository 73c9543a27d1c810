"""Recorded events of a period: exceptions, and the steps of their handling.

A replay looks back: it reads every fact of its exceptions, also those recorded later. The rules may
read less of them (`training.queue_replay.rules.inputs`).
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from data.domain import HandlingEvent, NotEnoughDataError
from data.history.history import History
from data.ticks import MS_PER_DAY, NEVER, tick_of

LOOK_BACK_DAYS = 365
"""Days before the period: losses, self-resolution and shifts are learned from them as well."""
NO_TEAM = "(no team)"
EVENTS = tuple(str(event) for event in HandlingEvent)


@dataclass(frozen=True)
class HandlingSteps:
    """The steps of the handling, by exception, then time.

    Attributes:
        exception: Positions of exceptions, not falling.
        at: Ticks.
        event: Positions in `EVENTS`.
        team: Codes, -1 where none is recorded.
        by: Codes of people, -1 where nobody is recorded.
    """

    exception: np.ndarray
    at: np.ndarray
    event: np.ndarray
    team: np.ndarray
    by: np.ndarray


@dataclass(frozen=True)
class HandlingLog:
    """Record of n exceptions in order of detection.

    Attributes:
        begin: Tick at which the period to be replayed begins.
        end: Tick at which it ends: later exceptions are not in here.
        recorded_until: Tick of the last record of the history.
        facts: n rows: detected_at, due_at, resolved_at and breached_at (ticks, `NEVER` for none),
            type, severity, segment, category ("" for none), team (code, the last that had it),
            order_value, touch_minutes, breached (0 or 1) and loss (NaN for none), healed (bool: it
            resolved itself).
        ids: n exception ids.
        steps: Their handling.
        teams: Names by code.
    """

    begin: int
    end: int
    recorded_until: int
    facts: dict[str, np.ndarray]
    ids: np.ndarray
    steps: HandlingSteps
    teams: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of exceptions, n."""
        return len(self.ids)

    @classmethod
    def read(cls, history: History, begin: pd.Timestamp, end: pd.Timestamp) -> Self:
        """Read the exceptions detected before `end`, those of the year before the period too.

        Raises:
            NotEnoughDataError: None was detected in the period.
        """
        since = begin - pd.Timedelta(LOOK_BACK_DAYS, "D")
        rows = history.query("queue/exceptions", since=since, until=end, never=NEVER)
        detected = rows["detected_at"].to_numpy(np.int64)
        if not (detected >= tick_of(begin)).any():
            period = f"exceptions detected from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
            raise NotEnoughDataError(period, 0, 1, "Choose another --from and --to.")
        ids = rows["exception_id"].to_numpy(object)
        handling = _read_handling(history, ids, rows.pop("team"))
        last = history.query("queue/last_record")["at"]
        recorded_until = int(last.iloc[0]) if last.notna().all() else tick_of(end)
        facts = {str(name): _column(rows[name]) for name in rows if name != "exception_id"}
        return cls(
            begin=tick_of(begin),
            end=tick_of(end),
            recorded_until=recorded_until,
            facts=facts | {"team": handling.last_team},
            ids=ids,
            steps=handling.steps,
            teams=handling.teams,
        )

    @property
    def days(self) -> float:
        """Length of the period in days."""
        return (self.end - self.begin) / MS_PER_DAY


def _column(values: pd.Series) -> np.ndarray:
    name = str(values.name)
    if name.endswith("_at"):
        return values.to_numpy(np.int64)
    if name in ("type", "severity", "segment", "category"):
        return values.to_numpy(object)
    return values.to_numpy(bool if name == "healed" else np.float64)


class _Handling(NamedTuple):
    """Handling steps, the names of all teams, and the last team (code) of each exception."""

    steps: HandlingSteps
    teams: tuple[str, ...]
    last_team: np.ndarray


def _read_handling(history: History, ids: np.ndarray, resolved_by: pd.Series) -> _Handling:
    """Read the steps of some exceptions; the team that resolved one counts as its last."""
    positions = np.arange(len(ids))
    selected = pa.table({"exception_id": pa.array(ids, pa.string()), "position": positions})
    parts = list(history.batches("queue/steps", beside={"selected": selected}))
    rows = pa.Table.from_batches(parts).to_pandas() if parts else pd.DataFrame(columns=_STEP)
    all_teams = pd.concat([rows["team"], resolved_by]).astype(object)
    team, team_names = pd.factorize(all_teams, sort=True)
    event = pd.Categorical(rows["event"], list(EVENTS)).codes
    by, _ = pd.factorize(rows["by"].astype(object))
    steps = HandlingSteps(
        exception=rows["exception"].to_numpy(np.int64),
        at=rows["at"].to_numpy(np.int64),
        event=event.astype(np.int64),
        team=team[: len(rows)],
        by=by,
    )
    names = [str(name) for name in team_names]
    has_team = steps.team >= 0
    last = np.full(len(ids), -1)
    last[steps.exception[has_team]] = steps.team[has_team]  # of equal indices the last one stays
    resolver = team[len(rows) :]
    last_team = np.where(resolver < 0, last, resolver)
    if (last_team < 0).any():
        names.append(NO_TEAM)
    return _Handling(steps, tuple(names), np.where(last_team < 0, len(names) - 1, last_team))


_STEP = ["exception", "at", "event", "team", "by"]
