"""Gate of promotion: compares a challenger with the champion, and gives the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from data.domain import Json

NOISE_QUANTILE = 0.05
MIN_SHARE_NO_WORSE = 0.25
"""A model gives way where it is worse than plain LightGBM in three of four draws of the days."""
MAX_CALIBRATION_LOSS = 0.02
MAX_CALL_MS = 2.0


@dataclass(frozen=True)
class GateLosses:
    """Losses of one model on the evaluation window.

    Attributes:
        losses: (n,) log loss of each row, over all that both models predict.
        calibration_error: Expected calibration error of the chance of harm; 0 where there is none.
    """

    losses: np.ndarray
    calibration_error: float


@dataclass(frozen=True)
class GateDecision:
    """Decision of the gate: promoted or not, and the reason."""

    promoted: bool
    reason: str


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training run.

    Attributes:
        version: Number of the registered version; empty in a dry run.
        decision: Decision of the gate.
        reasons: For each trained model the sentence of its rehearsal.
        untrained: For each other model the reason.
        figures: For each label the measures of the model and its baselines on judged rows.
        card: The model card, a page; empty where none is written.
    """

    version: str
    decision: GateDecision
    reasons: dict[str, str]
    untrained: dict[str, str]
    figures: Json = field(default_factory=dict)
    card: str = ""


def decide_first(gains: dict[str, str], learned: Sequence[str]) -> GateDecision:
    """Decide on the first challenger: it must have learned something.

    Where a model does not beat its baseline on real outcomes, the baseline serves already.

    Args:
        gains: For each trained model the sentence of its rehearsal.
        learned: Names of the models that beat a constant on outcomes of a later window.
    """
    if not gains:
        return GateDecision(False, "nothing could be trained, so there is nothing to promote")
    summary = "; ".join(f"{name}: {reason}" for name, reason in gains.items())
    if not learned:
        return GateDecision(False, f"no model is better than a constant. {summary}")
    return GateDecision(True, f"the first champion. {summary}")


def decide(
    challenger: GateLosses, champion: GateLosses, blocks: list[np.ndarray], latency_ms: float
) -> GateDecision:
    """Judge a challenger against the champion on the same rows.

    Args:
        challenger: Fitted on nothing of the window.
        champion: Likewise.
        blocks: Draws of rows by day: the bootstrap.
        latency_ms: Median of one scoring call of the challenger.
    """
    gain = champion.losses - challenger.losses
    drawn = np.array([gain[rows].mean() for rows in blocks])
    low = float(np.quantile(drawn, NOISE_QUANTILE))
    summary = f"mean log loss {challenger.losses.mean():.4f} against {champion.losses.mean():.4f}"
    lost = challenger.calibration_error - champion.calibration_error
    if gain.mean() <= 0:
        return GateDecision(False, f"{summary}: no better than the champion")
    if low <= 0:
        return GateDecision(
            False, f"{summary}: the gain is within the noise (5 % of draws below {low:+.4f})"
        )
    if lost > MAX_CALIBRATION_LOSS:
        return GateDecision(False, f"{summary}, but the calibration error rises by {lost:.3f}")
    if latency_ms > MAX_CALL_MS:
        return GateDecision(
            False, f"{summary}, but a call takes {latency_ms:.1f} ms of {MAX_CALL_MS:g} allowed"
        )
    return GateDecision(True, f"{summary}: better beyond the noise (5 % of draws below {low:+.4f})")


def decide_recalibration(
    challenger: GateLosses, champion: GateLosses, blocks: list[np.ndarray], until: str
) -> GateDecision:
    """Decide on a challenger that differs from the champion only in calibration and guarantees.

    Its guarantees use newer labels. So it need not be better, but it must not be worse.

    Args:
        challenger: Calibrated on nothing of the window.
        champion: As it serves.
        blocks: Draws of rows by day: the bootstrap.
        until: Day before which the labels were known.
    """
    gain = champion.losses - challenger.losses
    drawn = np.array([gain[rows].mean() for rows in blocks])
    high = float(np.quantile(drawn, 1 - NOISE_QUANTILE))
    lost = challenger.calibration_error - champion.calibration_error
    summary = f"mean log loss {challenger.losses.mean():.4f} against {champion.losses.mean():.4f}"
    if high < 0:
        return GateDecision(False, f"{summary}: worse than the champion, beyond the noise")
    if lost > MAX_CALIBRATION_LOSS:
        return GateDecision(
            False, f"{summary}, but the calibration error of harm rises by {lost:.3f}"
        )
    return GateDecision(
        True, f"recalibrated: {summary}, not worse; its promises rest on labels known until {until}"
    )
