"""What becomes of what is late, learned from what became of it."""

import numpy as np
import pytest

from models.breach.late_loss import LateLoss, chance_late, hours_until_lost


def ended_late(n, share, mean, seed=0):
    """How late n exceptions ended, and whether they were lost by then."""
    random = np.random.default_rng(seed)
    hours = random.exponential(40, n)
    return hours, random.random(n) < chance_late(hours, share, mean)


@pytest.mark.parametrize(("share", "mean"), [(0.1, 20.0), (0.3, 72.0), (0.6, 200.0)])
def test_both_numbers_are_found_again(share, mean):
    learned = LateLoss.fit(*ended_late(4_000, share, mean))

    assert learned.at_deadline == pytest.approx(share, abs=0.06)
    assert learned.mean_hours == pytest.approx(mean, rel=0.35)


def test_where_all_late_ones_are_recorded_as_lost_nothing_is_learned():
    hours, _ = ended_late(400, 0.3, 72.0)

    assert LateLoss.fit(hours, np.ones(400, bool)) is None


def test_few_late_ones_teach_nothing():
    assert LateLoss.fit(*ended_late(20, 0.3, 72.0)) is None


def test_at_the_hour_from_which_it_counts_as_lost_19_of_20_are():
    share, mean = np.array([0.0, 0.3, 0.9]), np.array([10.0, 72.0, 5.0])

    np.testing.assert_allclose(chance_late(hours_until_lost(share, mean), share, mean), 0.95)
