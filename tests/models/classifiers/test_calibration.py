"""Scores become probabilities that can be counted as money."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.classifiers.calibration import (
    Calibration,
    calibrated,
    class_names,
    codes,
    log_loss,
    prior_of,
)

PRIOR = np.array([0.5, 0.3, 0.2])
scores = arrays(float, (5, 3), elements=st.floats(-50, 50))


@given(scores=scores, temperature=st.floats(0.2, 5), floor=st.floats(0.001, 0.2))
def test_probabilities_sum_to_one_and_none_is_zero(scores, temperature, floor):
    result = Calibration(temperature, floor).apply(scores, PRIOR)

    np.testing.assert_allclose(result.sum(axis=1), 1.0)
    assert (result >= floor * PRIOR * 0.999).all()


def test_a_class_out_of_question_keeps_its_share_of_the_floor():
    result = Calibration(1.0, 0.01).apply(np.array([[0.0, -np.inf, 0.0]]), PRIOR)

    assert result[0, 1] == pytest.approx(0.003)


@pytest.mark.parametrize("sureness", [0.3, 1.0, 3.0])
def test_calibration_undoes_too_much_and_too_little_sureness(sureness):
    random = np.random.default_rng(1)
    true = random.normal(0, 1.5, (4_000, 3))
    chance = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
    label = (chance.cumsum(axis=1) < random.random((4_000, 1))).sum(axis=1)

    result = calibrated(true * sureness, label, prior_of(label, 3))

    assert result.temperature == pytest.approx(sureness, rel=0.15)


def test_calibration_never_makes_the_log_loss_worse():
    random = np.random.default_rng(2)
    scores, label = random.normal(0, 3, (300, 3)), random.integers(0, 3, 300)
    prior = prior_of(label, 3)

    better = calibrated(scores, label, prior).apply(scores, prior)

    assert log_loss(better, label) < log_loss(Calibration().apply(scores, prior), label)


def test_names_stand_by_frequency_then_by_name():
    labels = np.array(["b", "a", "c", "c", "a", "b", "c", "rare"], object)

    assert class_names(labels, 2) == ["c", "a", "b"]


def test_none_and_names_that_are_not_there_have_no_code():
    assert codes(np.array(["b", None, "x", "a"], object), ["a", "b"]).tolist() == [1, -1, -1, 0]


def test_a_class_never_seen_has_a_share_too():
    assert (prior_of(np.array([0, 0, 2]), 4) > 0).all()
