"""Held-out test for guarantees and sets: rows that no fit or calibration has used.

The origin of the fit rolls over the period (`evidence_blocks`): a model fitted before a block of
time predicts it, calibrated on the block before. The first block is the pilot; the others are the
evidence. They end where three of four labels are in: what is known early is easier, so the newest
rows alone would promise too much. What is still open is charged for
(`CalibrationCounts.expected_wrong`). One of the blocks also chose among the two or three estimators
of the label; that is the only choice which the evidence was seen by.

The evidence is that of these models. The final one, fitted and calibrated on more, inherits it for
as many rows (`HeldOutTest.served_by`). What that assumes: that it is no worse among its surest so
many, that the weeks to come are like the blocks, and that one exception is wrong independently of
the next. The audits watch whether that holds.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_DAY
from models.automation.conformal_sets import SetThresholds
from models.automation.evidence import CalibrationCounts
from models.classifiers.blend import ClassPlan
from models.classifiers.calibration import Calibration
from models.classifiers.classifier import CalibratedClassifier
from models.estimator import Batch
from training.triage import fit
from training.triage.automation.evidence_blocks import (
    MIN_PAST_SHARE,
    EvidenceBlock,
    earlier_cuts,
    joined,
    predict_blocks,
    settled,
)
from training.triage.dataset import TriageDataset
from training.triage.fit import FittedClass, PreparedExceptions, TrainingRows
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow, TickSpan

SETTLED_SHARE = 0.75
BLOCKS_OF_A_CHAMPION = 4
"""A champion that is recalibrated predicts so many blocks; the first of them is the pilot."""


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
    prepared: PreparedExceptions, window: RehearsalWindow, fitted: FittedClass, plan: ClassPlan
) -> HeldOutTest:
    """Test one label.

    Args:
        prepared: The exceptions.
        window: That of the rehearsal.
        fitted: The estimators that were fitted on its past.
        plan: Plan of the estimators that were chosen.
    """
    ended = settled_window(prepared.dataset, window, fitted.label)
    try:
        if ended != window:
            fitted = _fitted_before(prepared, ended.cut, fitted.label, plan)
    except NotEnoughDataError:  # so early too little was known: then as the rehearsal was
        ended = window
    newest = _model(fitted, plan)
    blocks = [EvidenceBlock(half, newest) for half in ended.halves]
    labelled = _labelled_at(prepared.dataset, fitted.label)
    for cut in reversed(earlier_cuts(prepared.dataset, ended)):
        span = TickSpan(cut, blocks[0].span.begin)
        if _count(labelled, span) < MIN_ROWS_TO_JUDGE_TRIAGE:
            break
        try:
            model = _model(_fitted_before(prepared, cut, fitted.label, plan), plan)
        except NotEnoughDataError:
            break
        blocks.insert(0, EvidenceBlock(span, model))
    return _tested(prepared.dataset, prepared.rows.take, blocks)


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
        window: It is cut into blocks of the same length.
    """
    end = 2 * window.middle - window.cut
    edges = np.linspace(window.cut, end, BLOCKS_OF_A_CHAMPION + 1).astype(np.int64).tolist()
    spans = [TickSpan(*edge) for edge in pairwise(edges)]
    labelled = _labelled_at(dataset, model.label)
    if min(_count(labelled, span) for span in spans) < MIN_ROWS_TO_JUDGE_TRIAGE:
        spans = list(window.halves)
    return _tested(dataset, take, [EvidenceBlock(span, model) for span in spans])


def settled_window(dataset: TriageDataset, window: RehearsalWindow, label: str) -> RehearsalWindow:
    """Move the window back until three of four exceptions in it have ended, if that can be."""
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
    has_ended, labelled = settled(dataset, label), _labelled_at(dataset, label)
    best, share = None, 0.0
    for moved in windows:
        if min(_count(labelled, half) for half in moved.halves) < MIN_ROWS_TO_JUDGE_TRIAGE:
            continue
        here = float(has_ended[dataset.between(moved.cut, moved.halves.second.end)].mean())
        if here > share:
            best, share = moved, here
        if here >= SETTLED_SHARE:
            break
    return best


def _tested(
    dataset: TriageDataset, take: Callable[[np.ndarray], Batch], blocks: list[EvidenceBlock]
) -> HeldOutTest:
    label, names = blocks[-1].model.label, blocks[-1].model.names
    predicted = predict_blocks(dataset, take, blocks)
    pilot, (rows, positions) = predicted[0].rows, joined(predicted[1:])
    return HeldOutTest(
        CalibrationCounts.count(label, names, rows).with_pilot(
            CalibrationCounts.count(label, names, pilot)
        ),
        SetThresholds.fit(label, names, rows.probability[rows.labelled], rows.code[rows.labelled]),
        positions,
    )


def _fitted_before(
    prepared: PreparedExceptions, cut: int, label: str, plan: ClassPlan
) -> FittedClass:
    learned = TrainingRows.before(prepared.dataset, cut)
    return fit.fit_class(prepared, learned, label, only=plan)


def _model(fitted: FittedClass, plan: ClassPlan) -> CalibratedClassifier:
    return CalibratedClassifier(
        label=fitted.label,
        names=tuple(fitted.names),
        prior=fitted.prior,
        estimator=fitted.served(plan),
        calibration=Calibration(),
        selection_reason="",
    )


def _labelled_at(dataset: TriageDataset, label: str) -> np.ndarray:
    """Return in order when the exceptions that have a label were detected."""
    known_at = dataset.labels.classes[label].known_ticks(dataset.tick, len(dataset.ids))
    return np.sort(dataset.detected_at[~np.isnan(known_at)])


def _count(moments: np.ndarray, span: TickSpan) -> int:
    begin, end = np.searchsorted(moments, span)
    return int(end - begin)
