"""Logs of exceptions: what became known of them, when. Add a value of a log by one function.

A function with `@log_value("ended")` is a value of the log `ended`; a `HistoryFeature` of
`features.exceptions.history_features` reads it by its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.contract.exception_tables import ExceptionEvents, Exceptions, Outcomes
from data.ticks import MS_PER_DAY, MS_PER_HOUR, ceil_ticks
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity
from features.engine.log_values import LogValues

LATE_DAYS = 5
CHANGE, CLOSED_KNOWN_AT, FIRST_TEAM = "change", "closed_known_at", "first_team"


@dataclass(frozen=True)
class LogTable:
    """The m rows of one log of exceptions, of which its values are computed.

    Attributes:
        known_at: m ticks.
        row: For each row of the log the row of its exception in `columns`.
        table: m rows: for `ended` those of `Outcomes`; for `resolved` those of `ExceptionEvents`
            that resolve, with the team that had the exception first; for `open` the `change` of
            the number of open exceptions; for `late` the tick at which the exception was first
            known to be closed (NaN: not yet); for `raised` those of `Exceptions`.
        columns: The columns of all exceptions.
    """

    known_at: np.ndarray
    row: np.ndarray
    table: pd.DataFrame
    columns: Columns


log_value = LogValues[LogTable]()


@log_value("open")
def change(log: LogTable) -> np.ndarray:
    """One up when raised, one down when first known to be closed."""
    return log.table[CHANGE].to_numpy(np.float64)


@log_value("late")
def open_after_5_days(log: LogTable) -> np.ndarray:
    """1 where an exception was still open five days after it was detected.

    Unlike the recorded times to resolve, this does not depend on the quick cases only.
    """
    closed = log.table[CLOSED_KNOWN_AT].to_numpy(np.float64)
    return (~(closed < log.known_at)).astype(np.float64)


@log_value("resolved")
def hours(log: LogTable) -> np.ndarray:
    """Logarithm of one and the hours from the detection to the resolution."""
    resolved_at = ceil_ticks(log.table[ExceptionEvents.occurred_at])
    passed = (resolved_at - log.columns["detected_at"][log.row]) / MS_PER_HOUR
    return np.log1p(np.maximum(passed, 0.0))


@log_value("resolved")
def moved(log: LogTable) -> np.ndarray:
    """1 where the team that resolved it is not the one that had it first."""
    last_team = log.table[ExceptionEvents.team]
    differs = last_team.to_numpy(object) != log.table[FIRST_TEAM].to_numpy(object)
    return np.where(last_team.isna(), np.nan, differs)


@log_value("ended")
def touch_minutes(log: LogTable) -> np.ndarray:
    """Logarithm of one and the touch minutes."""
    return np.log1p(log.table[Outcomes.touch_minutes].to_numpy(np.float64))


def exception_logs(
    columns: Columns,
    entities: Sequence[Entity],
    exceptions: pd.DataFrame,
    events: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> dict[str, LogRows]:
    """Return what became known of exceptions, when, keyed by what they were when raised.

    A row that follows an exception (a step, an outcome) counts from the later of its own `known_at`
    and its exception's.

    Args:
        columns: `exception_columns` of the exceptions.
        entities: The entities that key the rows.
        exceptions: Rows of `Exceptions`, in the order of the columns.
        events: Rows of `ExceptionEvents`.
        outcomes: Rows of `Outcomes`.
    """
    keys = {entity.name: entity.key(columns) for entity in entities}
    raised = ceil_ticks(exceptions[Exceptions.known_at])
    row_of = pd.Series(np.arange(len(exceptions)), index=exceptions[Exceptions.exception_id])
    steps = _steps(events, row_of, raised)
    solved = steps[steps[ExceptionEvents.event] == "resolved"]
    ended = _ended(outcomes, row_of, raised, columns)
    closed = _first_closed(solved, ended)
    tables = {
        "raised": LogTable(raised, np.arange(len(raised)), exceptions, columns),
        "open": _open(raised, closed, columns),
        "late": _late(raised, closed, columns),
        "resolved": _resolved(steps, solved, columns),
        "ended": ended,
    }
    return {name: _log_rows(name, log, keys) for name, log in tables.items()}


def _log_rows(name: str, log: LogTable, keys: Mapping[str, np.ndarray]) -> LogRows:
    own = {entity: key[log.row] for entity, key in keys.items()}
    return LogRows(log.known_at, own, log_value.of(name, log))


def _steps(events: pd.DataFrame, row_of: pd.Series, raised: np.ndarray) -> pd.DataFrame:
    steps = events[events[ExceptionEvents.exception_id].isin(row_of.index)]
    row = row_of.loc[steps[ExceptionEvents.exception_id]].to_numpy()
    known_tick = np.maximum(ceil_ticks(steps[ExceptionEvents.known_at]), raised[row])
    steps = steps.assign(row=row, known=known_tick)
    # To the last column that is read: the order of the rows in the table must not decide a tie.
    ties = [ExceptionEvents.step, ExceptionEvents.event, ExceptionEvents.team]
    return steps.sort_values(["known", ExceptionEvents.occurred_at, *ties])


def _ended(
    outcomes: pd.DataFrame, row_of: pd.Series, raised: np.ndarray, columns: Columns
) -> LogTable:
    ended = outcomes[outcomes[Outcomes.exception_id].isin(row_of.index)]
    row = row_of.loc[ended[Outcomes.exception_id]].to_numpy()
    known_at = np.maximum(ceil_ticks(ended[Outcomes.known_at]), raised[row])
    return LogTable(known_at, row, ended, columns)


def _first_closed(solved: pd.DataFrame, ended: LogTable) -> pd.Series:
    """For each exception, by its row, the tick at which it was first known to be closed."""
    closings = pd.DataFrame(
        {
            "row": np.concatenate([solved["row"].to_numpy(), ended.row]),
            "known": np.concatenate([solved["known"].to_numpy(), ended.known_at]),
        }
    )
    return closings.groupby("row")["known"].min()


def _open(raised: np.ndarray, closed: pd.Series, columns: Columns) -> LogTable:
    row = np.concatenate([np.arange(len(raised)), closed.index.to_numpy()]).astype(np.intp)
    known_at = np.concatenate([raised, closed.to_numpy(np.int64)])
    changes = np.concatenate([np.ones(len(raised)), -np.ones(len(closed))])
    return LogTable(known_at, row, pd.DataFrame({CHANGE: changes}), columns)


def _late(raised: np.ndarray, closed: pd.Series, columns: Columns) -> LogTable:
    """For each exception, five days after it was detected."""
    due = np.maximum(columns["detected_at"] + LATE_DAYS * MS_PER_DAY, raised)
    table = closed.reindex(range(len(raised))).to_frame(CLOSED_KNOWN_AT)
    return LogTable(due, np.arange(len(raised)), table, columns)


def _resolved(steps: pd.DataFrame, solved: pd.DataFrame, columns: Columns) -> LogTable:
    row = solved["row"].to_numpy(np.intp)
    with_team = steps[steps[ExceptionEvents.team].notna()]
    first_team = with_team.groupby("row")[ExceptionEvents.team].first()
    table = solved.assign(**{FIRST_TEAM: first_team.reindex(row).to_numpy(object)})
    return LogTable(solved["known"].to_numpy(np.int64), row, table, columns)
