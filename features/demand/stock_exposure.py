"""Exposure: the share of a period's demand that a shelf meets when it is empty for a part of it.

Half a day in stock is rarely half of the demand: shelves run empty in the evening, and on days that
sold well. So a share in stock counts as a power of it that is measured on the panel.
"""

from dataclasses import replace

import numpy as np

from features.demand.panel import FULLY_IN_STOCK, Panel

POWERS = np.arange(5, 21) / 20  # from nearly no loss to a loss in proportion
MIN_SHARE = 0.1
MIN_PERIODS = 200
MIN_WHOLE_PERIODS = 3  # periods that say what a series sells when it is in stock


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
    """Return the panel with shares of demand that could be met in place of shares in stock."""
    return panel if power == 1 else replace(panel, in_stock=panel.in_stock**power)
