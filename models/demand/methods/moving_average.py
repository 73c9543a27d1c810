"""Moving average, for days with the pattern of the week: the fallback of all methods."""

import json
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import silent_after_life
from models.estimator import Files

NAME, IS_BASELINE = "average", True
WORDS = "moving average times its season"
FILE = "average.json"
OWN_PRIOR = 0.5  # periods at the mean of all its past that are added to the recent ones
WEEKDAY_PRIOR = 4.0  # weeks of the common pattern that are added to the series' own


@dataclass(frozen=True)
class MovingAverage:
    """Mean of the last periods in stock; of days by the pattern of the week.

    Attributes:
        horizon: Periods ahead.
        window: Periods that are averaged.
    """

    horizon: int
    window: int

    @classmethod
    def fit(cls, panel: Panel, horizon: int) -> Self:
        """Choose the window that was best for the periods before the panel's end."""
        cut = panel.length - horizon
        windows = [
            w
            for w in rhythm_of(panel.grain).averages
            if w <= max(cut, min(rhythm_of(panel.grain).averages))
        ]
        if cut < 2:
            return cls(horizon, windows[0])
        actual = panel.demanded()[:, cut:]
        past = panel.until(cut)
        losses = [_loss(cls(horizon, window).points(past), actual) for window in windows]
        return cls(horizon, windows[int(np.argmin(losses))])

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        exposure, sold = _exposed(panel, self.window)
        always, ever = _exposed(panel, panel.length)
        prior = ever.sum(1) / (always.sum(1) + 1)
        level = (sold.sum(1) + OWN_PRIOR * prior) / (exposure.sum(1) + OWN_PRIOR)
        if panel.grain != Grain.DAY:
            return np.repeat(level[:, None], self.horizon, axis=1).astype(np.float32)
        pattern = _week_pattern(*_exposed(panel, rhythm_of(Grain.DAY).windows[-1]))
        # `_exposed` ends with the panel, so the pattern's last day is the panel's last one.
        return (level[:, None] * pattern[:, np.arange(self.horizon) % 7]).astype(np.float32)

    def to_files(self) -> Files:
        """Return one text, from which `from_files` builds it again."""
        return {FILE: json.dumps({"window": self.window})}


def can_learn(_panel: Panel) -> bool:
    """Return True: an average serves any series."""
    return True


def fit(panel: Panel, horizon: int, *, seed: int, planned: bool) -> MovingAverage:
    """Choose the window; nothing is drawn and no plan is read."""
    return MovingAverage.fit(panel, horizon)


def from_files(files: Files, horizon: int) -> MovingAverage:
    """Build it from the texts of `to_files`."""
    return MovingAverage(horizon, json.loads(files[FILE])["window"])


class ExposedSales(NamedTuple):
    """(n, w) shares in stock and units of the last periods, 0 where not observed."""

    exposure: np.ndarray
    units: np.ndarray


def _exposed(panel: Panel, window: int) -> ExposedSales:
    units = silent_after_life(panel.units)[:, -window:]
    exposure = np.where(np.isfinite(units), panel.in_stock[:, -window:], 0)
    return ExposedSales(exposure, np.where(exposure > 0, units, 0))


def _week_pattern(exposure: np.ndarray, sold: np.ndarray) -> np.ndarray:
    """Return (n, 7) demand over the mean of the next seven days' weekdays, own and common."""
    spare = -exposure.shape[1] % 7
    shape = (len(exposure), -1, 7)
    exposed = np.pad(exposure, ((0, 0), (spare, 0))).reshape(shape).sum(1)
    units = np.pad(sold, ((0, 0), (spare, 0))).reshape(shape).sum(1)
    level = units.sum(1, keepdims=True) / np.maximum(exposed.sum(1, keepdims=True), 1)
    relative = units / np.where(level > 0, level, 1)
    common = (relative.sum(0) + 1) / (np.where(level > 0, exposed, 0).sum(0) + 1)
    own = (relative + WEEKDAY_PRIOR * common) / (exposed + WEEKDAY_PRIOR)
    return np.where(level > 0, own, common)


def _loss(points: np.ndarray, actual: np.ndarray) -> float:
    finite = np.isfinite(actual)
    if not finite.any():
        return 0.0
    scale = np.maximum(points.mean(1, keepdims=True), 0.1)
    return float((np.abs(points - actual) / scale)[finite].mean())
