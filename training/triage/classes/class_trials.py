"""Trials of class estimators on the window of the rehearsal.

A trial is calibrated on the window's first half, and measured on both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from models.classifiers.blend import AS_POOLED, BlendMember, ClassPlan, pair_weights
from models.classifiers.calibration import (
    Calibration,
    calibrated,
    codes,
    floor_of_errors,
    log_loss,
    log_losses,
)
from models.classifiers.contract import ClassEstimator
from models.estimator import Batch
from training.common.measures import day_blocks
from training.common.promotion import MIN_SHARE_NO_WORSE
from training.triage.dataset import TriageDataset
from training.triage.fit import FittedClass, PreparedExceptions
from training.triage.labels import unswayed
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow

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


class ClassTrial(NamedTuple):
    """One estimator, or one blend, on the window.

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
class JudgingRows:
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

    def trial(self, estimator: ClassEstimator) -> ClassTrial:
        """Calibrate an estimator, and measure it."""
        guesses = estimator.scores(self.learned).argmax(axis=1)
        floor = floor_of_errors(int((guesses != self.learned_code).sum()), len(guesses))
        scores = estimator.scores(self.rows)
        of_first, of_all = (
            calibrated(scores[part], self.code[part], self.prior, floor)
            for part in (self.fit, self.in_classes)
        )
        return self._measured(scores, of_first, of_all)

    def trial_of_blend(self, plan: ClassPlan, trials: Mapping[str, ClassTrial]) -> ClassTrial:
        """Measure a blend of estimators that were tried alone."""
        scores = plan.pooled({name: trials[name].scores for name in plan.members}, self.prior)
        return self._measured(scores, AS_POOLED, AS_POOLED)

    def blended(self, trials: Mapping[str, ClassTrial], part: np.ndarray) -> ClassPlan:
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

    def is_worse(self, trial: ClassTrial, plain: ClassTrial) -> bool:
        """Return whether a trial is worse than plain LightGBM in most draws of the judged days."""
        gain = self._losses(plain) - self._losses(trial)
        drawn = [gain[rows].mean() for rows in day_blocks(self.rows.as_of[self.judge])]
        return bool(gain.mean() < 0 and (np.array(drawn) >= 0).mean() < MIN_SHARE_NO_WORSE)

    def _losses(self, trial: ClassTrial) -> np.ndarray:
        probability = trial.calibration.apply(trial.scores[self.judge], self.prior)
        return log_losses(probability, self.code[self.judge])

    def _measured(
        self, scores: np.ndarray, of_first: Calibration, of_all: Calibration
    ) -> ClassTrial:
        probability = of_first.apply(scores, self.prior)
        return ClassTrial(
            scores=scores,
            calibration=of_first,
            calibration_of_all=of_all,
            loss_fitted=log_loss(probability[self.fit], self.code[self.fit]),
            loss=log_loss(probability[self.judge], self.code[self.judge]),
        )


def judging_rows(
    prepared: PreparedExceptions, fitted: FittedClass, window: RehearsalWindow
) -> JudgingRows:
    """Gather the labelled rows of a window.

    Raises:
        NotEnoughDataError: A half of the window has too few labels.
    """
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
    return JudgingRows(
        rows=prepared.rows.take(np.concatenate([first.rows, second.rows])),
        code=code,
        prior=fitted.prior,
        early=np.arange(len(code)) < len(first.code),
        learned=task.rows.take(latest),
        learned_code=task.code[latest],
    )
