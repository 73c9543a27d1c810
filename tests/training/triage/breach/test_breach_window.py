"""Windows of the rehearsal: the latest whose outcomes have had time to come."""

import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from training.triage.window import MAX_WINDOW_SHARE, MIN_BREACHES_OF_A_HALF, breach_window

DAYS = 300


def breaches_between(dataset, begin, end):
    rows = dataset.between(begin, end)
    return rows[dataset.labels.breach_known(dataset.tick)[rows]]


def settled_end(window):
    """Return the tick up to which nine of ten outcomes have come."""
    return 2 * window.middle - window.cut


def test_quick_outcomes_are_judged_up_to_the_last_detection(dataset_of):
    dataset = dataset_of(np.full(DAYS, 0.5))

    assert settled_end(breach_window(dataset)) == pytest.approx(dataset.detected_at.max(), abs=2)


def test_outcomes_that_take_long_move_the_window_back(dataset_of):
    dataset = dataset_of(np.full(DAYS, 60.5))

    window = breach_window(dataset)

    assert 45 <= (dataset.tick - settled_end(window)) / MS_PER_DAY <= 60


def test_nine_of_ten_outcomes_of_a_window_are_known(dataset_of):
    dataset = dataset_of(np.where(np.arange(DAYS) % 4 == 0, 90.5, 1.5))

    window = breach_window(dataset)

    judged = dataset.between(window.cut, settled_end(window))
    assert len(breaches_between(dataset, window.cut, settled_end(window))) >= 0.9 * len(judged)


def test_what_was_detected_too_late_to_have_ended_is_not_judged(dataset_of):
    dataset = dataset_of(np.full(DAYS, 60.5))

    assert breach_window(dataset).end < dataset.tick - 50 * MS_PER_DAY


def test_outcomes_that_never_come_do_not_move_the_window(dataset_of):
    delays = np.where(np.arange(DAYS) % 3 == 0, 9_999.5, 0.5)
    dataset = dataset_of(delays)

    assert settled_end(breach_window(dataset)) == pytest.approx(dataset.detected_at.max(), abs=2)


def test_a_window_is_no_longer_than_its_share_of_the_period(dataset_of):
    dataset = dataset_of(np.full(DAYS, 0.5))

    window = breach_window(dataset)

    assert (settled_end(window) - window.cut) / MS_PER_DAY <= MAX_WINDOW_SHARE * DAYS


def test_too_few_breaches_give_no_window(dataset_of):
    assert breach_window(dataset_of(np.full(DAYS, 0.5), breached=np.arange(DAYS) % 50 == 0)) is None


def test_too_few_others_give_no_window(dataset_of):
    assert breach_window(dataset_of(np.full(DAYS, 0.5), breached=np.arange(DAYS) % 50 > 0)) is None


def test_outcomes_that_are_not_recorded_give_no_window(dataset_of):
    assert breach_window(dataset_of(np.full(DAYS, 9_999.5))) is None


def test_each_half_of_a_window_has_breaches_and_others(dataset_of):
    recent = np.arange(DAYS) >= DAYS - 40
    dataset = dataset_of(np.full(DAYS, 0.5), breached=~recent & (np.arange(DAYS) % 2 == 0))

    window = breach_window(dataset)

    for half in window.halves:
        outcomes = dataset.labels.breached[breaches_between(dataset, *half)]
        assert min(outcomes.sum(), (1 - outcomes).sum()) >= MIN_BREACHES_OF_A_HALF
