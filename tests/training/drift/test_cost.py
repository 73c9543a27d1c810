import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from training.drift.cost import MIN_LABELLED_OUTCOMES, PeriodPromises, cost


@pytest.fixture
def promises():
    """Build a period of 14 days whose outcomes come `off` more often than promised."""

    def _promises(n=2_000, off=0.0, seed=1, days=14):
        rng = np.random.default_rng(seed)
        promised = rng.uniform(0.1, 0.6, n)
        happened = (rng.random(n) < promised + off).astype(float)
        return PeriodPromises(promised, happened, rng.integers(0, days * MS_PER_DAY, n))

    return _promises


def test_promises_that_are_no_longer_kept_cost(promises):
    result = cost("breach", promises(), promises(off=0.2, seed=2))

    assert result.grew
    assert result.current.observed - result.current.promised == pytest.approx(0.2, abs=0.04)
    assert result.change.value == pytest.approx(0.2, abs=0.04)


def test_promises_that_are_better_kept_than_before_do_not_cost(promises):
    result = cost("breach", promises(off=0.2), promises(seed=2))

    assert result.change.high < 0
    assert not result.grew


def test_a_quiet_but_small_period_does_not_cost_by_chance(promises):
    pairs = [(promises(seed=100 + i), promises(n=150, seed=i)) for i in range(20)]

    assert sum(cost("breach", *pair).grew for pair in pairs) <= 1


def test_a_period_of_one_day_still_has_an_uncertainty(promises):
    result = cost("breach", promises(days=1), promises(days=1, seed=2))

    assert result.change.high - result.change.low > 0.01


def test_of_too_few_known_outcomes_nothing_is_said(promises):
    assert cost("breach", promises(), promises(n=MIN_LABELLED_OUTCOMES - 1)) is None
