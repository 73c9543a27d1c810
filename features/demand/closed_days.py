"""Closed weekdays of a site: those on which it sold nothing for weeks while it sold on others."""

import numpy as np

from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.running_totals import silent_after_life

WINDOWS = (
    56,
    112,
    224,
)  # days back; a closure of late shows in the first, a small shop's in the last
MIN_WINDOW = min(WINDOWS)
MIN_USUAL_SALES = 30  # of another weekday: by chance one with a tenth of them sells nothing in 5 %
MAX_SALES_SHARE = 0.01  # of another weekday's sales: an entry on the wrong day opens no shop


def closed_periods(panel: Panel, horizon: int) -> np.ndarray:
    """Return (n, horizon) whether the site of a series is closed in periods after the panel's end.

    A sale is a day on which a series sold. Nothing is closed where periods are longer than a day.
    """
    closed = np.zeros((panel.series, horizon), bool)
    if panel.grain != Grain.DAY:
        return closed
    sites, code = np.unique(panel.site.astype(str), return_inverse=True)
    sold = silent_after_life(panel.units[:, -max(WINDOWS) :]) > 0
    sales = np.stack([np.bincount(code, column, len(sites)) for column in sold.T], axis=1)
    weekday = _weekdays(panel.periods[-sales.shape[1] :])
    if len(weekday) < MIN_WINDOW:
        return closed
    by_site = np.logical_or.reduce(
        [_never_sold_on(sales[:, -window:], weekday[-window:]) for window in WINDOWS]
    )
    return by_site[code][:, _weekdays(panel.next_periods(horizon))]


def _never_sold_on(sales: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """Return (sites, 7) whether next to nothing was sold on a weekday, of (sites, T) sales."""
    total = np.stack([sales[:, weekday == day].sum(1) for day in range(7)], axis=1)
    open_days = np.maximum((total > MAX_SALES_SHARE * total.max(1, keepdims=True)).sum(1), 1)
    usual = (total.sum(1) / open_days)[:, None]
    return (usual >= MIN_USUAL_SALES) & (total <= MAX_SALES_SHARE * usual)


def _weekdays(days: np.ndarray) -> np.ndarray:
    """Return the weekdays of days, Monday is 0."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7
