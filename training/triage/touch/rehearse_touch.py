"""Rehearsal of the touch time: it must beat one set of quantiles for all on a later window.

The trees are fitted on what was known before the window. One half of the window gives the spread,
the other judges, then the other way round; the constant gets the same. Only a gain beyond noise
counts. Without one the constant serves, and training says "not learned".
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.boosters import Booster
from models.estimator import Batch
from models.triage.touch_time import ONE_FOR_ALL, QUANTILES, TouchTime
from training.common.measures import day_blocks, pinball_losses
from training.triage import fit
from training.triage.fit import PreparedExceptions, TrainingRows
from training.triage.plain_lightgbm import plain_quantiles
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow

NOISE_QUANTILE = 0.05


class RecordedMinutes(NamedTuple):
    """Touch times that were recorded: positions of the exceptions, and minutes."""

    rows: np.ndarray
    minutes: np.ndarray


class TouchEvidence(NamedTuple):
    """Touch times of the second half of the window.

    Attributes:
        rows: Positions of the exceptions.
        minutes: What was recorded.
        constant: One set of quantiles for all, learned on the first half.
        plain: (n, 3) quantiles of plain LightGBM on the raw columns, fitted before the window; None
            where it could not be fitted.
    """

    rows: np.ndarray
    minutes: np.ndarray
    constant: TouchTime
    plain: np.ndarray | None


@dataclass(frozen=True)
class RehearsedTouch:
    """Result of the rehearsal.

    Attributes:
        judged: What would have served in the second half of the window.
        served: The same with the spread of the whole window: the final model takes it over.
        evidence: Touch times of the second half.
        losses: Pinball loss on them in minutes, mean of the quantiles, by kind.
        reason: Sentence that names what was compared, on how many touch times.
    """

    judged: TouchTime
    served: TouchTime
    evidence: TouchEvidence
    losses: dict[str, float]
    reason: str


def rehearse_touch(
    prepared: PreparedExceptions, learned: TrainingRows, window: RehearsalWindow
) -> RehearsedTouch | None:
    """Fit before the window and judge in it; None where too few touch times are recorded."""
    trees = fit.fit_touch(prepared, learned)
    first, second = (_recorded(prepared, half, window.end) for half in window.halves)
    fewest = min(len(half.minutes) for half in (first, second))
    if trees is None or fewest < MIN_ROWS_TO_JUDGE_TRIAGE:
        return None
    forward = _half_judged(prepared, trees, learned=first, judged=second)
    backward = _half_judged(prepared, trees, learned=second, judged=first)
    gain = np.concatenate([backward.gain, forward.gain])
    both = RecordedMinutes(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
    detected_at = prepared.dataset.detected_at[both.rows]
    is_learned = forward.gain.mean() > 0 and _beyond_noise(gain, detected_at)
    served = TouchTime.calibrated(
        trees if is_learned else None, prepared.rows.take(both.rows), both.minutes
    )
    labels = prepared.dataset.labels
    recorded = labels.outcome_known(window.cut) & ~np.isnan(labels.touch_minutes)
    plain = plain_quantiles(
        prepared.dataset,
        second.rows,
        tick=window.cut,
        values=labels.touch_minutes,
        recorded=recorded,
    )
    losses = {forward.model.kind: forward.loss, ONE_FOR_ALL: forward.constant_loss}
    compared = (
        f"pinball loss {forward.loss:.2f} minutes, one set of quantiles for all "
        f"{forward.constant_loss:.2f}, on {len(second.minutes):,} known touch times"
    )
    return RehearsedTouch(
        judged=forward.model if is_learned else forward.constant,
        served=served,
        evidence=TouchEvidence(second.rows, second.minutes, forward.constant, plain),
        losses=losses,
        reason=f"{forward.model.kind} ({compared})"
        if is_learned
        else f"not learned, {ONE_FOR_ALL}: the trees are no better beyond noise ({compared})",
    )


def _recorded(
    prepared: PreparedExceptions, half: tuple[int, int], known_before: int
) -> RecordedMinutes:
    rows = prepared.dataset.between(*half)
    minutes, recorded = fit.recorded_touch(prepared.dataset, rows, known_before)
    return RecordedMinutes(rows[recorded], minutes[recorded])


class _JudgedHalf(NamedTuple):
    """Model and constant on one half; `gain` is by how much less each touch time costs."""

    model: TouchTime
    constant: TouchTime
    loss: float
    constant_loss: float
    gain: np.ndarray


def _half_judged(
    prepared: PreparedExceptions,
    trees: Booster,
    *,
    learned: RecordedMinutes,
    judged: RecordedMinutes,
) -> _JudgedHalf:
    spread_rows, rows = (prepared.rows.take(half.rows) for half in (learned, judged))
    model = TouchTime.calibrated(trees, spread_rows, learned.minutes)
    constant = TouchTime.calibrated(None, spread_rows, learned.minutes)
    losses, constant_losses = (_losses(touch, rows, judged.minutes) for touch in (model, constant))
    return _JudgedHalf(
        model=model,
        constant=constant,
        loss=float(losses.mean()),
        constant_loss=float(constant_losses.mean()),
        gain=constant_losses - losses,
    )


def _losses(touch: TouchTime, rows: Batch, minutes: np.ndarray) -> np.ndarray:
    return pinball_losses(touch.predict(rows), minutes, QUANTILES).mean(axis=1)


def _beyond_noise(gain: np.ndarray, detected_at: np.ndarray) -> bool:
    drawn = [gain[rows].mean() for rows in day_blocks(detected_at)]
    return bool(np.quantile(drawn, NOISE_QUANTILE) > 0)
