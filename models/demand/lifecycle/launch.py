"""Launch curves: the forecast of series that have hardly begun, or not yet.

A curve is the mean demand by age since the first life sign. The curve of all launches is refined
by each attribute in turn, the coarsest first, as far as there were launches of that kind. The
SKU's own sales so far move its curve up or down.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import silent_after_life
from models.demand.method import ForecastMethod, PastForecasts
from models.estimator import Files

NAME = "launch"
WORDS = "new: as others of its kind began"
MIN_LAUNCHES = 10  # with fewer, all series that ever sold stand for launches
MIN_FORECASTS_TO_CALIBRATE = 400
PRIOR_SERIES = 5.0  # launches of a kind that weigh as much as all launches
PRIOR_PERIODS = 3.0  # own periods that weigh as much as the kind
FILE = "launch.json"


class LaunchModel(ABC):
    """Model of launches: a curve of units by age for each series.

    Attributes:
        horizon: Periods ahead.
    """

    horizon: int

    @classmethod
    def fit(cls, panel: Panel, horizon: int) -> Self:
        """Learn from the series that began within the panel; from all if there are too few."""
        rows = launches(panel)
        return cls.learned_from(panel.take(rows), units_by_age(panel, rows, horizon), horizon)

    @classmethod
    @abstractmethod
    def learned_from(cls, panel: Panel, units: np.ndarray, horizon: int) -> Self:
        """Learn from (n, A) units by age of the n series of a panel."""

    @abstractmethod
    def curves(self, panel: Panel) -> np.ndarray:
        """Return (n, A) units by age of each series."""

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        return _points_of(self.curves(panel), panel, self.horizon)

    @abstractmethod
    def to_files(self) -> Files:
        """Return texts, from which `from_files` of its file builds it again."""


class LaunchCurves(LaunchModel):
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
    def learned_from(cls, panel: Panel, units: np.ndarray, horizon: int) -> Self:
        """Learn from (n, A) units by age of the n series of a panel."""
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


def _points_of(curves: np.ndarray, panel: Panel, horizon: int) -> np.ndarray:
    """Return (n, H) float32 units after a panel's end: curves, moved by what was sold so far.

    Args:
        curves: (n, A) units by age of each series.
        panel: The series.
        horizon: Periods ahead.
    """
    units = silent_after_life(panel.units)
    observed = np.isfinite(units) & (panel.in_stock > 0)
    age = np.where(observed.any(1), panel.length - observed.argmax(1), 0)
    last = curves.shape[1] - 1
    ahead = curves[
        np.arange(len(curves))[:, None],
        np.minimum(age[:, None] + np.arange(horizon), last),
    ]
    ages = np.arange(panel.length) - observed.argmax(1)[:, None]
    exposure = np.where(observed, panel.in_stock, 0)
    expected = np.take_along_axis(curves, np.clip(ages, 0, last), axis=1) * exposure
    prior = PRIOR_PERIODS * curves.mean(1)
    sold = np.where(observed, units, 0).sum(1)
    own = (sold + prior) / np.maximum(expected.sum(1) + prior, 1e-9)
    return (ahead * own[:, None]).astype(np.float32)


def serves(panel: Panel) -> np.ndarray:
    """Return (n,) whether too few periods of a series were observed in stock for other methods.

    A launch ages out: silence after the last life sign counts as observed, and so does silence
    since the first period of a plan that never sold.
    """
    fewest = rhythm_of(panel.grain).fewest
    observed = np.isfinite(silent_after_life(panel.units)) & (panel.in_stock > 0)
    return (observed.sum(1) < fewest) & (_periods_since_plan(panel) < fewest)


def fit(panel: Panel, horizon: int) -> ForecastMethod | None:
    """Fit the curves and their errors; None where too few launches can be compared."""
    past = held_out_launches(panel, horizon)
    if past.comparable < MIN_FORECASTS_TO_CALIBRATE:
        return None
    return ForecastMethod(LaunchCurves.fit(panel, horizon), past.table())


def from_files(files: Files, horizon: int) -> LaunchCurves:
    """Build it from the texts of `to_files`."""
    plain = json.loads(files[FILE])
    kinds = [(name, {v: np.array(c) for v, c in by.items()}) for name, by in plain["kinds"]]
    return LaunchCurves(horizon, np.array(plain["curve"]), kinds)


def launches(panel: Panel) -> np.ndarray:
    """Return the rows that began within the panel; all that ever began if there are too few."""
    observed = np.isfinite(panel.units)
    begun = observed.any(1)
    new = begun & (observed.argmax(1) >= rhythm_of(panel.grain).fewest)
    return np.flatnonzero(new if new.sum() >= MIN_LAUNCHES else begun)


def held_out_launches(
    panel: Panel,
    horizon: int,
    learn: Callable[[Panel, np.ndarray, int], LaunchModel] = LaunchCurves.learned_from,
) -> PastForecasts:
    """Forecast each half of the launches by the other half, as of the day before they began.

    Args:
        panel: The series.
        horizon: Periods ahead.
        learn: Learns curves from some series, their (n, A) units by age, and the horizon.
    """
    rows = launches(panel)
    units = units_by_age(panel, rows, horizon)
    launched = panel.take(rows)
    forecast = np.zeros((1, len(rows), horizon))
    for half in (slice(0, None, 2), slice(1, None, 2)):
        other = slice(1, None, 2) if half.start == 0 else slice(0, None, 2)
        learned = learn(launched.take(other), units[other], horizon)
        forecast[0, half] = learned.curves(launched.take(half))[:, :horizon]
    return PastForecasts(forecast, units[None, :, :horizon])


def _periods_since_plan(panel: Panel) -> np.ndarray:
    """Return (n,) periods since the first planned one of series without a life sign; else 0."""
    since = np.zeros(panel.series, np.int64)
    for offer in (panel.price, panel.promotion):
        if offer is not None:
            planned = np.isfinite(offer[:, : panel.length])
            ages = panel.length - planned.argmax(1)
            since = np.where(planned.any(1), np.maximum(since, ages), since)
    return np.where(np.isfinite(panel.units).any(1), 0, since)


def units_by_age(panel: Panel, rows: np.ndarray, horizon: int) -> np.ndarray:
    """Return (rows, A) units by age; NaN where not in stock or still ahead."""
    ages = horizon + rhythm_of(panel.grain).fewest
    whole = np.where(panel.in_stock > 0, silent_after_life(panel.units), np.nan)[rows]
    whole = np.where(panel.in_stock[rows] > 0.5, whole / panel.in_stock[rows].clip(0.5), np.nan)
    first = np.isfinite(panel.units[rows]).argmax(1)
    column = first[:, None] + np.arange(ages)
    inside = column < panel.length
    by_age = np.take_along_axis(whole, np.where(inside, column, 0), axis=1)
    return np.where(inside, by_age, np.nan)


def _refined(units: np.ndarray, parent: np.ndarray, weight: float) -> np.ndarray:
    """Return (A,) the mean by age, drawn towards that of the coarser kind."""
    finite = np.isfinite(units)
    return (np.where(finite, units, 0).sum(0) + weight * parent) / (finite.sum(0) + weight)


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
