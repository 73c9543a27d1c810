"""Recorded events of a period: exceptions, and the steps of their handling.

A replay looks back: of the exceptions of its period it reads all that ever became known. What the
rules may know of them is another matter, and is not read here.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa

from data.domain import HandlingEvent, NotEnoughDataError
from data.history.history import History
from data.ticks import MS_PER_DAY, NEVER, tick_of

LOOK_BACK_DAYS = 365
"""Work before the period from which losses, healing and shifts are learned as well."""
NO_TEAM = "(no team)"
EVENTS = tuple(str(event) for event in HandlingEvent)


@dataclass(frozen=True)
class HandlingSteps:
    """The steps of the handling, by exception, then time.

    Attributes:
        exception: Positions of exceptions, not falling.
        at: Ticks.
        event: Positions in `EVENTS`.
        team: Codes, -1 where none is told.
        by: Codes of people, -1 where nobody is told.
    """

    exception: np.ndarray
    at: np.ndarray
    event: np.ndarray
    team: np.ndarray
    by: np.ndarray


@dataclass(frozen=True)
class HandlingLog:
    """n exceptions in order of detection, and all that is recorded of them.

    Attributes:
        begin: Tick at which the period to be replayed begins.
        end: Tick at which it ends: later exceptions are not in here.
        seen_until: Tick of the last thing that the history knows.
        facts: n rows: detected_at, due_at, resolved_at and breached_at (ticks, `NEVER` for none),
            type, severity, segment, category ("" for none), team (code, the last that had it),
            order_value, touch_minutes, breached (0 or 1) and loss (NaN for none), healed.
        ids: n exception ids.
        steps: Their handling.
        teams: Names by code.
    """

    begin: int
    end: int
    seen_until: int
    facts: dict[str, np.ndarray]
    ids: np.ndarray
    steps: HandlingSteps
    teams: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of exceptions."""
        return len(self.ids)

    @classmethod
    def read(cls, history: History, begin: pd.Timestamp, end: pd.Timestamp) -> Self:
        """Read the exceptions detected before `end`, a year of the past among them.

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
        steps, teams, team = _steps(history, ids, rows.pop("team"))
        last = history.query("queue/last_record")["at"]
        seen = int(last.iloc[0]) if last.notna().all() else tick_of(end)
        facts = {str(name): _column(rows[name]) for name in rows if name != "exception_id"}
        return cls(tick_of(begin), tick_of(end), seen, facts | {"team": team}, ids, steps, teams)

    @property
    def days(self) -> float:
        """Length of the period."""
        return (self.end - self.begin) / MS_PER_DAY


def _column(values: pd.Series) -> np.ndarray:
    name = str(values.name)
    if name.endswith("_at"):
        return values.to_numpy(np.int64)
    if name in ("type", "severity", "segment", "category"):
        return values.to_numpy(object)
    return values.to_numpy(bool if name == "healed" else np.float64)


def _steps(
    history: History, ids: np.ndarray, solved_by: pd.Series
) -> tuple[HandlingSteps, tuple[str, ...], np.ndarray]:
    """Return the steps, the names of all teams, and the code of each exception's last team."""
    wanted = pa.table({"exception_id": pa.array(ids, pa.string()), "position": np.arange(len(ids))})
    parts = list(history.batches("queue/steps", beside={"selected": wanted}))
    rows = pa.Table.from_batches(parts).to_pandas() if parts else pd.DataFrame(columns=_STEP)
    team, found = pd.factorize(pd.concat([rows["team"], solved_by]).astype(object), sort=True)
    event = pd.Categorical(rows["event"], list(EVENTS)).codes
    by, _ = pd.factorize(rows["by"].astype(object))
    exception, at = (rows[name].to_numpy(np.int64) for name in ("exception", "at"))
    steps = HandlingSteps(exception, at, event.astype(np.int64), team[: len(rows)], by)
    names = [str(name) for name in found]
    had_by = team[len(rows) :].copy()
    told = steps.team >= 0
    last = np.full(len(ids), -1)
    last[steps.exception[told]] = steps.team[told]  # the last of them stays
    had_by = np.where(had_by < 0, last, had_by)
    if (had_by < 0).any():
        names.append(NO_TEAM)
    return steps, tuple(names), np.where(had_by < 0, len(names) - 1, had_by)


_STEP = ["exception", "at", "event", "team", "by"]
