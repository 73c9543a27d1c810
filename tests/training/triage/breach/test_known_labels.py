"""Weights of known outcomes: a slow one stands for those of younger subjects that are to come."""

import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from training.triage.breach.known_labels import MIN_KNOWN_SHARE, label_weights

DAYS = 100


def weights_of(dataset):
    return label_weights(dataset, np.arange(len(dataset.ids)), dataset.tick)


def test_an_outcome_that_is_not_known_has_no_weight(dataset_of):
    weights = weights_of(dataset_of(np.full(DAYS, 30.5)))

    assert (weights > 0).tolist() == [day + 30.5 < DAYS for day in range(DAYS)]


def test_slow_outcomes_weigh_more_than_quick_ones(dataset_of):
    delays = np.where(np.arange(DAYS) % 2 == 0, 0.5, 60.5)

    weights = weights_of(dataset_of(delays))

    assert weights[1] > 2 * weights[0]


def test_weights_are_1_where_all_are_old_enough(dataset_of):
    dataset = dataset_of(np.full(DAYS, 10.5), as_of_day=DAYS + 20)

    np.testing.assert_array_equal(weights_of(dataset), 1.0)


def test_known_outcomes_stand_for_all_exceptions(dataset_of):
    delays = np.where(np.arange(DAYS) % 2 == 0, 0.5, 60.5)

    weights = weights_of(dataset_of(delays))

    assert weights[0::2].sum() == pytest.approx(weights[1::2].sum(), rel=0.1)


def test_no_outcome_counts_for_more_than_ten(dataset_of):
    weights = weights_of(dataset_of(np.full(DAYS, 97.5)))

    assert weights.max() == pytest.approx(1 / MIN_KNOWN_SHARE)


def test_weights_are_as_of_the_moment(dataset_of):
    dataset = dataset_of(np.full(DAYS, 10.5))
    middle = dataset.detected_at[0] + 50 * MS_PER_DAY
    rows = np.flatnonzero(dataset.detected_at < middle)

    weights = label_weights(dataset, rows, middle)

    assert (weights > 0).sum() == 40
