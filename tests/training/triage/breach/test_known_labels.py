"""Weights of known outcomes: a slow one stands for those of younger subjects that are to come."""

import numpy as np
import pandas as pd
import pytest

from data.ticks import MS_PER_DAY, tick_of
from training.triage.breach.known_labels import MIN_KNOWN_SHARE, label_weights
from training.triage.dataset import TriageDataset

START = pd.Timestamp("2025-03-03", tz="UTC")
DAYS = 100


@pytest.fixture(scope="module")
def dataset_of(a_history):
    """Read a history of one exception a day, each with the days until its outcome is known."""

    def read(delays, as_of_day=DAYS):
        detected = START + pd.to_timedelta(np.arange(len(delays)), "D")
        ids = [f"e{i:03}" for i in range(len(delays))]
        exceptions = pd.DataFrame({"exception_id": ids, "detected_at": detected, "type": "manual"})
        outcomes = pd.DataFrame(
            {
                "exception_id": ids,
                "known_at": detected + pd.to_timedelta(delays, "D"),
                "breached": np.arange(len(delays)) % 2 == 0,
            }
        )
        history = a_history({"exceptions": exceptions, "outcomes": outcomes})
        return TriageDataset.read(history, START + pd.Timedelta(as_of_day, "D"))

    return read


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
    middle = tick_of(START) + 50 * MS_PER_DAY
    rows = np.flatnonzero(dataset.detected_at < middle)

    weights = label_weights(dataset, rows, middle)

    assert (weights > 0).sum() == 40
