"""Rehearse one label: calibrate and choose on the window's first half, judge on its second."""

from dataclasses import dataclass

import numpy as np

from data.domain import NotEnoughDataError
from models.classifiers.calibration import Calibration, calibrated, codes, log_loss
from models.classifiers.classifier import CalibratedClassifier
from training.triage.dataset import TriageDataset
from training.triage.fit import FittedClass, PreparedExceptions
from training.triage.labels import unswayed
from training.triage.window import FEWEST_JUDGED, RehearsalWindow


@dataclass(frozen=True)
class LabelledExceptions:
    """Exceptions whose class people have set.

    Attributes:
        rows: Their positions.
        code: Their classes; -1 for one that the model does not know.
        hidden: All of them were set without a suggestion in view.
    """

    rows: np.ndarray
    code: np.ndarray
    hidden: bool


@dataclass(frozen=True)
class RehearsedClass:
    """What came of the rehearsal of one label.

    Attributes:
        model: As fitted on the past of the window and calibrated on its first half.
        losses: Of each estimator on the second half.
        calibration: On both halves: the final model takes it over.
    """

    model: CalibratedClassifier
    losses: dict[str, float]
    calibration: Calibration


def judgeable(
    known: TriageDataset, label: str, names: list[str], within: tuple[int, int], at: int
) -> LabelledExceptions:
    """Find what can be judged by: where there are enough, only what was set without a suggestion.

    Args:
        known: The exceptions.
        label: category, team or priority.
        names: The classes, by code.
        within: Ticks from and to which they were detected.
        at: Tick before which the class was known.
    """
    latest = known.labels.classes[label].at(at, len(known.ids))
    named = np.array([name is not None for name in latest], bool)
    named &= (known.detected_at >= within[0]) & (known.detected_at < within[1])
    rows = np.flatnonzero(unswayed(named, known.labels.hidden))
    return LabelledExceptions(
        rows, codes(latest[rows], names), bool(known.labels.hidden[rows].all())
    )


def rehearse_class(
    prepared: PreparedExceptions, fitted: FittedClass, window: RehearsalWindow
) -> RehearsedClass:
    """Rehearse one label.

    Raises:
        NotEnoughDataError: A half of the window has too few labels.
    """
    label, names, prior = fitted.label, fitted.names, fitted.prior
    first, second = (
        judgeable(prepared.known, label, names, half, window.end) for half in window.halves
    )
    fewest = min(int((half.code >= 0).sum()) for half in (first, second))
    if fewest < FEWEST_JUDGED:
        raise NotEnoughDataError(label, fewest, FEWEST_JUDGED, "The last weeks hold too few.")
    code = np.concatenate([first.code, second.code])
    rows = prepared.rows.take(np.concatenate([first.rows, second.rows]))
    early = np.arange(len(code)) < len(first.code)
    known = code >= 0
    fit, judge = early & known, ~early & known
    chosen_by, losses, found = {}, {}, {}
    for estimator in fitted.estimators:
        scores = estimator.scores(rows)
        calibration = calibrated(scores[fit], code[fit], prior)
        probability = calibration.apply(scores, prior)
        chosen_by[estimator.kind] = log_loss(probability[fit], code[fit])
        losses[estimator.kind] = log_loss(probability[judge], code[judge])
        found[estimator.kind] = (estimator, calibration, scores)
    best = min(chosen_by, key=lambda kind: chosen_by[kind])
    estimator, calibration, scores = found[best]
    verdict = _verdict(fitted, losses, best)
    return RehearsedClass(
        CalibratedClassifier(label, tuple(names), prior, estimator, calibration, verdict),
        losses,
        calibrated(scores[known], code[known], prior),
    )


def _verdict(fitted: FittedClass, losses: dict[str, float], best: str) -> str:
    models = [e.kind for e in fitted.estimators[: fitted.models]]
    baselines = {kind: loss for kind, loss in losses.items() if kind not in models}
    next_best = min(baselines, key=lambda kind: baselines[kind])
    return f"{best} (loss {losses[best]:.4f}); best baseline: {next_best} ({losses[next_best]:.4f})"
