"""Blocks of time before the newest exceptions, each predicted by a model that learned none of it.

The origin rolls: a model is fitted before each block and predicts it. So most of the recorded weeks
are evidence, and not the last one alone. Each block is calibrated on the block before it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from models.automation.evidence import CalibrationRows
from models.classifiers.calibration import calibrated
from models.classifiers.classifier import CalibratedClassifier
from models.estimator import Batch
from training.triage.classes.class_trials import LabelledExceptions, labelled_exceptions
from training.triage.dataset import TriageDataset
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow, TickSpan

MAX_EARLIER_FITS = 3
"""Models that are fitted for blocks before the window of the rehearsal."""
MIN_PAST_SHARE = 0.25
"""Share of the period that the earliest of them is fitted on."""
LAST_SHARE = 0.1


class EvidenceBlock(NamedTuple):
    """A block of time, and a model that has learned nothing of it; its calibration is not used."""

    span: TickSpan
    model: CalibratedClassifier


class PredictedBlock(NamedTuple):
    """Predicted rows of a block.

    Attributes:
        rows: Calibrated, by the classes of the newest model.
        positions: Positions of the exceptions.
    """

    rows: CalibrationRows
    positions: np.ndarray


def earlier_cuts(dataset: TriageDataset, window: RehearsalWindow) -> list[int]:
    """Return the origins before a window, half a window apart, the earliest first."""
    begin, half = int(dataset.detected_at.min()), window.middle - window.cut
    first = begin + MIN_PAST_SHARE * (window.cut + 2 * half - begin)
    cuts = (window.cut - back * half for back in range(MAX_EARLIER_FITS, 0, -1))
    return [cut for cut in cuts if cut >= first]


def predict_blocks(
    dataset: TriageDataset,
    take: Callable[[np.ndarray], Batch],
    blocks: Sequence[EvidenceBlock],
) -> list[PredictedBlock]:
    """Predict blocks, the earliest first; the first one is calibrated on itself.

    A block of too few labels leaves the calibration as it was.

    Args:
        dataset: The exceptions.
        take: Gives the rows at some positions.
        blocks: One after the other in time.
    """
    names = blocks[-1].model.names
    predicted, calibration = [], None
    for span, model in blocks:
        labelled = labelled_exceptions(
            dataset, model.label, names=list(model.names), within=span, at=dataset.tick
        )
        positions = np.concatenate(
            [labelled.rows, unsettled_rows(dataset, model.label, span, labelled)]
        )
        scores = model.estimator.scores(take(positions))
        coded = np.flatnonzero(labelled.code >= 0)
        own = None
        if calibration is None or len(coded) >= MIN_ROWS_TO_JUDGE_TRIAGE:
            own = calibrated(scores[coded], labelled.code[coded], model.prior)
        calibration = calibration or own
        if calibration is None:
            continue
        probability = calibration.apply(scores, model.prior)
        rows = _rows(dataset, model, labelled, probability=probability, positions=positions)
        predicted.append(PredictedBlock(_by_names(rows, model.names, names), positions))
        calibration = own or calibration
    return predicted


def joined(blocks: Sequence[PredictedBlock]) -> PredictedBlock:
    """Return the rows of several blocks as one."""
    rows = [block.rows for block in blocks]
    return PredictedBlock(
        CalibrationRows(
            probability=np.concatenate([part.probability for part in rows]),
            code=np.concatenate([part.code for part in rows]),
            labelled=np.concatenate([part.labelled for part in rows]),
            late=np.concatenate([part.late for part in rows]),
            hidden=all(part.hidden for part in rows),
        ),
        np.concatenate([block.positions for block in blocks]),
    )


def settled(dataset: TriageDataset, label: str) -> np.ndarray:
    """Return a mask of the exceptions whose class is recorded, or that ended without one."""
    tick, n = dataset.tick, len(dataset.ids)
    labels_by_origin = (dataset.labels.classes.get(label), dataset.labels.automatic.get(label))
    has_label = [~np.isnan(labels.known_ticks(tick, n)) for labels in labels_by_origin if labels]
    return np.logical_or.reduce([dataset.labels.outcome_known(tick), *has_label])


def unsettled_rows(
    dataset: TriageDataset, label: str, within: TickSpan, labelled: LabelledExceptions
) -> np.ndarray:
    """Find those whose class is to come; as few of them as of those that are judged."""
    rows = dataset.between(*within)
    has_ended = settled(dataset, label)[rows]
    every = max(round(has_ended.sum() / max(len(labelled.rows), 1)), 1) if labelled.hidden else 1
    return rows[~has_ended][::every]


def _rows(
    dataset: TriageDataset,
    model: CalibratedClassifier,
    labelled: LabelledExceptions,
    *,
    probability: np.ndarray,
    positions: np.ndarray,
) -> CalibrationRows:
    """Return the rows of a block, by the classes of its own model."""
    n, ticks = len(labelled.rows), dataset.labels.classes[model.label]
    took = (ticks.known_ticks(dataset.tick, len(dataset.ids)) - dataset.detected_at)[positions]
    last = np.quantile(took[:n], 1 - LAST_SHARE) if n else np.inf
    return CalibrationRows(
        probability=probability,
        code=np.concatenate([labelled.code, np.full(len(positions) - n, -1)]),
        labelled=np.arange(len(positions)) < n,
        late=took >= last,
        hidden=labelled.hidden,
    )


def _by_names(
    rows: CalibrationRows, own: tuple[str, ...], names: tuple[str, ...]
) -> CalibrationRows:
    """Return rows by the classes of another model; a class that it has not is a mistake for it."""
    if own == names:
        return rows
    position = {name: code for code, name in enumerate(names)}
    onto = np.array([position.get(name, -1) for name in own])
    probability = np.zeros((len(rows.code), len(names)))
    probability[:, onto[onto >= 0]] = rows.probability[:, onto >= 0]
    code = np.where(rows.code >= 0, onto[rows.code], -1)
    return rows._replace(probability=probability, code=code)
