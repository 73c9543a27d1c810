"""One way to forecast: what makes the points, and the distribution that held-out ones gave it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from features.demand_panel import FULLY_IN_STOCK, Panel
from features.demand_windows import RHYTHMS
from features.running_totals import silent_after_life
from models.contract import Files
from models.demand_calibration import Calibration, HeldOut
from models.demand_spread import CELLS_A_GROUP, Spread, spread_state
from models.level_sets import LOWEST_LEVEL

MOST_HELD_OUT = 20_000  # series; more teach a table of a hundred ratios nothing
MOST_CUTS = 5
FILE = "calibration.json"
_POINTS, _SPREAD = "points.", "spread."


class Points(Protocol):
    """Anything that gives a point for each series and period ahead."""

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        ...

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        ...


@dataclass(frozen=True)
class Way:
    """Points, the distribution around them, and what sorts series by how far they stray."""

    points: Points
    calibration: Calibration
    spread: Spread | None = None

    def read(self, panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (n, H) points, (n, H) means and the (n,) tables that they are read in."""
        point = np.maximum(self.points.points(panel), 0)
        group = np.zeros(panel.series, np.uint8)
        if self.spread is not None:
            level = point.mean(1)
            group = self.spread.groups(spread_state(panel, panel.length, level), level)
        return point, self.calibration.mean(point, group), group

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        files = {FILE: json.dumps(self.calibration.to_json())}
        files |= {_POINTS + name: text for name, text in self.points.to_files().items()}
        if self.spread is not None:
            files |= {_SPREAD + name: text for name, text in self.spread.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Files, points: Callable[[Files, int], Points], horizon: int) -> Self:
        """Build it from what `to_files` gave; `points` builds the points from theirs."""
        spread = part(files, _SPREAD)
        return cls(
            points(part(files, _POINTS), horizon),
            Calibration.from_json(json.loads(files[FILE])),
            Spread.from_files(spread) if spread else None,
        )


def part(files: Files, prefix: str) -> Files:
    """Return the files whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): text for k, text in files.items() if k.startswith(prefix)}


def fit_way(panel: Panel, horizon: int, fit: Callable[[Panel], Points]) -> Way:
    """Fit on the past, see how far off it is on what came, and fit again on everything."""
    cuts = calibration_cuts(panel.length, horizon)
    held = hold_out(fit(panel.until(min(cuts))), panel, horizon, came) if cuts else None
    if held is None:
        return Way(fit(panel), Calibration.unknown())
    spread, group = _spread(_shown(panel), cuts, held.forecast, held.actual)
    return Way(fit(panel), Calibration.fit(replace(held, group=group)), spread)


def hold_out(
    points: Points, panel: Panel, horizon: int, actual: Callable[[Panel, int, int], np.ndarray]
) -> HeldOut | None:
    """Return forecasts at the cut-offs of calibration, and what came; None if there is no cut-off.

    Args:
        points: Make the forecasts.
        panel: The series; of very many, some.
        horizon: Periods ahead.
        actual: Returns of a panel, a cut-off and a horizon what came, as `came` does.
    """
    shown, cuts = _shown(panel), calibration_cuts(panel.length, horizon)
    if not cuts:
        return None
    forecast = np.stack([np.maximum(points.points(shown.until(cut)), 0) for cut in cuts])
    units = np.stack([actual(shown, cut, horizon) for cut in cuts])
    return HeldOut(forecast, units, np.zeros(forecast.shape[:2], np.uint8))


def came(panel: Panel, cut: int, horizon: int) -> np.ndarray:
    """Return (n, H) what was demanded after a cut-off, silence after the last life sign as none.

    NaN where it was not observed wholly in stock, and where the series had hardly begun or had
    shown no sign of life for long: whether a target counts must not hang on later sales.
    """
    rhythm = RHYTHMS[panel.grain]
    actual = np.full((panel.series, horizon), np.nan, np.float32)
    units = silent_after_life(panel.units)[:, cut : cut + horizon]
    whole = panel.in_stock[:, cut : cut + horizon] >= FULLY_IN_STOCK
    actual[:, : units.shape[1]] = np.where(whole, units, np.float32(np.nan))
    seen = np.isfinite(panel.units[:, :cut])
    begun = seen.sum(1) >= rhythm.fewest
    alive = seen[:, max(cut - rhythm.level, 0) :].any(1)
    actual[~(begun & alive)] = np.nan
    return actual


def _shown(panel: Panel) -> Panel:
    return panel.take(slice(None, None, -(-panel.series // MOST_HELD_OUT)))


def calibration_cuts(length: int, horizon: int) -> list[int]:
    """Return up to `MOST_CUTS` cut-offs, a horizon apart at most, of which the horizon has come.

    Forecasts of one cut-off are all wrong in the same direction, and so are those of the next day.
    """
    last = max(length - horizon, length // 2)
    first = min(max(last - horizon, length // 2), last)
    return [int(cut) for cut in np.unique(np.linspace(first, last, MOST_CUTS).astype(int)) if cut]


def _spread(
    panel: Panel, cuts: list[int], forecast: np.ndarray, actual: np.ndarray
) -> tuple[Spread | None, np.ndarray]:
    """Return what sorts series into groups, and (K, n) the groups of the held-out forecasts."""
    group = np.zeros(forecast.shape[:2], np.uint8)
    known = np.isfinite(actual)
    judged = known.any(2)
    if known.sum() < 2 * CELLS_A_GROUP:
        return None, group
    level = forecast.mean(2)
    state = [spread_state(panel.until(c), c, at) for c, at in zip(cuts, level, strict=True)]
    far = np.where(known, np.abs(actual - forecast), 0).sum(2)
    expected = np.where(known, forecast, 0).sum(2)
    strayed = far[judged] / np.maximum(expected[judged], LOWEST_LEVEL)
    series = np.broadcast_to(np.arange(panel.series), judged.shape)[judged]
    spread, group[judged] = Spread.fit(
        np.stack(state)[judged], level[judged], strayed, series, int(known.sum())
    )
    return spread, group
