"""Cost of waiting: expected losses if work on an exception starts later than now. Pure."""

import numpy as np

from models.loss_curve import curve_at
from models.ranking.deferral_loss import chances_at_deadline
from models.ranking.rule import TOUCH_POINTS, RankingInputs, touch_spread


def losses_after(
    items: RankingInputs, item_rows: np.ndarray, waits_hours: np.ndarray
) -> np.ndarray:
    """Return the money expected to be lost if work starts after some waits.

    By the ranking rule's own chances: no wait is its `loss_now`.

    Args:
        items: What is open.
        item_rows: n positions of items.
        waits_hours: (n, w) or, alike for all, (1, w); 0 or more.

    Returns:
        (n, w) money; what has been lost already counts whole.
    """
    due = items.hours_to_due[item_rows]
    chances = np.ones((len(item_rows), waits_hours.shape[1]))
    waits = np.broadcast_to(waits_hours, chances.shape)
    for rows, chances_of in ((np.isnan(due), _by_curve), (due > 0, _by_deadline)):
        chances[rows] = chances_of(items, item_rows[rows], waits[rows])
    chances[items.lost[item_rows]] = 1.0
    return (
        items.loss[item_rows, None] * chances
        + items.waiting_cost_per_hour[item_rows, None] * waits_hours
    )


def _by_curve(items: RankingInputs, item_rows: np.ndarray, waits_hours: np.ndarray) -> np.ndarray:
    median_hours, sigma = touch_spread(items.touch_p50_minutes, items.touch_p90_minutes)
    touch = median_hours[item_rows, None] * np.exp(sigma[item_rows, None] * TOUCH_POINTS)
    ages = items.age_hours[item_rows, None, None] + waits_hours[:, :, None] + touch[:, None, :]
    flat = ages.reshape(len(ages), ages.shape[1] * ages.shape[2])
    chances = curve_at(items.curve[item_rows], flat, items.curve_scale[item_rows])
    return chances.reshape(ages.shape).mean(axis=2)


def _by_deadline(
    items: RankingInputs, item_rows: np.ndarray, waits_hours: np.ndarray
) -> np.ndarray:
    median_hours, sigma = touch_spread(items.touch_p50_minutes, items.touch_p90_minutes)
    due = items.hours_to_due[item_rows]
    return chances_at_deadline(due, median_hours[item_rows], sigma[item_rows], waits_hours)
