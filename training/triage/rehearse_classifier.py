"""Rehearse one label: calibrate and choose on the window's first half, judge on its second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from models.classifiers.blend import AS_POOLED, BlendMember, ClassPlan, pair_weights
from models.classifiers.blend import NAME as BLEND
from models.classifiers.calibration import (
    Calibration,
    calibrated,
    codes,
    floor_of_errors,
    log_loss,
)
from models.classifiers.catalog import estimator_named
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.contract import ClassEstimator
from models.estimator import Batch
from training.triage.dataset import TriageDataset
from training.triage.fit import FittedClass, PreparedExceptions
from training.triage.labels import unswayed
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow

MIN_GAIN_OF_BLEND = 0.02
"""Share of the loss that a blend must save: it costs more time in every call."""
ROWS_OF_ERRORS = 1_000
"""Latest rows of the training on which an estimator's own errors are counted."""


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
        judged: Plan of what was chosen, its weights learned on the first half of the window.
        served: The same, learned on both halves: the final model takes it over.
        model: What was chosen, fitted on the past of the window.
        losses: By kind of estimator, on the second half.
        calibration: On both halves: the final model takes it over.
    """

    judged: ClassPlan
    served: ClassPlan
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
    """Rehearse one label: each estimator alone, and a blend of the two that go together best.

    Raises:
        NotEnoughDataError: A half of the window has too few labels.
    """
    rows = _judging_rows(prepared, fitted, window)
    trials = {name: rows.trial(own) for name, own in fitted.estimators.items()}
    losses = {fitted.estimators[name].kind: trial.loss for name, trial in trials.items()}
    best = min(trials, key=lambda name: trials[name].loss_fitted)
    plan = served = ClassPlan.of(best)
    chosen = trials[best]
    blend = rows.blended(trials, rows.fit)
    if len(blend.members) > 1:
        pooled = rows.trial_of_blend(blend, trials)
        losses[BLEND] = pooled.loss
        if pooled.loss_fitted <= (1 - MIN_GAIN_OF_BLEND) * chosen.loss_fitted:
            plan, chosen = blend, pooled
            served = rows.blended({name: trials[name] for name in plan.members}, rows.in_classes)
    return RehearsedClass(
        judged=plan,
        served=served,
        model=CalibratedClassifier(
            label=fitted.label,
            names=tuple(fitted.names),
            prior=fitted.prior,
            estimator=(estimator := fitted.served(plan)),
            calibration=chosen.calibration,
            selection_reason=_reason(estimator.kind, chosen, trials, fitted),
        ),
        losses=losses,
        calibration=chosen.calibration_of_all if len(served.members) == 1 else AS_POOLED,
    )


class _Trial(NamedTuple):
    """One estimator on the window.

    Attributes:
        scores: Its (n, classes) raw scores.
        calibration: Fitted on the first half.
        calibration_of_all: Fitted on both halves.
        loss_fitted: Log loss on the first half, which chooses.
        loss: Log loss on the second half, which is reported.
    """

    scores: np.ndarray
    calibration: Calibration
    calibration_of_all: Calibration
    loss_fitted: float
    loss: float


@dataclass(frozen=True)
class _JudgingRows:
    """Labelled rows of the window, that judge the estimators of one label.

    Attributes:
        rows: The n rows.
        code: Their classes; -1 for one that the model does not know.
        prior: Shares of the classes.
        early: Mask of the first half.
        learned: Rows that the estimators were fitted on, the latest.
        learned_code: Their classes.
    """

    rows: Batch
    code: np.ndarray
    prior: np.ndarray
    early: np.ndarray
    learned: Batch
    learned_code: np.ndarray

    @property
    def in_classes(self) -> np.ndarray:
        """Mask of the rows whose class the model knows."""
        return self.code >= 0

    @property
    def fit(self) -> np.ndarray:
        """Mask of the rows that choose."""
        return self.early & self.in_classes

    @property
    def judge(self) -> np.ndarray:
        """Mask of the rows that are reported."""
        return ~self.early & self.in_classes

    def trial(self, estimator: ClassEstimator) -> _Trial:
        """Calibrate an estimator, and measure it."""
        guesses = estimator.scores(self.learned).argmax(axis=1)
        floor = floor_of_errors(int((guesses != self.learned_code).sum()), len(guesses))
        scores = estimator.scores(self.rows)
        of_first, of_all = (
            calibrated(scores[part], self.code[part], self.prior, floor)
            for part in (self.fit, self.in_classes)
        )
        return self._measured(scores, of_first, of_all)

    def trial_of_blend(self, plan: ClassPlan, trials: Mapping[str, _Trial]) -> _Trial:
        """Measure a blend of estimators that were tried alone."""
        scores = plan.pooled({name: trials[name].scores for name in plan.members}, self.prior)
        return self._measured(scores, AS_POOLED, AS_POOLED)

    def blended(self, trials: Mapping[str, _Trial], part: np.ndarray) -> ClassPlan:
        """Learn the weights of a blend.

        Args:
            trials: The estimators that may be members.
            part: Mask of the rows that the weights are learned on; all of them, or those that
                choose.
        """
        is_all = bool((part == self.in_classes).all())
        calibrations = {
            name: trial.calibration_of_all if is_all else trial.calibration
            for name, trial in trials.items()
        }
        likelihood = {
            name: calibrations[name].apply(trial.scores[part], self.prior)[
                np.arange(int(part.sum())), self.code[part]
            ]
            for name, trial in trials.items()
        }
        weights = pair_weights(likelihood)
        return ClassPlan(
            {name: BlendMember(weight, calibrations[name]) for name, weight in weights.items()}
        )

    def _measured(self, scores: np.ndarray, of_first: Calibration, of_all: Calibration) -> _Trial:
        probability = of_first.apply(scores, self.prior)
        return _Trial(
            scores=scores,
            calibration=of_first,
            calibration_of_all=of_all,
            loss_fitted=log_loss(probability[self.fit], self.code[self.fit]),
            loss=log_loss(probability[self.judge], self.code[self.judge]),
        )


def _judging_rows(
    prepared: PreparedExceptions, fitted: FittedClass, window: RehearsalWindow
) -> _JudgingRows:
    label, names, task = fitted.label, fitted.names, fitted.task
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
    latest = task.latest(ROWS_OF_ERRORS)
    return _JudgingRows(
        rows=prepared.rows.take(np.concatenate([first.rows, second.rows])),
        code=code,
        prior=fitted.prior,
        early=np.arange(len(code)) < len(first.code),
        learned=task.rows.take(latest),
        learned_code=task.code[latest],
    )


def _reason(kind: str, chosen: _Trial, trials: Mapping[str, _Trial], fitted: FittedClass) -> str:
    baselines = [name for name in trials if estimator_named(name).IS_BASELINE]
    next_best = min(baselines, key=lambda name: trials[name].loss)
    return (
        f"{kind} (loss {chosen.loss:.4f}); best baseline: "
        f"{fitted.estimators[next_best].kind} ({trials[next_best].loss:.4f})"
    )
