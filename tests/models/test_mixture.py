"""Weights of a mixture."""

import numpy as np
import pytest

from models.mixture import mixture_weights


def test_the_true_shares_are_found():
    dice = np.random.default_rng(3)
    first = dice.random(20_000) < 0.7
    likelihood = np.where(first, [[0.9], [0.1]], [[0.1], [0.9]])

    weights = mixture_weights(likelihood, prior_rows=0.0)

    assert weights == pytest.approx(
        [0.75, 0.25], abs=0.02
    )  # of .9 and .1 each explains a tenth of the other


def test_imaginary_rows_draw_towards_equal_shares():
    likelihood = np.tile([[0.9], [0.1]], 10)

    weak, strong = (mixture_weights(likelihood, prior)[0] for prior in (1.0, 1_000.0))

    assert weak > 0.9
    assert strong == pytest.approx(0.5, abs=0.02)


def test_heavier_rows_count_more():
    likelihood = np.array([[0.9, 0.1], [0.1, 0.9]])

    weights = mixture_weights(likelihood, 0.1, np.array([1.8, 0.2]))

    assert weights[0] > 0.9
