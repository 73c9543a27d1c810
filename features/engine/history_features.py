"""History features: declared as data, computed from logs of what became known.

The same declarations serve a million rows of training and a single scoring call; both run the code
below. `event_log` says what a window holds and why its sums are exact.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from features.engine.event_log import EVERYTHING, FIXED_POINT, Keys, LogRows, Segment, Windows

_CHUNK_ROWS = 65_536


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
        self._layout = _Layout(self.features)
        self._past = self._layout.index(past)
        self._recent: Segment | None = None

    def with_recent(self, recent: Mapping[str, LogRows]) -> "HistoryIndex":
        """Return an index over the same past and these recent rows, instead of any before."""
        index = copy(self)
        index._recent = self._layout.index(recent)
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
            result[rows] = self._layout.read(self._totals(part, as_of[rows])).T
        return result

    def _totals(self, keys: Keys, as_of: np.ndarray) -> np.ndarray:
        windows = self._layout.windows
        totals = np.zeros((self._layout.size, len(as_of)), np.int64)
        for segment in (self._past, self._recent):
            if segment is not None and not segment.empty:
                totals += segment.totals(windows, keys, as_of).reshape(-1, len(as_of))
        return totals


class _Layout:
    """Rows of the totals that each feature reads; made once, so that a call only looks up.

    Attributes:
        values: For each log the values that are summed up.
        windows: What is summed up.
        size: Rows of the totals.
    """

    def __init__(self, features: Sequence[HistoryFeature]) -> None:
        self.values = {
            log: list(
                dict.fromkeys(v for f in features if f.log == log for v in (f.value, f.weight) if v)
            )
            for log in dict.fromkeys(f.log for f in features)
        }
        triples = [(f.log, e, f.days) for f in features for e in (f.entity, EVERYTHING)]
        self.windows = Windows(triples, list(self.values))
        self._width = 1 + 2 * max((len(own) for own in self.values.values()), default=0)
        self.size = len(self.windows.triples) * self._width
        self._total = self._rows(features, lambda f: (f.entity, f.value, 0))
        self._overall = self._rows(features, lambda f: (EVERYTHING, f.value, 0))
        self._mass = self._rows(features, lambda f: (f.entity, f.weight or f.value, not f.weight))
        self._all_mass = self._rows(
            features, lambda f: (EVERYTHING, f.weight or f.value, not f.weight)
        )
        self._all_count = self._rows(features, lambda f: (EVERYTHING, f.value, 1))
        self._unit = _column(1.0 if f.statistic == "count" else FIXED_POINT for f in features)
        self._mass_unit = _column(FIXED_POINT if f.weight else 1.0 for f in features)
        self._smoothing = _column(f.smoothing for f in features)
        self._is_mean = np.array([[f.statistic == "mean"] for f in features], bool).reshape(-1, 1)
        self._relative = _column(float(f.relative) for f in features)

    def index(self, logs: Mapping[str, LogRows]) -> Segment:
        """Index rows by the entities whose past is looked at: others would only take room."""
        return Segment(logs, self.values, self.windows.entities_of)

    def _rows(
        self,
        features: Sequence[HistoryFeature],
        what: Callable[[HistoryFeature], tuple[str, str, int]],
    ) -> np.ndarray:
        """Return the row of each feature's entity, value, and 0 for its sum or 1 for its count."""
        rows = []
        for feature in features:
            entity, value, counted = what(feature)
            column = 1 + 2 * self.values[feature.log].index(value) + counted if value else 0
            window = self.windows.find(feature.log, entity, feature.days)
            rows.append(window * self._width + column)
        return np.array(rows, np.intp)

    def read(self, totals: np.ndarray) -> np.ndarray:
        """Return counts, sums, or means drawn towards the mean of everything; (features, n)."""
        total = totals[self._total] / self._unit
        all_mass, all_count = totals[self._all_mass] / self._mass_unit, totals[self._all_count]
        prior = totals[self._overall] / self._unit / np.where(all_mass > 0, all_mass, 1.0)
        # An imaginary row weighs what rows weigh on average.
        imaginary = self._smoothing * (all_mass / np.maximum(all_count, 1))
        mass = totals[self._mass] / self._mass_unit + imaginary
        mean = (total + imaginary * prior) / np.where(mass > 0, mass, np.nan)
        return np.where(self._is_mean, mean - self._relative * prior, total)


def _column(numbers: Iterable[float]) -> np.ndarray:
    return np.array([[number] for number in numbers], np.float64).reshape(-1, 1)
