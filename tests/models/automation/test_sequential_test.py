"""A promise is suspended when its audits speak against it, and hardly ever while it holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.automation.sequential_test import AUDITS_PER_ACCOUNT, SequentialTest

ALARM = SequentialTest(error=0.05, level=0.05)


@pytest.fixture
def audits():
    """Audits that are wrong at given rates, one after the other."""

    def draw(seed, *parts):
        rng = np.random.default_rng(seed)
        return np.concatenate([rng.random(n) < rate for rate, n in parts])

    return draw


def test_before_any_audit_nothing_speaks_against_it():
    assert ALARM.suspended_after([]) is None
    assert len(ALARM.wealth([])) == 0


@given(st.lists(st.booleans(), max_size=3 * AUDITS_PER_ACCOUNT))
def test_the_account_after_an_audit_does_not_know_the_next(wrong):
    n = len(wrong) // 2

    np.testing.assert_allclose(ALARM.wealth(wrong)[:n], ALARM.wealth(wrong[:n]))


@given(st.lists(st.booleans(), max_size=3 * AUDITS_PER_ACCOUNT))
def test_the_next_audit_is_a_fair_bet_on_the_promise(wrong):
    before = ALARM.wealth(wrong)[-1] if wrong else 1.0
    after = [ALARM.wealth([*wrong, result])[-1] for result in (True, False)]

    assert 0.05 * after[0] + 0.95 * after[1] == pytest.approx(before)


def test_audits_that_are_right_never_suspend(audits):
    assert ALARM.suspended_after(np.zeros(5_000, bool)) is None


def test_audits_that_are_all_wrong_suspend_within_a_few():
    assert (ALARM.suspended_after(np.ones(20, bool)) or 99) <= 5


def test_a_promise_that_holds_is_suspended_in_no_more_runs_than_the_level(audits):
    runs = [ALARM.suspended_after(audits(seed, (0.05, 1_500))) for seed in range(400)]

    # Three standard errors of a share of 5 % among 400.
    assert np.mean([run is not None for run in runs]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(("good", "most"), [(0, 80), (300, 130)])
def test_a_fourfold_error_is_withdrawn_in_time(audits, good, most):
    runs = [ALARM.suspended_after(audits(seed, (0.02, good), (0.2, 1_000))) for seed in range(400)]

    assert np.quantile([run or np.inf for run in runs], 0.95) - good <= most


def test_a_long_good_past_hardly_delays_the_alarm(audits):
    runs = [
        [ALARM.suspended_after(audits(s, (0.02, n), (0.3, 500))) for s in range(100)]
        for n in (0, 2_000)
    ]
    soon, later = (np.median([run or np.inf for run in part]) for part in runs)

    assert later - 2_000 <= 4 * soon


def test_a_stricter_level_takes_longer():
    wrong = np.tile([True, False], 50)
    result = [SequentialTest(0.05, level).suspended_after(wrong) for level in (0.1, 0.01, 0.001)]

    assert result == sorted(result)


def test_errors_without_end_do_not_overflow():
    assert np.isfinite(SequentialTest(0.01, 0.05).wealth(np.ones(3_000, bool))).all()
