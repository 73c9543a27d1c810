"""History features: declared as data, computed from logs of what became known.

The same declarations serve a million rows of training and a single scoring call; both run the code
below. `event_log` says what a window holds and why its sums are exact.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from features.event_log import EVERYTHING, FIXED_POINT, EventLog, Keys, LogRows, Windows

_CHUNK_ROWS = 131_072


@dataclass(frozen=True)
class HistoryFeature:
    """One number about the past of one entity.

    Attributes:
        log: Name of the log it reads.
        entity: Whose past; a name of the log's keys.
        statistic: `count` of rows, `sum` of the value, `mean` of the recorded values.
        value: The summed column; empty for `count`.
        days: Length of the window; None for all that was ever known.
        smoothing: For `mean`: so many imaginary rows at the mean of everything in the same window.
        relative: For `mean`: less the mean of everything in the same window, so that it still holds
            where everything moves.
        weight: For `mean`: the value that weighs the rows, already multiplied into `value`.
        meaning: What an operator reads.
        unit: Unit of the number.
        needs: The columns it is made of, as "table.column".
    """

    log: str
    entity: str
    statistic: Literal["count", "sum", "mean"]
    meaning: str
    unit: str
    needs: tuple[str, ...]
    value: str = ""
    days: float | None = None
    smoothing: float = 0.0
    relative: bool = False
    weight: str = ""

    @property
    def name(self) -> str:
        """A name that says it all, as in `breached_mean_30d_by_carrier`."""
        window = "ever" if self.days is None else f"{self.days:g}d"
        what = f"{self.value}_{self.statistic}" if self.value else self.log
        return f"{what}_{window}_by_{self.entity}"

    def of(self, entity: str, columns: tuple[str, ...], whose: str) -> "HistoryFeature":
        """Return the same look at the past of an entity, which is made of these columns."""
        meaning = f"{self.meaning} of the same {whose}"
        return replace(self, entity=entity, meaning=meaning, needs=columns + self.needs)


class HistoryIndex:
    """The logs that features read: a large past that stays and a small recent part that grows."""

    def __init__(self, features: Sequence[HistoryFeature], past: Mapping[str, LogRows]) -> None:
        self.features = tuple(features)
        self._plans = {
            log: _plan(log, self.features) for log in dict.fromkeys(f.log for f in features)
        }
        self._past = self._indexed(past)
        self._recent: dict[str, EventLog] = {}

    def _indexed(self, logs: Mapping[str, LogRows]) -> dict[str, EventLog]:
        return {
            log: EventLog(rows)
            for log, rows in logs.items()
            if log in self._plans and len(rows.known_at)
        }

    def with_recent(self, recent: Mapping[str, LogRows]) -> "HistoryIndex":
        """Return an index over the same past and these recent rows, instead of any before."""
        index = copy(self)
        index._recent = self._indexed(recent)
        return index

    def compute(self, keys: Keys, as_of: np.ndarray) -> np.ndarray:
        """Compute all features.

        Args:
            keys: For each entity n texts, None where there is none.
            as_of: n ticks: what became known at or after them is not seen.

        Returns:
            Floats of shape (n, features); NaN for the mean of nothing.
        """
        result = np.empty((len(as_of), len(self.features)), np.float64)
        for begin in range(0, len(as_of), _CHUNK_ROWS):
            rows = slice(begin, begin + _CHUNK_ROWS)
            part = {entity: key[rows] for entity, key in keys.items()}
            part[EVERYTHING] = np.full(len(as_of[rows]), "", object)
            for log, plan in self._plans.items():
                self._fill(result[rows], log, plan, part, as_of[rows])
        return result

    def _fill(
        self, result: np.ndarray, log: str, plan: "_Plan", keys: Keys, as_of: np.ndarray
    ) -> None:
        segments = [logs[log] for logs in (self._past, self._recent) if log in logs]
        if not segments:
            result[:, plan.counts] = 0.0
            result[:, plan.values] = np.where(plan.is_sum, 0.0, np.nan).T
            return
        totals = segments[0].totals(plan.windows, keys, as_of)
        for segment in segments[1:]:
            totals += segment.totals(plan.windows, keys, as_of)
        if plan.counts:
            result[:, plan.counts] = totals[plan.count_windows, :, 0].T
        if plan.values:
            result[:, plan.values] = _values(totals, plan, segments[0].values).T


@dataclass(frozen=True)
class _Plan:
    """Which window and which value each feature of one log reads."""

    windows: Windows
    counts: list[int]
    count_windows: list[int]
    values: list[int]
    value_names: tuple[str, ...]
    weight_names: tuple[str, ...]
    value_windows: np.ndarray
    overall_windows: np.ndarray
    smoothing: np.ndarray
    is_relative: np.ndarray
    is_sum: np.ndarray

    def columns(self, values: tuple[str, ...]) -> np.ndarray:
        """Return where in a row of totals the sum of each feature's value stands."""
        position = {value: 1 + 2 * i for i, value in enumerate(values)}
        return np.array([position[name] for name in self.value_names], np.intp)

    def weights(self, values: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return where the mass of each feature's rows stands, and what 1 is there."""
        position = {value: 1 + 2 * i for i, value in enumerate(values)}
        pairs = zip(self.weight_names, self.value_names, strict=True)
        where = [position[weight] if weight else position[value] + 1 for weight, value in pairs]
        unit = [[float(FIXED_POINT) if weight else 1.0] for weight in self.weight_names]
        return np.array(where, np.intp), np.array(unit)


def _plan(log: str, features: Sequence[HistoryFeature]) -> _Plan:
    mine = [(i, f) for i, f in enumerate(features) if f.log == log]
    counts = [(i, f) for i, f in mine if f.statistic == "count"]
    values = [(i, f) for i, f in mine if f.statistic != "count"]
    smoothed = [(EVERYTHING, f.days) for _, f in values]
    windows = Windows([(f.entity, f.days) for _, f in mine] + smoothed)
    return _Plan(
        windows=windows,
        counts=[i for i, _ in counts],
        count_windows=[windows.find(f.entity, f.days) for _, f in counts],
        values=[i for i, _ in values],
        value_names=tuple(f.value for _, f in values),
        weight_names=tuple(f.weight for _, f in values),
        value_windows=np.array([windows.find(f.entity, f.days) for _, f in values], np.intp),
        overall_windows=np.array([windows.find(EVERYTHING, f.days) for _, f in values], np.intp),
        smoothing=np.array([[f.smoothing] for _, f in values]),
        is_relative=np.array([[f.relative] for _, f in values]),
        is_sum=np.array([[f.statistic == "sum"] for _, f in values]),
    )


def _values(totals: np.ndarray, plan: _Plan, names: tuple[str, ...]) -> np.ndarray:
    """Return sums, or means drawn towards the mean of everything; shape (features, n)."""
    column = plan.columns(names)
    total = totals[plan.value_windows, :, column] / FIXED_POINT
    overall = totals[plan.overall_windows, :, column] / FIXED_POINT
    overall_count = totals[plan.overall_windows, :, column + 1]
    imaginary = plan.smoothing * (overall_count > 0)
    if any(plan.weight_names):
        where, unit = plan.weights(names)
        mass = totals[plan.value_windows, :, where] / unit
        overall_mass = totals[plan.overall_windows, :, where] / unit
        # An imaginary row weighs what rows weigh on average.
        imaginary = imaginary * (overall_mass / np.maximum(overall_count, 1))
    else:
        mass, overall_mass = totals[plan.value_windows, :, column + 1], overall_count
    prior = overall / np.where(overall_mass > 0, overall_mass, 1)
    known = mass + imaginary
    mean = (total + imaginary * prior) / np.where(known > 0, known, np.nan)
    return np.where(plan.is_sum, total, np.where(plan.is_relative, mean - prior, mean))
