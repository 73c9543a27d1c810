"""Dying series: silent for far longer than usual; the moving average with errors of their own."""

import numpy as np

from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import silent_after_life
from models.demand.method import ForecastMethod, demand_after, hold_out
from models.demand.methods import moving_average
from models.demand.methods.moving_average import MovingAverage

NAME = "dying"
WORDS = "silent for long: its usual demand, if it comes back"
MIN_MISSED_SALES = 6.0  # at its usual rate, one silence in 400 that lasts so long is by chance
MIN_FORECASTS_TO_CALIBRATE = 100
from_files = moving_average.from_files


def serves(panel: Panel) -> np.ndarray:
    """Return (n,) whether a series has been silent for far longer than it usually is."""
    units = silent_after_life(panel.units)
    observed = np.isfinite(units) & (panel.in_stock > 0)
    sold = observed & (units > 0)
    last = panel.length - np.argmax(sold[:, ::-1], axis=1)
    later = np.arange(panel.length) >= last[:, None]
    silent = (observed & later).sum(1)
    often = sold.sum(1) / np.maximum((observed & ~later).sum(1), 1)
    long = silent >= rhythm_of(panel.grain).windows[1]
    return sold.any(1) & long & (silent * often >= MIN_MISSED_SALES)


def fit(panel: Panel, horizon: int) -> ForecastMethod | None:
    """Fit the average and its errors; None where too few dying series can be compared."""
    average = MovingAverage.fit(panel, horizon)
    past = hold_out(average, panel, horizon, _demand_of_dying)
    if past.comparable < MIN_FORECASTS_TO_CALIBRATE:
        return None
    return ForecastMethod(average, past.table())


def _demand_of_dying(panel: Panel, cut: int, horizon: int) -> np.ndarray:
    """Return (n, H) units demanded of dying series: 0 where they did not live on."""
    actual = demand_after(panel, cut, horizon)
    actual[~serves(panel.until(cut))] = np.nan
    return actual
