"""What waiting costs: expected losses if work on an exception starts later than now. Pure."""

import numpy as np

from models.next_turn import chances_by_deadline
from models.ranking_rule import TOUCH_POINTS, Items, curve_at, touch_spread


def losses_after(items: Items, waits_hours: np.ndarray) -> np.ndarray:
    """Return the money expected to be lost if work starts after some waits.

    By the ranking rule's own chances: where people work round the clock, a wait of nothing is its
    `loss_now`.

    Args:
        items: n of them.
        waits_hours: (n, w) or, alike for all, (1, w); 0 or more.

    Returns:
        (n, w) money; what has been lost already counts whole.
    """
    chances = np.empty((len(items.ids), waits_hours.shape[1]))
    waits = np.broadcast_to(waits_hours, chances.shape)
    for rows, chances_of in (
        (np.isnan(items.hours_to_due), _by_curve),
        (items.hours_to_due > 0, _by_deadline),
    ):
        chances[rows] = chances_of(items.take(rows), waits[rows])
    chances[items.lost | (items.hours_to_due <= 0)] = 1.0
    return items.loss[:, None] * chances + items.waiting_cost_per_hour[:, None] * waits


def _by_curve(items: Items, waits_hours: np.ndarray) -> np.ndarray:
    median_hours, sigma = touch_spread(items)
    touch = median_hours[:, None] * np.exp(sigma[:, None] * TOUCH_POINTS)
    ages = items.age_hours[:, None, None] + waits_hours[:, :, None] + touch[:, None, :]
    flat = ages.reshape(len(ages), ages.shape[1] * ages.shape[2])
    return curve_at(items.curve, flat).reshape(ages.shape).mean(axis=2)


def _by_deadline(items: Items, waits_hours: np.ndarray) -> np.ndarray:
    return chances_by_deadline(items.hours_to_due, *touch_spread(items), waits_hours)
