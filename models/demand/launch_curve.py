"""SKUs that have just begun or not yet: the launch curve of their kind.

A curve is the mean demand by age since the first life sign. That of all launches is refined by
each attribute in turn, the coarsest first, as far as launches of that kind were seen; what the SKU
itself sold so far moves it up or down.
"""

import json
from collections.abc import Sequence
from typing import Self

import numpy as np

from features.demand.panel import Panel
from features.demand.running_totals import silent_after_life
from features.demand.windows import RHYTHMS
from models.demand.method import PastForecasts
from models.estimator import Files

FEWEST_LAUNCHES = 10  # below it whatever sells stands for what is launched
PRIOR_SERIES = 5.0  # so many launches of its kind weigh as much as all launches
PRIOR_PERIODS = 3.0  # so many periods of its own weigh as much as its kind
FILE = "launch.json"


class LaunchCurves:
    """Launch curves by kind.

    Args:
        horizon: Periods ahead.
        curve: (A,) units of all launches by age.
        kinds: (attribute, curves by its value), the coarsest attribute first.
    """

    def __init__(
        self, horizon: int, curve: np.ndarray, kinds: list[tuple[str, dict[str, np.ndarray]]]
    ) -> None:
        self.horizon, self.curve, self.kinds = horizon, curve, kinds

    @classmethod
    def fit(cls, panel: Panel, horizon: int) -> Self:
        """Learn from the series that began within the panel; from all if these are too few."""
        rows = launches(panel)
        return cls._learned(panel.take(rows), _by_age(panel, rows, _ages(panel, horizon)), horizon)

    @classmethod
    def _learned(cls, panel: Panel, units: np.ndarray, horizon: int) -> Self:
        curve = _refined(units, np.zeros(units.shape[1]), 0.1)
        parents = np.tile(curve, (len(units), 1))
        kinds = []
        for name in _coarsest_first(panel):
            values = _texts(panel, name)
            curves = {}
            for value in np.unique(values):
                rows = values == value
                curves[str(value)] = _refined(units[rows], parents[rows][0], PRIOR_SERIES)
            parents = np.stack([curves[value] for value in values]) if curves else parents
            kinds.append((name, curves))
        return cls(horizon, curve, kinds)

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        curves = self.curves(panel)
        seen = np.isfinite(panel.units) & (panel.in_stock > 0)
        age = np.where(seen.any(1), panel.length - seen.argmax(1), 0)
        last = curves.shape[1] - 1
        ahead = curves[
            np.arange(len(curves))[:, None],
            np.minimum(age[:, None] + np.arange(self.horizon), last),
        ]
        ages = np.arange(panel.length) - seen.argmax(1)[:, None]
        exposure = np.where(seen, panel.in_stock, 0)
        expected = np.take_along_axis(curves, np.clip(ages, 0, last), axis=1) * exposure
        prior = PRIOR_PERIODS * curves.mean(1)
        sold = np.where(seen, panel.units, 0).sum(1)
        own = (sold + prior) / np.maximum(expected.sum(1) + prior, 1e-9)
        return (ahead * own[:, None]).astype(np.float32)

    def curves(self, panel: Panel) -> np.ndarray:
        """Return (n, A) the launch curve of each series' kind."""
        curves = np.tile(self.curve, (panel.series, 1))
        for name, by_value in self.kinds:
            values = _texts(panel, name)
            for value in np.unique(values):
                if value in by_value:
                    curves[values == value] = by_value[value]
        return curves

    def to_files(self) -> Files:
        """Return one text, from which `from_files` builds it again."""
        kinds = [(name, {v: c.tolist() for v, c in by.items()}) for name, by in self.kinds]
        return {FILE: json.dumps({"curve": self.curve.tolist(), "kinds": kinds})}

    @classmethod
    def from_files(cls, files: Files, horizon: int) -> Self:
        """Build it from what `to_files` gave."""
        plain = json.loads(files[FILE])
        kinds = [(name, {v: np.array(c) for v, c in by.items()}) for name, by in plain["kinds"]]
        return cls(horizon, np.array(plain["curve"]), kinds)


def launches(panel: Panel) -> np.ndarray:
    """Return the rows that began within the panel; all that ever began if these are too few."""
    seen = np.isfinite(panel.units)
    begun = seen.any(1)
    new = begun & (seen.argmax(1) >= RHYTHMS[panel.grain].fewest)
    return np.flatnonzero(new if new.sum() >= FEWEST_LAUNCHES else begun)


def held_out_launches(panel: Panel, horizon: int) -> PastForecasts:
    """Return launches as each half of them is forecast by the other, the day before they began."""
    rows = launches(panel)
    units = _by_age(panel, rows, _ages(panel, horizon))
    shown = panel.take(rows)
    forecast = np.zeros((1, len(rows), horizon))
    for half in (slice(0, None, 2), slice(1, None, 2)):
        other = slice(1, None, 2) if half.start == 0 else slice(0, None, 2)
        learned = LaunchCurves._learned(shown.take(other), units[other], horizon)
        forecast[0, half] = learned.curves(shown.take(half))[:, :horizon]
    return PastForecasts(forecast, units[None, :, :horizon])


def _ages(panel: Panel, horizon: int) -> int:
    return horizon + RHYTHMS[panel.grain].fewest


def _by_age(panel: Panel, rows: np.ndarray, ages: int) -> np.ndarray:
    """Return (rows, ages) units by age; NaN where not in stock or not come yet."""
    whole = np.where(panel.in_stock > 0, silent_after_life(panel.units), np.nan)[rows]
    whole = np.where(panel.in_stock[rows] > 0.5, whole / panel.in_stock[rows].clip(0.5), np.nan)
    first = np.isfinite(panel.units[rows]).argmax(1)
    column = first[:, None] + np.arange(ages)
    inside = column < panel.length
    found = np.take_along_axis(whole, np.where(inside, column, 0), axis=1)
    return np.where(inside, found, np.nan)


def _refined(units: np.ndarray, parent: np.ndarray, weight: float) -> np.ndarray:
    """Return (A,) the mean by age, drawn towards that of the coarser kind."""
    known = np.isfinite(units)
    return (np.where(known, units, 0).sum(0) + weight * parent) / (known.sum(0) + weight)


def _coarsest_first(panel: Panel) -> Sequence[str]:
    names = [*panel.attributes, "site"]
    count = {name: len(np.unique(_texts(panel, name))) for name in names}
    return sorted((n for n in names if 1 < count[n] < panel.series), key=lambda n: count[n])


def _texts(panel: Panel, name: str) -> np.ndarray:
    """Return (n,) texts of an attribute, empty where it is not known."""
    values = panel.site if name == "site" else panel.attributes.get(name)
    if values is None:
        return np.full(panel.series, "")
    return np.array(["" if value is None else str(value) for value in values])
