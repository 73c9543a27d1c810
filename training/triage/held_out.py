"""Held-out test for guarantees and sets: rows that no fit, calibration or choice has used.

A model is fitted on the past of a window and calibrated on its first half, which is the pilot; its
second half is the evidence. The window lies as far back as it takes for most labels of its second
half to be in: what is known early is easier, so the newest rows would promise too much. What is
still open is charged for (`Evidence.expected_wrong`).

The evidence is that of this model. The final one, fitted and calibrated on more, inherits it for as
many rows (`Evidence.served_by`). What that assumes: that it is no worse among its surest so many,
that the weeks to come are like the window, and that one exception is wrong independently of the
next. The audits watch whether that holds.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_DAY
from models.automation.conformal_sets import SetThresholds
from models.automation.evidence import CalibrationCounts, CalibrationRows
from models.classifiers.calibration import Calibration, calibrated
from models.classifiers.classifier import CalibratedClassifier
from models.estimator import Batch
from training.triage import fit
from training.triage.dataset import TriageDataset
from training.triage.fit import FittedClass, PreparedExceptions, TrainingRows
from training.triage.rehearse_classifier import LabelledExceptions, labelled_exceptions
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow

SETTLED_SHARE = 0.9
MIN_PAST_SHARE = 0.4
"""Share of the period that is left to fit on, however long labels take."""
LAST_SHARE = 0.1


class InheritedEvidence(NamedTuple):
    """Evidence that a final model inherits from a held-out test.

    Attributes:
        evidence: Counts for its thresholds.
        sets: Thresholds of its sets.
    """

    evidence: CalibrationCounts
    sets: SetThresholds


class HeldOutTest(NamedTuple):
    """A model tested on rows that it has learned nothing of.

    Attributes:
        evidence: What they show.
        sets: Made from them.
        rows: Their positions.
    """

    evidence: CalibrationCounts
    sets: SetThresholds
    rows: np.ndarray

    def served_by(
        self, model: CalibratedClassifier, take: Callable[[np.ndarray], Batch]
    ) -> InheritedEvidence:
        """Return both for the model that serves instead."""
        evidence = self.evidence.ordered(model.names)
        probability = model.probability(take(self.rows))
        return InheritedEvidence(evidence.for_model(probability), self.sets.ordered(model.names))


def tested(
    prepared: PreparedExceptions, window: RehearsalWindow, fitted: FittedClass, name: str
) -> HeldOutTest:
    """Test one label.

    Args:
        prepared: The exceptions.
        window: That of the rehearsal.
        fitted: The estimators that were fitted on its past.
        name: `NAME` of the estimator that was chosen.
    """
    settled = settled_window(prepared.dataset, window, fitted.label)
    try:
        if settled != window:
            learned = TrainingRows.before(prepared.dataset, settled.cut)
            fitted = fit.fit_class(prepared, learned, fitted.label, only=name)
    except NotEnoughDataError:  # so early too little was known: then as the rehearsal was
        settled = window
    model = CalibratedClassifier(
        label=fitted.label,
        names=tuple(fitted.names),
        prior=fitted.prior,
        estimator=fitted.estimators[name],
        calibration=Calibration(),
        selection_reason="",
    )
    return tested_on(prepared.dataset, prepared.rows.take, model, settled)


def tested_on(
    dataset: TriageDataset,
    take: Callable[[np.ndarray], Batch],
    model: CalibratedClassifier,
    window: RehearsalWindow,
) -> HeldOutTest:
    """Test a model that has learned nothing of a window.

    Args:
        dataset: The exceptions.
        take: Gives the rows at some positions.
        model: Its own calibration is not used.
        window: The first half calibrates and is the pilot.
    """
    pilot, rows, positions = calibrate_and_predict(dataset, take, model, window)
    labelled = rows.labelled
    return HeldOutTest(
        CalibrationCounts.count(model.label, model.names, rows).with_pilot(
            CalibrationCounts.count(model.label, model.names, pilot)
        ),
        SetThresholds.fit(
            model.label, model.names, rows.probability[labelled], rows.code[labelled]
        ),
        positions,
    )


def settled_window(dataset: TriageDataset, window: RehearsalWindow, label: str) -> RehearsalWindow:
    """Move the window back until nine tenths of its second half have ended, if that can be."""
    begin = int(dataset.detected_at.min())
    last = 2 * window.middle - window.cut
    least = begin + MIN_PAST_SHARE * (last - begin)
    days = range(int(max(window.cut - least, 0) // MS_PER_DAY) + 1)
    moved = (window.moved(-back * MS_PER_DAY) for back in days)
    return most_settled(dataset, label, moved) or window


def most_settled(
    dataset: TriageDataset, label: str, windows: Iterable[RehearsalWindow]
) -> RehearsalWindow | None:
    """Take the first window that is settled, else the most settled; None: all have few labels."""
    settled = _settled(dataset, label)
    has_label = ~np.isnan(dataset.labels.classes[label].known_ticks(dataset.tick, len(dataset.ids)))
    best, share = None, 0.0
    for moved in windows:
        halves = [dataset.between(*half) for half in moved.halves]
        if min(has_label[half].sum() for half in halves) < MIN_ROWS_TO_JUDGE_TRIAGE:
            continue
        here = float(settled[halves[1]].mean())
        if here > share:
            best, share = moved, here
        if here >= SETTLED_SHARE:
            break
    return best


class HeldOutRows(NamedTuple):
    """Predicted rows of both halves of a window.

    Attributes:
        pilot: Rows of the first half.
        test: Rows of the second half.
        positions: Positions of the second half.
    """

    pilot: CalibrationRows
    test: CalibrationRows
    positions: np.ndarray


def calibrate_and_predict(
    dataset: TriageDataset,
    take: Callable[[np.ndarray], Batch],
    model: CalibratedClassifier,
    window: RehearsalWindow,
) -> HeldOutRows:
    """Calibrate on the first half of a window; predict the first, and the second; say where."""
    label, names, prior = model.label, list(model.names), model.prior
    took = (
        dataset.labels.classes[label].known_ticks(dataset.tick, len(dataset.ids))
        - dataset.detected_at
    )
    halves, calibration, rows = [], None, np.empty(0, int)
    for half in window.halves:
        labelled_rows = labelled_exceptions(
            dataset, label, names=names, within=half, at=dataset.tick
        )
        rows = np.concatenate(
            [labelled_rows.rows, _still_open(dataset, label, half, labelled_rows)]
        )
        code = np.concatenate(
            [labelled_rows.code, np.full(len(rows) - len(labelled_rows.code), -1)]
        )
        scores = model.estimator.scores(take(rows))
        trainable = code >= 0
        calibration = calibration or calibrated(scores[trainable], code[trainable], prior)
        labelled = np.arange(len(rows)) < len(labelled_rows.rows)
        last = (
            np.quantile(took[labelled_rows.rows], 1 - LAST_SHARE)
            if len(labelled_rows.rows)
            else np.inf
        )
        probability = calibration.apply(scores, prior)
        halves.append(
            CalibrationRows(
                probability=probability,
                code=code,
                labelled=labelled,
                late=took[rows] >= last,
                hidden=labelled_rows.hidden,
            )
        )
    return HeldOutRows(halves[0], halves[1], rows)


def _settled(dataset: TriageDataset, label: str) -> np.ndarray:
    """Return a mask of the exceptions whose class is recorded, or that ended without one."""
    tick, n = dataset.tick, len(dataset.ids)
    labels_by_origin = (dataset.labels.classes.get(label), dataset.labels.automatic.get(label))
    has_label = [~np.isnan(labels.known_ticks(tick, n)) for labels in labels_by_origin if labels]
    return np.logical_or.reduce([dataset.labels.outcome_known(tick), *has_label])


def _still_open(
    dataset: TriageDataset, label: str, within: tuple[int, int], labelled: LabelledExceptions
) -> np.ndarray:
    """Find those whose class is to come; as few of them as of those that are judged."""
    rows = dataset.between(*within)
    settled = _settled(dataset, label)[rows]
    every = max(round(settled.sum() / max(len(labelled.rows), 1)), 1) if labelled.hidden else 1
    return rows[~settled][::every]
