"""What waiting costs: expected losses if work on an exception starts later than now. Pure."""

import numpy as np

from models.loss_curve import curve_at
from models.ranking.deferral_loss import chances_by_deadline
from models.ranking.rule import TOUCH_POINTS, RankingInputs, touch_spread


def losses_after(items: RankingInputs, about: np.ndarray, waits_hours: np.ndarray) -> np.ndarray:
    """Return the money expected to be lost if work starts after some waits.

    By the ranking rule's own chances: no wait is its `loss_now`.

    Args:
        items: What is open.
        about: n positions of items.
        waits_hours: (n, w) or, alike for all, (1, w); 0 or more.

    Returns:
        (n, w) money; what has been lost already counts whole.
    """
    due = items.hours_to_due[about]
    chances = np.ones((len(about), waits_hours.shape[1]))
    waits = np.broadcast_to(waits_hours, chances.shape)
    for rows, chances_of in ((np.isnan(due), _by_curve), (due > 0, _by_deadline)):
        chances[rows] = chances_of(items, about[rows], waits[rows])
    chances[items.lost[about]] = 1.0
    return (
        items.loss[about, None] * chances + items.waiting_cost_per_hour[about, None] * waits_hours
    )


def _by_curve(items: RankingInputs, about: np.ndarray, waits_hours: np.ndarray) -> np.ndarray:
    median_hours, sigma = touch_spread(items.touch_p50_minutes, items.touch_p90_minutes)
    touch = median_hours[about, None] * np.exp(sigma[about, None] * TOUCH_POINTS)
    ages = items.age_hours[about, None, None] + waits_hours[:, :, None] + touch[:, None, :]
    flat = ages.reshape(len(ages), ages.shape[1] * ages.shape[2])
    return curve_at(items.curve[about], flat).reshape(ages.shape).mean(axis=2)


def _by_deadline(items: RankingInputs, about: np.ndarray, waits_hours: np.ndarray) -> np.ndarray:
    median_hours, sigma = touch_spread(items.touch_p50_minutes, items.touch_p90_minutes)
    due = items.hours_to_due[about]
    return chances_by_deadline(due, median_hours[about], sigma[about], waits_hours)
