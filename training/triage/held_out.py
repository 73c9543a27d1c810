"""What promises and sets are made from: rows that no fit, calibration or choice has seen.

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
from training.triage.rehearse_classifier import LabelledExceptions, judgeable
from training.triage.window import FEWEST_JUDGED, RehearsalWindow

SETTLED_SHARE = 0.9
LEAST_PAST = 0.4
"""Share of the period that is left to fit on, however long labels take."""
LAST_SHARE = 0.1


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
    ) -> tuple[CalibrationCounts, SetThresholds]:
        """Return both for the model that serves instead."""
        evidence = self.evidence.ordered(model.names)
        probability = model.probability(take(self.rows))
        return evidence.served_by(probability), self.sets.ordered(model.names)


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
    settled = settled_window(prepared.known, window, fitted.label)
    try:
        if settled != window:
            learned = TrainingRows.before(prepared.known, settled.cut)
            fitted = fit.fit_class(prepared, learned, fitted.label, only=name)
    except NotEnoughDataError:  # so early too little was known: then as the rehearsal was
        settled = window
    model = CalibratedClassifier(
        label=fitted.label,
        names=tuple(fitted.names),
        prior=fitted.prior,
        estimator=fitted.estimators[name],
        calibration=Calibration(),
        verdict="",
    )
    return tested_on(prepared.known, prepared.rows.take, model, settled)


def tested_on(
    known: TriageDataset,
    take: Callable[[np.ndarray], Batch],
    model: CalibratedClassifier,
    window: RehearsalWindow,
) -> HeldOutTest:
    """Test a model that has learned nothing of a window.

    Args:
        known: The exceptions.
        take: Gives the rows at some positions.
        model: Its own calibration is not used.
        window: The first half calibrates and is the pilot.
    """
    pilot, rows, positions = held_out(known, take, model, window)
    labelled = rows.labelled
    return HeldOutTest(
        CalibrationCounts.count(model.label, model.names, rows).after(
            CalibrationCounts.count(model.label, model.names, pilot)
        ),
        SetThresholds.fit(
            model.label, model.names, rows.probability[labelled], rows.code[labelled]
        ),
        positions,
    )


def settled_window(known: TriageDataset, window: RehearsalWindow, label: str) -> RehearsalWindow:
    """Move the window back until nine tenths of its second half have ended, if that can be."""
    begin = int(known.detected_at.min())
    last = 2 * window.middle - window.cut
    least = begin + LEAST_PAST * (last - begin)
    days = range(int(max(window.cut - least, 0) // MS_PER_DAY) + 1)
    moved = (window.moved(-back * MS_PER_DAY) for back in days)
    return most_settled(known, label, moved) or window


def most_settled(
    known: TriageDataset, label: str, windows: Iterable[RehearsalWindow]
) -> RehearsalWindow | None:
    """Take the first window that is settled, else the most settled; None: all have few labels."""
    settled = _settled(known, label)
    named = ~np.isnan(known.labels.classes[label].known(known.tick, len(known.ids)))
    best, share = None, 0.0
    for moved in windows:
        halves = [known.between(*half) for half in moved.halves]
        if min(named[half].sum() for half in halves) < FEWEST_JUDGED:
            continue
        here = float(settled[halves[1]].mean())
        if here > share:
            best, share = moved, here
        if here >= SETTLED_SHARE:
            break
    return best


def held_out(
    known: TriageDataset,
    take: Callable[[np.ndarray], Batch],
    model: CalibratedClassifier,
    window: RehearsalWindow,
) -> tuple[CalibrationRows, CalibrationRows, np.ndarray]:
    """Calibrate on the first half of a window; predict the first, and the second; say where."""
    label, names, prior = model.label, list(model.names), model.prior
    took = known.labels.classes[label].known(known.tick, len(known.ids)) - known.detected_at
    halves, calibration, rows = [], None, np.empty(0, int)
    for half in window.halves:
        judged = judgeable(known, label, names, half, known.tick)
        rows = np.concatenate([judged.rows, _still_open(known, label, half, judged)])
        code = np.concatenate([judged.code, np.full(len(rows) - len(judged.code), -1)])
        scores = model.estimator.scores(take(rows))
        taught = code >= 0
        calibration = calibration or calibrated(scores[taught], code[taught], prior)
        labelled = np.arange(len(rows)) < len(judged.rows)
        last = np.quantile(took[judged.rows], 1 - LAST_SHARE) if len(judged.rows) else np.inf
        probability = calibration.apply(scores, prior)
        halves.append(
            CalibrationRows(probability, code, labelled, took[rows] >= last, judged.hidden)
        )
    return halves[0], halves[1], rows


def _settled(known: TriageDataset, label: str) -> np.ndarray:
    """Say of which exceptions the class is known, or will never be: they ended without one."""
    tick, n = known.tick, len(known.ids)
    told = (known.labels.classes.get(label), known.labels.automatic.get(label))
    named = [~np.isnan(one.known(tick, n)) for one in told if one]
    return np.logical_or.reduce([known.labels.outcome_known(tick), *named])


def _still_open(
    known: TriageDataset, label: str, within: tuple[int, int], judged: LabelledExceptions
) -> np.ndarray:
    """Find those whose class is to come; as few of them as of those that are judged."""
    rows = known.between(*within)
    settled = _settled(known, label)[rows]
    every = max(round(settled.sum() / max(len(judged.rows), 1)), 1) if judged.hidden else 1
    return rows[~settled][::every]
