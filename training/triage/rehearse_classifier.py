"""Rehearse one label: calibrate and choose on the window's first half, judge on its second."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from models.classifiers.calibration import Calibration, calibrated, codes, log_loss
from models.classifiers.catalog import estimator_named
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.contract import ClassEstimator
from models.estimator import Batch
from training.triage.dataset import TriageDataset
from training.triage.fit import FittedClass, PreparedExceptions
from training.triage.labels import unswayed
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow


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
    """Result of the rehearsal of one label.

    Attributes:
        name: `NAME` of the estimator that was chosen.
        model: As fitted on the past of the window and calibrated on its first half.
        losses: By kind of estimator, on the second half.
        calibration: On both halves: the final model takes it over.
    """

    name: str
    model: CalibratedClassifier
    losses: dict[str, float]
    calibration: Calibration


def labelled_exceptions(
    dataset: TriageDataset, label: str, names: list[str], within: tuple[int, int], at: int
) -> LabelledExceptions:
    """Return the exceptions to evaluate on: without a visible suggestion, where there are enough.

    Args:
        dataset: The exceptions.
        label: category, team or priority.
        names: The classes, by code.
        within: Ticks from and to which they were detected.
        at: Tick before which the class was known.
    """
    latest = dataset.labels.classes[label].at(at, len(dataset.ids))
    has_label = np.array([name is not None for name in latest], bool)
    has_label &= (dataset.detected_at >= within[0]) & (dataset.detected_at < within[1])
    rows = np.flatnonzero(unswayed(has_label, dataset.labels.hidden))
    return LabelledExceptions(
        rows, codes(latest[rows], names), bool(dataset.labels.hidden[rows].all())
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
        labelled_exceptions(prepared.dataset, label, names=names, within=half, at=window.end)
        for half in window.halves
    )
    fewest = min(int((half.code >= 0).sum()) for half in (first, second))
    if fewest < MIN_ROWS_TO_JUDGE_TRIAGE:
        raise NotEnoughDataError(
            label, fewest, MIN_ROWS_TO_JUDGE_TRIAGE, "The last weeks hold too few."
        )
    code = np.concatenate([first.code, second.code])
    rows = prepared.rows.take(np.concatenate([first.rows, second.rows]))
    early = np.arange(len(code)) < len(first.code)
    in_classes = code >= 0
    fit, judge = early & in_classes, ~early & in_classes
    trials = {
        name: _trial(estimator, rows, code, prior, fit=fit, judge=judge)
        for name, estimator in fitted.estimators.items()
    }
    best = min(trials, key=lambda name: trials[name].loss_fitted)
    chosen = trials[best]
    return RehearsedClass(
        name=best,
        model=CalibratedClassifier(
            label=label,
            names=tuple(names),
            prior=prior,
            estimator=chosen.estimator,
            calibration=chosen.calibration,
            selection_reason=_verdict(trials, best),
        ),
        losses={trial.estimator.kind: trial.loss for trial in trials.values()},
        calibration=calibrated(chosen.scores[in_classes], code[in_classes], prior),
    )


class _Trial(NamedTuple):
    """One estimator on the window.

    Attributes:
        estimator: The estimator.
        scores: Its (n, classes) raw scores.
        calibration: Fitted on the first half.
        loss_fitted: Log loss on the first half, which chooses.
        loss: Log loss on the second half, which is reported.
    """

    estimator: ClassEstimator
    scores: np.ndarray
    calibration: Calibration
    loss_fitted: float
    loss: float


def _trial(
    estimator: ClassEstimator,
    rows: Batch,
    code: np.ndarray,
    prior: np.ndarray,
    *,
    fit: np.ndarray,
    judge: np.ndarray,
) -> _Trial:
    scores = estimator.scores(rows)
    calibration = calibrated(scores[fit], code[fit], prior)
    probability = calibration.apply(scores, prior)
    return _Trial(
        estimator=estimator,
        scores=scores,
        calibration=calibration,
        loss_fitted=log_loss(probability[fit], code[fit]),
        loss=log_loss(probability[judge], code[judge]),
    )


def _verdict(trials: dict[str, _Trial], best: str) -> str:
    baselines = [trial for name, trial in trials.items() if estimator_named(name).IS_BASELINE]
    next_best = min(baselines, key=lambda trial: trial.loss)
    chosen = trials[best]
    return (
        f"{chosen.estimator.kind} (loss {chosen.loss:.4f}); "
        f"best baseline: {next_best.estimator.kind} ({next_best.loss:.4f})"
    )
