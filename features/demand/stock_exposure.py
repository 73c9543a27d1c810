"""Exposure: the share of a period's demand that a shelf meets when it is empty for a part of it.

Half a day in stock is rarely half of the demand: shelves run empty in the evening, and on days that
sold well. So a share in stock counts as a power of it that is measured on the panel. Sales bound
what a stock table may say: a period that sold as usual was not cut short.
"""

from dataclasses import replace

import numpy as np

from features.demand.panel import FULLY_IN_STOCK, Panel
from features.demand.rhythm import rhythm_of
from features.demand.running_totals import running_totals, silent_after_life

POWERS = np.arange(5, 21) / 20  # from nearly no loss to a loss in proportion
MIN_SHARE = 0.1
MIN_PERIODS = 200
MIN_WHOLE_PERIODS = 3  # periods that say what a series sells when it is in stock
MAX_PARTIAL_SHARE = 0.99  # of a period that was cut short: no target is learned from it
MAX_SOLD_SHARE = 0.5  # of the usual demand: with more, a shelf was not empty


def exposure_power(panel: Panel) -> float:
    """Return the power of the share in stock that what was sold in parts of periods goes with.

    It is 1, in proportion, where too few such periods were seen.
    """
    observed = np.isfinite(panel.units) & (panel.in_stock > MIN_SHARE)
    whole = observed & (panel.in_stock >= FULLY_IN_STOCK)
    count = whole.sum(1)
    usual = np.where(whole, panel.units, 0).sum(1, dtype=float) / np.maximum(count, 1)
    parted = observed & ~whole & (count >= MIN_WHOLE_PERIODS)[:, None]
    if parted.sum() < MIN_PERIODS:
        return 1.0
    demand = np.broadcast_to(usual[:, None], parted.shape)[parted]
    share, sold = panel.in_stock[parted], panel.units[parted].sum(dtype=float)
    expected = np.array([(demand * share**power).sum() for power in POWERS])
    return float(POWERS[np.argmin(np.abs(expected - sold))])


def exposed(panel: Panel, power: float) -> Panel:
    """Return the panel with shares of demand that could be met in place of shares in stock.

    Sales bound the shares. A period that was cut short has at least the share of the usual demand
    that it sold. A run of empty shelves that sold half of the usual demand was in stock. Shelves
    that are empty for a year after the last sale are silence, and no demand that was missed.
    """
    share = panel.in_stock**power
    if (share >= FULLY_IN_STOCK).all():
        return panel
    units = silent_after_life(panel.units)
    usual = _usual_units(panel, units)
    empty = np.isfinite(units) & (share <= 0)
    parted = np.isfinite(units) & (share > 0) & (share < FULLY_IN_STOCK)
    with np.errstate(divide="ignore", invalid="ignore"):
        sold_share = np.fmin(np.nan_to_num(units / usual), MAX_PARTIAL_SHARE)
    share = np.where(parted, np.maximum(share, sold_share), share)
    in_stock = _contradicted(units, usual, empty) | (empty & _silent_for_a_year(panel, units))
    return replace(panel, in_stock=np.where(in_stock, np.float32(1), share).astype(np.float32))


def _usual_units(panel: Panel, units: np.ndarray) -> np.ndarray:
    """Return (n, T) units of a period wholly in stock around each one; NaN where there was none."""
    whole = np.isfinite(units) & (panel.in_stock >= FULLY_IN_STOCK)
    sold, count = running_totals(np.where(whole, units, 0)), running_totals(whole)
    column, width = np.arange(panel.length), rhythm_of(panel.grain).level
    begin, end = np.maximum(column - width, 0), np.minimum(column + width + 1, panel.length)
    near = count[:, end] - count[:, begin]
    near_units = sold[:, end] - sold[:, begin]
    overall = np.where(count[:, -1:] > 0, sold[:, -1:] / np.maximum(count[:, -1:], 1), np.nan)
    return np.where(near >= MIN_WHOLE_PERIODS, near_units / np.maximum(near, 1), overall)


def _contradicted(units: np.ndarray, usual: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Return (n, T) whether a period is of a run of empty shelves that sold all the same."""
    series, length = empty.shape
    first = empty & ~np.pad(empty, ((0, 0), (1, 0)))[:, :length]
    run = np.cumsum(first.ravel()).reshape(series, length)  # runs are numbered from 1
    if not first.any():
        return empty
    number = run[empty]
    sold = np.bincount(number, units[empty])
    expected = np.bincount(number, np.nan_to_num(usual[empty]))
    return empty & ((sold > 0) & (sold >= MAX_SOLD_SHARE * expected))[np.where(empty, run, 0)]


def _silent_for_a_year(panel: Panel, units: np.ndarray) -> np.ndarray:
    """Return (n, T) whether the last sale, else the first life sign, was a year before."""
    column = np.arange(panel.length)
    begun = np.where(np.isfinite(units).any(1), np.isfinite(units).argmax(1), panel.length)
    sold = np.maximum.accumulate(np.where(units > 0, column, -1), axis=1)
    return column - np.maximum(sold, begun[:, None]) >= rhythm_of(panel.grain).year
