"""Periods of the recorded demand: one calendar for all series, or a refusal with the cure."""

import pandas as pd

from data.domain import BadInputError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.periods import CURE, WHERE, RecordedPeriods, read_periods

MIN_STEP_RATIO = 1.5
MIN_SHARE_OF_SERIES = 0.05  # fewer are rare sales that happen to be evenly apart


def recorded_periods(
    history: History, known_before: pd.Timestamp, grain: Grain | None = None
) -> RecordedPeriods:
    """Read the calendar of the table `demand` from all its periods.

    Args:
        history: The history.
        known_before: Rows known at or after it are not read.
        grain: Of a single period, which does not show how long it is.

    Raises:
        BadInputError: Periods are at no regular distance, series have different ones, or the
            distance of a series changes.
    """
    starts = history.query("demand/period_starts", known_before=known_before)
    steps = history.query("demand/series_steps", known_before=known_before)
    steps = steps[steps["series_share"] >= MIN_SHARE_OF_SERIES]
    _check_one_grain(steps, steps["step_days"].min() if len(steps) else None)
    recorded = read_periods(starts["day"].to_numpy("datetime64[D]"), grain)
    _check_one_grain(steps, recorded.calendar.grain.mean_days)
    _check_same_grain(history, known_before)
    return recorded


def _check_one_grain(steps: pd.DataFrame, days: float | None) -> None:
    """Refuse series whose periods are much longer than those of the calendar."""
    if days is None or not len(steps):
        return
    long = steps[steps["step_days"] >= MIN_STEP_RATIO * days]
    if len(long):
        series = long.iloc[-1]
        problem = (
            f"'{series['sku']}' at '{series['site']}' has a period each {series['step_days']} "
            f"days, others have one each {days:g} days"
        )
        raise BadInputError(WHERE, problem, CURE)


def _check_same_grain(history: History, known_before: pd.Timestamp) -> None:
    """Refuse series whose periods are longer at one end of the history than at the other."""
    changes = history.query("demand/series_changes", known_before=known_before)
    changes = changes[changes["series_share"] >= MIN_SHARE_OF_SERIES]
    if not len(changes):
        return
    series = changes.iloc[0]
    problem = (
        f"'{series['sku']}' at '{series['site']}' has a period each {series['first_step']} days "
        f"from {series['first_day']:%Y-%m-%d}, and one each {series['last_step']} days up to "
        f"{series['last_day']:%Y-%m-%d}"
    )
    raise BadInputError(WHERE, problem, CURE)
