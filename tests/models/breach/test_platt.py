"""Two numbers put a chance right, and leave it alone where nothing is wrong."""

import numpy as np
import pytest
from scipy.special import expit, logit

from models.breach.platt import PlattScaling


@pytest.fixture
def chances():
    return np.random.default_rng(1).beta(1, 3, 20_000)


def test_as_made_it_changes_nothing(chances):
    assert PlattScaling().apply(chances) is chances


def test_chances_that_are_right_stay_as_they_are(chances):
    result = PlattScaling.fit(chances, chances).apply(chances)

    assert result == pytest.approx(chances, abs=0.002)


def test_chances_that_are_too_sure_are_put_right(chances):
    shifted = expit(2 * logit(chances) + 0.5)

    result = PlattScaling.fit(shifted, chances)

    assert result.slope == pytest.approx(0.5, abs=0.05)
    assert result.apply(shifted).mean() == pytest.approx(chances.mean(), abs=0.005)


def test_a_few_rows_say_little():
    result = PlattScaling.fit(np.full(3, 0.5), np.ones(3))

    assert np.isfinite(result.apply(np.array([0.0, 0.5, 1.0]))).all()


def test_the_order_of_chances_is_kept(chances):
    result = PlattScaling.fit(chances, np.sqrt(chances)).apply(np.sort(chances))

    assert (np.diff(result) >= 0).all()
