"""Measures are those of a calculation by hand, and their intervals are those of days."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from data.ticks import MS_PER_DAY
from training.common.measures import (
    binary_measures,
    class_measures,
    day_blocks,
    expected_calibration_error,
    figure,
    figures,
    quantile_measures,
)

CHANCE = np.array([0.1, 0.4, 0.35, 0.8])
HAPPENED = np.array([0.0, 0.0, 1.0, 1.0])
ALL = np.arange(4)
cases = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=30)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("auc", 0.75),
        ("average_precision", (1 + 2 / 3) / 2),
        ("brier", (0.1**2 + 0.4**2 + 0.65**2 + 0.2**2) / 4),
        ("log_loss", -np.log([0.9, 0.6, 0.35, 0.8]).mean()),
    ],
)
def test_a_chance_is_measured_as_by_hand(measure, value):
    assert binary_measures(CHANCE, HAPPENED)[measure](ALL) == pytest.approx(value)


def test_the_average_precision_of_classes_is_that_of_all_pairs():
    probability = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.4, 0.4, 0.2]])
    code = np.array([0, 1, 2, 0])
    expected = average_precision_score(np.eye(3)[code].ravel(), probability.ravel())

    assert class_measures(probability, code)["average_precision"](ALL) == pytest.approx(expected)


@given(cases)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(cases):
    chance = np.array([p for p, _ in cases])
    happened = np.array([float(h) for _, h in cases])
    yes, no = chance[happened > 0.5], chance[happened < 0.5]

    result = binary_measures(chance, happened)["auc"](np.arange(len(cases)))

    if not len(yes) or not len(no):
        assert np.isnan(result)
    else:
        gap = yes[:, None] - no[None, :]
        assert result == pytest.approx(((gap > 0) + 0.5 * (gap == 0)).mean())


def test_a_promise_kept_has_no_calibration_error():
    chance = np.repeat([0.25, 0.75], 40)
    happened = np.tile([1.0, 0, 0, 0], 10).tolist() + np.tile([1.0, 1, 1, 0], 10).tolist()

    assert expected_calibration_error(chance, np.array(happened)) == pytest.approx(0.0, abs=1e-9)


def test_a_promise_of_half_that_never_comes_is_off_by_half():
    assert expected_calibration_error(np.full(20, 0.5), np.zeros(20)) == 0.5


def test_a_class_is_measured_as_by_hand():
    chance = np.array([[0.7, 0.2, 0.1, 0.0], [0.3, 0.4, 0.2, 0.1], [0.5, 0.3, 0.15, 0.05]])
    result = class_measures(chance, np.array([0, 0, 3]))
    rows = np.arange(3)

    assert result["accuracy"](rows) == pytest.approx(1 / 3)
    assert result["top_3"](rows) == pytest.approx(2 / 3)
    assert result["log_loss"](rows) == pytest.approx(-np.log([0.7, 0.3, 0.05]).mean())


def test_a_class_never_seen_in_training_counts_as_wrong():
    result = class_measures(np.array([[0.6, 0.4]]), np.array([-1]))

    assert result["accuracy"](np.zeros(1, int)) == 0
    assert result["top_3"](np.zeros(1, int)) == 0


def test_quantiles_are_measured_as_by_hand():
    predicted = np.array([[1.0, 4.0, 9.0], [2.0, 3.0, 5.0]])
    result = quantile_measures(predicted, np.array([6.0, 1.0]), (0.1, 0.5, 0.9))
    rows = np.arange(2)

    assert result["pinball_0.1"](rows) == pytest.approx((0.1 * 5 + 0.9 * 1) / 2)
    assert result["pinball_0.5"](rows) == pytest.approx((0.5 * 2 + 0.5 * 2) / 2)
    assert result["pinball_0.9"](rows) == pytest.approx((0.1 * 3 + 0.1 * 4) / 2)
    assert result["pinball"](rows) == pytest.approx((0.7 + 1.0 + 0.35) / 3)
    assert result["median_mae"](rows) == 2
    assert result["coverage_80"](rows) == 0.5


def test_days_are_drawn_whole():
    ticks = np.array([0, 5, MS_PER_DAY, MS_PER_DAY + 1, MS_PER_DAY + 2, 3 * MS_PER_DAY])
    days = [{0, 1}, {2, 3, 4}, {5}]

    for rows in day_blocks(ticks, repeats=50):
        drawn = np.bincount(rows, minlength=6)
        for day in days:
            assert len({drawn[row] for row in day}) == 1


def test_the_same_moments_draw_the_same_days():
    ticks = np.arange(40) * MS_PER_DAY // 3

    for block, other in zip(day_blocks(ticks), day_blocks(ticks), strict=True):
        np.testing.assert_array_equal(block, other)


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_contains_the_value_and_near_always_the_truth(seed):
    random = np.random.default_rng(seed)
    chance = random.random(600)
    happened = (random.random(600) < chance).astype(float)
    blocks = day_blocks(np.arange(600) * MS_PER_DAY // 20)

    result = figure(binary_measures(chance, happened)["brier"], 600, blocks)

    assert result.low <= result.value <= result.high
    assert result.low - 0.02 <= 1 / 6 <= result.high + 0.02


def test_days_that_go_together_widen_the_interval():
    random = np.random.default_rng(3)
    by_day = np.repeat(random.normal(size=30), 20)
    mean = {"mean": lambda rows: float(by_day[rows].mean())}
    together = figures(mean, 600, day_blocks(np.arange(600) * MS_PER_DAY // 20))["mean"]
    apart = figures(mean, 600, day_blocks(np.arange(600) * MS_PER_DAY))["mean"]

    width = together["high"] - together["low"]
    assert width > 2 * (apart["high"] - apart["low"])


def test_a_measure_that_is_not_defined_is_not_a_number():
    result = figure(binary_measures(CHANCE, np.zeros(4))["auc"], 4, day_blocks(ALL * MS_PER_DAY))

    assert np.isnan([result.value, result.low, result.high]).all()
