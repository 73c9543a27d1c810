"""Contract of every estimator of a number: times and touch, and their baselines."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.triage.resolve_time import ConstantResolveTime, ResolveTime
from models.triage.touch_time import TouchTime

KINDS = ["hazard", "constant hazard", "touch", "constant touch"]
every_kind = pytest.mark.parametrize("kind", KINDS)
with_and_without_messages = pytest.mark.parametrize("messages", [True, False])
CLASSES = {
    "hazard": ResolveTime,
    "constant hazard": ConstantResolveTime,
    "touch": TouchTime,
    "constant touch": TouchTime,
}


def fit(kind, sample):
    rows, weight, words = sample.rows, np.ones(sample.rows.n), list(sample.words)
    resolved = np.full(rows.n, True)
    if kind.endswith("hazard"):
        return CLASSES[kind].fit(rows, sample.hours, resolved, weight)
    trees = TouchTime.fit(rows, sample.minutes, words, weight) if kind == "touch" else None
    return TouchTime.calibrated(trees, rows, sample.minutes)


@pytest.fixture(scope="module")
def fitted(a_sample):
    return cache(lambda kind, messages=True: fit(kind, a_sample(messages=messages)))


@every_kind
@with_and_without_messages
def test_predictions_lie_in_their_range(fitted, a_sample, kind, messages):
    result = fitted(kind, messages).predict(a_sample(90, 2, messages).rows)

    assert result.shape == (90, 3)
    assert np.isfinite(result).all()
    assert (result >= 0).all()
    assert (result <= 3_000).all()


@every_kind
def test_quantiles_are_ordered(fitted, a_sample, kind):
    assert (np.diff(fitted(kind).predict(a_sample(300, 2).rows), axis=1) >= 0).all()


@every_kind
@with_and_without_messages
def test_one_row_alone_is_predicted_as_among_others(fitted, a_sample, kind, messages):
    rows, model = a_sample(90, 2, messages).rows, fitted(kind, messages)

    alone = [model.predict(rows.take(np.array([i])))[0] for i in range(20)]

    np.testing.assert_allclose(alone, model.predict(rows)[:20], rtol=1e-9)


@every_kind
@with_and_without_messages
def test_what_was_never_seen_is_predicted_too(fitted, strangers, kind, messages):
    assert np.isfinite(fitted(kind, messages).predict(strangers(messages))).all()


@every_kind
def test_a_model_read_back_predicts_the_same(fitted, a_sample, kind):
    model, rows = fitted(kind), a_sample(90, 2).rows

    again = CLASSES[kind].from_json(*model.to_json())

    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
    assert again.kind == model.kind


@every_kind
def test_fitting_again_gives_the_same(fitted, a_sample, kind):
    rows = a_sample(90, 2).rows

    np.testing.assert_array_equal(fit(kind, a_sample()).predict(rows), fitted(kind).predict(rows))


def test_what_takes_long_by_type_is_expected_to_take_long(fitted, a_sample):
    rows = a_sample(300, 2).rows

    median = fitted("hazard").predict(rows)[:, 1]

    late = rows.columns["type"] == "late"
    assert np.median(median[late]) > 3 * np.median(median[~late])


def test_a_large_case_is_expected_to_need_more_work(fitted, a_sample):
    rows = a_sample(300, 2).rows

    median = fitted("touch").predict(rows)[:, 1]

    assert (
        median[rows.columns["total"] > 150].mean() > 2 * median[rows.columns["total"] < 70].mean()
    )


def test_four_of_five_touch_times_fall_between_the_outer_quantiles(fitted, a_sample):
    later, sample = a_sample(700, 4), a_sample(700, 2)
    model = TouchTime.calibrated(fitted("touch").trees, later.rows, later.minutes)

    low, _, high = model.predict(sample.rows).T

    inside = (sample.minutes >= low) & (sample.minutes <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.07)


def test_at_least_three_of_four_times_to_resolve_fall_between_the_outer_quantiles(fitted, a_sample):
    sample = a_sample(700, 2)

    low, _, high = fitted("hazard").predict(sample.rows).T

    assert ((sample.hours >= low) & (sample.hours <= high)).mean() > 0.75


def test_the_constant_touch_time_has_the_quantiles_of_all(fitted, a_sample):
    result = fitted("constant touch").predict(a_sample(3, 2).rows)

    expected = np.quantile(a_sample().minutes, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(result, np.tile(expected, (3, 1)), rtol=1e-6)


def test_weights_decide_what_counts(a_sample):
    sample = a_sample()
    late = sample.rows.columns["type"] == "late"
    turned = replace(sample, hours=np.where(late, 1.0, 500.0))
    weight, resolved = late.astype(float), np.full(sample.rows.n, True)

    result = ConstantResolveTime.fit(turned.rows, turned.hours, resolved, weight)

    assert result.predict(sample.rows.take(np.array([0])))[0, 2] <= 1.0
