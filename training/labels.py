"""What is known, at a moment, of how exceptions ended. Labels count only once they were known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.tables import ExceptionEvents, Exceptions, Outcomes
from features.ticks import ceil_ticks, floor_ticks

TICKS_PER_HOUR = 3_600_000


@dataclass(frozen=True)
class ClassLabels:
    """Every time a class became known; one exception may have several.

    Attributes:
        row: Position of the exception.
        known_at: Tick at which it became known.
        name: The class.
    """

    row: np.ndarray
    known_at: np.ndarray
    name: np.ndarray

    def at(self, tick: int, n: int) -> np.ndarray:
        """Return for each of n exceptions the class known last before a tick, or None."""
        known = np.flatnonzero(self.known_at < tick)
        known = known[np.argsort(self.known_at[known], kind="stable")]
        latest = np.full(n, None, object)
        latest[self.row[known]] = self.name[known]
        return latest


@dataclass(frozen=True)
class Labels:
    """How exceptions ended, with when each thing became known; arrays by position.

    Attributes:
        classes: category, team and priority, those that the history records.
        resolved_at: Tick of the latest resolution known before `as_of`, NaN while open.
        resolved_known_at: Tick at which that became known, NaN while open.
        ended_known_at: Tick at which the outcome became known, NaN before.
        breached: 1, 0, or NaN where not known.
        touch_minutes: NaN where not known.
        loss: NaN where not known.
    """

    classes: dict[str, ClassLabels]
    resolved_at: np.ndarray
    resolved_known_at: np.ndarray
    ended_known_at: np.ndarray
    breached: np.ndarray
    touch_minutes: np.ndarray
    loss: np.ndarray

    def outcome_known(self, tick: int) -> np.ndarray:
        """Say for each exception whether its outcome was known before a tick."""
        return self.ended_known_at < tick


def read_labels(exceptions: pd.DataFrame, events: pd.DataFrame, outcomes: pd.DataFrame) -> Labels:
    """Read the labels of exceptions from rows that were all known before some moment.

    A resolution counts from its own event where the history has events, else from the outcome.
    """
    n = len(exceptions)
    position = pd.Series(np.arange(n), index=exceptions[Exceptions.exception_id])
    ended = outcomes[outcomes[Outcomes.exception_id].isin(position.index)]
    row = position.loc[ended[Outcomes.exception_id]].to_numpy()
    ended = ended.assign(row=row, known=ceil_ticks(ended[Outcomes.known_at]))
    steps = events[events[ExceptionEvents.exception_id].isin(position.index)]
    steps = steps.assign(
        row=position.loc[steps[ExceptionEvents.exception_id]].to_numpy(),
        known=ceil_ticks(steps[ExceptionEvents.known_at]),
    ).sort_values(["known", ExceptionEvents.step], kind="stable")
    solved = steps[steps[ExceptionEvents.event] == "resolved"]
    resolved_at, resolved_known_at = _resolved(n, steps, ended)
    return Labels(
        classes=_classes(solved, ended),
        resolved_at=resolved_at,
        resolved_known_at=resolved_known_at,
        ended_known_at=_spread(n, row, ended["known"].to_numpy(np.float64)),
        breached=_spread(n, row, ended[Outcomes.breached].to_numpy(np.float64, na_value=np.nan)),
        touch_minutes=_spread(n, row, ended[Outcomes.touch_minutes].to_numpy(np.float64)),
        loss=_spread(n, row, ended[Outcomes.loss].to_numpy(np.float64)),
    )


def _classes(solved: pd.DataFrame, ended: pd.DataFrame) -> dict[str, ClassLabels]:
    """A class is known when a case is resolved; the outcome tells it where no step did, or anew."""
    found = {}
    for label in ("category", "team", "priority"):
        parts = [part[["row", "known", label]] for part in (solved, ended)]
        told = pd.concat(parts).dropna().sort_values("known", kind="stable")
        told = told[told[label] != told.groupby("row")[label].shift()]
        if len(told):
            found[label] = ClassLabels(
                told["row"].to_numpy(), told["known"].to_numpy(), told[label].to_numpy(object)
            )
    return found


def _resolved(n: int, steps: pd.DataFrame, ended: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Find when each was resolved, and when that became known; NaN while open."""
    row = ended["row"].to_numpy()
    moments = _spread(n, row, _moments(ended[Outcomes.resolved_at]))
    known = np.where(np.isnan(moments), np.nan, _spread(n, row, ended["known"].to_numpy(float)))
    ends = steps[steps[ExceptionEvents.event].isin(["resolved", "reopened"])]
    last = ends.groupby("row").last()
    place, solved = last.index.to_numpy(), (last[ExceptionEvents.event] == "resolved").to_numpy()
    moments[place] = np.where(solved, _moments(last[ExceptionEvents.occurred_at]), np.nan)
    known[place] = np.where(solved, last["known"].to_numpy(float), np.nan)
    return moments, known


def _moments(times: pd.Series) -> np.ndarray:
    return np.where(times.isna(), np.nan, floor_ticks(times).astype(np.float64))


def _spread(n: int, row: np.ndarray, values: np.ndarray) -> np.ndarray:
    spread = np.full(n, np.nan)
    spread[row] = values
    return spread
