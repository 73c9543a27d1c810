"""Evidence comes from blocks of time, each predicted by a model that learned none of it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from models.classifiers.calibration import Calibration
from models.classifiers.classifier import CalibratedClassifier
from training.triage.automation import held_out
from training.triage.automation.evidence_blocks import (
    EvidenceBlock,
    earlier_cuts,
    joined,
    predict_blocks,
)
from training.triage.labels import ClassLabels
from training.triage.window import RehearsalWindow, TickSpan

DAYS, A_DAY = 40, 10
NAMES = ("address", "fraud", "late")


class FakeLabels(SimpleNamespace):
    """Labels of the category alone."""

    def outcome_known(self, tick):
        return np.zeros(DAYS * A_DAY, bool)


def dataset_with(labelled_share=1.0) -> Any:
    """Ten exceptions a day for forty days; of the last eight days only a share has a label."""
    n = DAYS * A_DAY
    day = np.arange(n) // A_DAY
    has_label = (day < DAYS - 8) | (np.arange(n) % 10 < 10 * labelled_share)
    rows = np.flatnonzero(has_label)
    detected = day * MS_PER_DAY + np.arange(n) % A_DAY
    names = np.array(NAMES, object)[rows % 3]
    labels = ClassLabels(rows, detected[rows] + MS_PER_DAY / 2, names)
    return SimpleNamespace(
        ids=np.arange(n),
        tick=DAYS * MS_PER_DAY,
        detected_at=detected,
        labels=FakeLabels(classes={"category": labels}, automatic={}, hidden=np.zeros(n, bool)),
        between=lambda begin, end: np.flatnonzero((detected >= begin) & (detected < end)),
    )


class RightEstimator:
    """Gives the true class of each position the highest score; its first class if it lacks it."""

    def __init__(self, names):
        self.names = names

    def scores(self, positions):
        code = {name: i for i, name in enumerate(self.names)}
        own = np.array([code.get(name, 0) for name in np.array(NAMES)[positions % 3]])
        return np.eye(len(self.names))[own] * 3


def model(names=NAMES):
    estimator: Any = RightEstimator(names)
    prior = np.full(len(names), 1 / len(names))
    return CalibratedClassifier("category", names, prior, estimator, Calibration(), "")


def take(positions) -> Any:
    return positions


def span(begin, end):
    return TickSpan(begin * MS_PER_DAY, end * MS_PER_DAY)


def test_origins_lie_half_a_window_apart_and_leave_a_quarter_of_the_period():
    window = RehearsalWindow(28 * MS_PER_DAY, 34 * MS_PER_DAY, 40 * MS_PER_DAY)

    assert earlier_cuts(dataset_with(), window) == [n * MS_PER_DAY for n in (10, 16, 22)]


def test_a_short_period_has_fewer_origins():
    window = RehearsalWindow(16 * MS_PER_DAY, 28 * MS_PER_DAY, 40 * MS_PER_DAY)

    assert earlier_cuts(dataset_with(), window) == []


def test_each_block_holds_its_own_rows_and_all_of_them():
    blocks = [EvidenceBlock(span(a, b), model()) for a, b in ((10, 20), (20, 30), (30, 40))]

    predicted = predict_blocks(dataset_with(0.5), take, blocks)

    assert [len(block.positions) for block in predicted] == [100, 100, 100]
    together = joined(predicted)
    assert sorted(together.positions) == list(range(100, 400))
    assert together.rows.labelled.sum() == 260


def test_models_of_another_order_of_classes_count_by_the_names_of_the_newest():
    older = EvidenceBlock(span(10, 20), model(NAMES[::-1]))
    newest = EvidenceBlock(span(20, 30), model())

    together = joined(predict_blocks(dataset_with(), take, [older, newest]))

    rows = together.rows
    assert (rows.probability.argmax(axis=1) == rows.code).all()
    np.testing.assert_array_equal(rows.code, together.positions % 3)


def test_a_class_that_the_newest_model_does_not_know_is_an_error():
    older = EvidenceBlock(span(10, 20), model())
    newest = EvidenceBlock(span(20, 30), model((*NAMES[1:], "other")))

    first, _ = predict_blocks(dataset_with(), take, [older, newest])

    unknown = first.positions % 3 == 0
    assert (first.rows.code[unknown] == -1).all()
    assert (first.rows.code[~unknown] >= 0).all()


def test_the_first_block_is_the_pilot_and_the_others_are_the_evidence():
    window = RehearsalWindow(20 * MS_PER_DAY, 30 * MS_PER_DAY, 40 * MS_PER_DAY)

    test = held_out.tested_on(dataset_with(), take, model(), window)

    assert test.evidence.pilot is not None
    assert test.evidence.pilot.accepted[:, -1].sum() == 50
    assert test.evidence.accepted[:, -1].sum() == 150
    assert test.rows.min() == 250


@pytest.mark.parametrize(("labelled", "days_back"), [(1.0, 0), (0.5, 0), (0.1, 3)])
def test_a_window_moves_back_only_while_a_quarter_has_not_ended(labelled, days_back):
    dataset = dataset_with(labelled)
    window = RehearsalWindow(20 * MS_PER_DAY, 30 * MS_PER_DAY, 40 * MS_PER_DAY)
    moved = (window.moved(-back * MS_PER_DAY) for back in range(10))

    result = held_out.most_settled(dataset, "category", moved)

    assert result is not None
    assert (window.cut - result.cut) / MS_PER_DAY == days_back
