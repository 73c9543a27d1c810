"""Start loss: the one loss curve of an exception, what is lost if work on it begins at a moment.

    L(t) = loss * F(t + S)        t and the touch time S in hours in which its team works; pure

Score, reasons, the cost of waiting, the capacity line, the latest safe start and the comparison of
two rows all read this function. F is the chance that the loss has come:

- with a known deadline, d hours away, that of `models.breach.late_loss`: a share s comes at d, the
  rest after it, m hours later on average;
- else the predicted curve, straight in working time between the ages at which it is given.

The score asks what the wait W for the next turn adds, exponential with mean h. For a curve that
rises by r from a to b it has a closed form, and so has a deadline (x: hours until the work ends):

    r * h * (exp(-a'/h) - exp(-b'/h)) / (b - a),       a' = max(a - x, 0),  b' = max(b - x, 0)
    exp(-d'/h) * (s [x < d] + (1 - s) * exp(-l/m) * h / (h + m)),
                                                       d' = max(d - x, 0),  l = max(x - d, 0)
"""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from models.ranking.inputs import RankingInputs, Timing, TouchSpread, WorkHours

_SOON = 1e-9


def losses_if_begun(
    items: RankingInputs, waits_hours: np.ndarray, timing: Timing | None = None
) -> np.ndarray:
    """Return L: the money expected to be lost if work on n items begins after some waits.

    Args:
        items: What is open.
        waits_hours: (n, w) or, alike for all, (1, w) hours in which their teams work; 0 or more.
        timing: Theirs, where it is at hand or by other calendars than their own.

    Returns:
        (n, w) money; not falling along a row, at most `items.loss`.
    """
    work, touch = timing or Timing.of(items)
    points = touch.points
    waits = np.broadcast_to(waits_hours, (len(items.loss), waits_hours.shape[1]))
    chances = _by_deadline_or_curve(
        np.isnan(work.to_due),
        lambda: _by_deadline(items.late_share, work, touch, waits),
        lambda rows: _by_curve(items.curve[rows], work.to_ages[rows], points[rows], waits[rows]),
    )
    chances[items.is_lost] = 1.0
    return items.loss[:, None] * chances


def losses_added_by_turn(
    items: RankingInputs, look_ahead_hours: float, timing: Timing | None = None
) -> np.ndarray:
    """Return E[L(W)] - L(0): what the wait for their next turn is expected to add to n losses.

    Args:
        items: What is open.
        look_ahead_hours: Mean of the wait, working hours; above 0.
        timing: Theirs, where it is at hand.
    """
    work, touch = timing or Timing.of(items)
    ends, ahead = touch.points, look_ahead_hours
    added = _by_deadline_or_curve(
        np.isnan(work.to_due),
        lambda: _added_by_deadline(items.late_share, work, ends, ahead),
        lambda rows: _added_by_curve(items.curve[rows], work.to_ages[rows], ends[rows], ahead),
    )
    return np.where(items.is_lost, 0.0, items.loss * added)


def losses_if_never_begun(items: RankingInputs) -> np.ndarray:
    """Return the money that n items lose if nobody ever begins: all where a deadline is known."""
    at_last = np.where(np.isnan(items.hours_to_due) & ~items.lost, items.curve[:, -1], 1.0)
    return items.loss * at_last


def _by_deadline_or_curve(
    guessed: np.ndarray,
    by_deadline: Callable[[], np.ndarray],
    by_curve: Callable[[np.ndarray | slice], np.ndarray],
) -> np.ndarray:
    """Read the curves of those rows alone that have no deadline: curves cost the most."""
    if guessed.all():
        return by_curve(slice(None))
    values = by_deadline()
    if guessed.any():
        values[guessed] = by_curve(guessed)
    return values


def _by_deadline(
    late_share: np.ndarray, work: WorkHours, touch: TouchSpread, waits: np.ndarray
) -> np.ndarray:
    left, share = work.to_due[:, None] - waits, late_share[:, None]
    times = touch.median_hours[:, None] / np.maximum(left, _SOON)
    misses = ndtr(np.log(times) / touch.sigma[:, None])
    late = np.maximum(touch.points[:, None, :] - left[:, :, None], 0.0)
    gone = -np.expm1(-late / work.late_hours[:, None, None]).mean(axis=2)
    return share * misses + (1 - share) * gone


def _by_curve(
    curve: np.ndarray, to_ages: np.ndarray, touch_points: np.ndarray, waits: np.ndarray
) -> np.ndarray:
    rises, widths = np.diff(curve, axis=1), np.diff(to_ages, axis=1)
    chances = np.empty(waits.shape)
    for column in range(waits.shape[1]):  # all at once would take ten times the memory
        ends = waits[:, column, None] + touch_points
        passed = (ends[:, :, None] - to_ages[:, None, :-1]) / widths[:, None, :]
        risen = np.clip(passed, 0.0, 1.0).mean(axis=1)
        chances[:, column] = curve[:, 0] + (rises * risen).sum(axis=1)
    return chances


def _added_by_deadline(
    late_share: np.ndarray, work: WorkHours, ends: np.ndarray, look_ahead: float
) -> np.ndarray:
    left, mean = work.to_due[:, None] - ends, work.late_hours[:, None]
    share = late_share[:, None]
    comes = np.exp(-np.maximum(left, 0.0) / look_ahead)
    lasts = np.exp(-np.maximum(-left, 0.0) / mean)
    later = (1 - share) * lasts * look_ahead / (look_ahead + mean)
    return (comes * (share * (left > 0) + later)).mean(axis=1)


def _added_by_curve(
    curve: np.ndarray, to_ages: np.ndarray, ends: np.ndarray, look_ahead: float
) -> np.ndarray:
    ahead = to_ages[:, None, :] - ends[:, :, None]
    rise, width = np.diff(curve, axis=1), np.diff(to_ages, axis=1)
    fading = np.exp(np.minimum(-ahead, 0.0) / look_ahead)
    met = (fading[:, :, :-1] - fading[:, :, 1:]).mean(axis=1)
    return (rise * met / width).sum(axis=1) * look_ahead
