"""Contract of every estimator of a number: times, touch and breach, and their baselines."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from data.ticks import MS_PER_HOUR
from models.breach.breach_label import DEADLINE_GROUP, BreachByLateness, ClosedExceptions
from models.triage.breach_risk import BreachRisk, due_hours
from models.triage.resolve_time import ConstantResolveTime, ResolveTime
from models.triage.touch_time import TouchTime

KINDS = ["hazard", "constant hazard", "touch", "constant touch", "harm", "constant harm"]
TREES = ["hazard", "touch", "harm"]
every_kind = pytest.mark.parametrize("kind", KINDS)
with_and_without_messages = pytest.mark.parametrize("messages", [True, False])
CLASSES = {
    "hazard": ResolveTime,
    "constant hazard": ConstantResolveTime,
    "touch": TouchTime,
    "constant touch": TouchTime,
    "harm": BreachRisk,
    "constant harm": BreachRisk,
}


def a_clock():
    hours = np.linspace(0, 100, 200)
    return BreachByLateness.fit(ClosedExceptions(np.full(200, "", object), hours, hours > 48), 1.0)


def fit(kind, sample):
    rows, weight, words = sample.rows, np.ones(sample.rows.n), list(sample.words)
    resolved = np.full(rows.n, True)
    if kind.endswith("hazard"):
        return CLASSES[kind].fit(rows, sample.hours, resolved, weight)
    if kind.endswith("touch"):
        trees = TouchTime.fit(rows, sample.minutes, words, weight) if kind == "touch" else None
        return TouchTime.calibrated(trees, rows, sample.minutes)
    breach_risk = BreachRisk.fit(rows, (sample.hours > 48).astype(float), a_clock(), words, weight)
    return breach_risk if kind == "harm" else breach_risk.baseline()


def predict(model, rows):
    if isinstance(model, BreachRisk):
        return model.predict(rows, np.full((rows.n, 16), 1 / 16))[:, None]
    return model.predict(rows)


@pytest.fixture(scope="module")
def fitted(a_sample):
    return cache(lambda kind, messages=True: fit(kind, a_sample(messages=messages)))


@every_kind
@with_and_without_messages
def test_predictions_lie_in_their_range(fitted, a_sample, kind, messages):
    result = predict(fitted(kind, messages), a_sample(90, 2, messages).rows)

    assert result.shape == (90, 1 if "harm" in kind else 3)
    assert np.isfinite(result).all()
    assert (result >= 0).all()
    assert (result <= (1 if "harm" in kind else 3_000)).all()


@pytest.mark.parametrize("kind", KINDS[:4])
def test_quantiles_are_ordered(fitted, a_sample, kind):
    assert (np.diff(predict(fitted(kind), a_sample(300, 2).rows), axis=1) >= 0).all()


@every_kind
@with_and_without_messages
def test_one_row_alone_is_predicted_as_among_others(fitted, a_sample, kind, messages):
    rows, model = a_sample(90, 2, messages).rows, fitted(kind, messages)

    alone = [predict(model, rows.take(np.array([i])))[0] for i in range(20)]

    np.testing.assert_allclose(alone, predict(model, rows)[:20], rtol=1e-9)


@every_kind
@with_and_without_messages
def test_what_was_never_seen_is_predicted_too(fitted, strangers, kind, messages):
    assert np.isfinite(predict(fitted(kind, messages), strangers(messages))).all()


@every_kind
def test_a_model_read_back_predicts_the_same(fitted, a_sample, kind):
    model, rows = fitted(kind), a_sample(90, 2).rows

    again = CLASSES[kind].from_json(*model.to_json())

    np.testing.assert_array_equal(predict(again, rows), predict(model, rows))
    assert again.kind == model.kind


@every_kind
def test_fitting_again_gives_the_same(fitted, a_sample, kind):
    rows = a_sample(90, 2).rows

    np.testing.assert_array_equal(predict(fit(kind, a_sample()), rows), predict(fitted(kind), rows))


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


def test_harm_is_expected_where_it_came_before(fitted, a_sample):
    rows = a_sample(300, 2).rows

    chance = predict(fitted("harm"), rows)[:, 0]

    late = rows.columns["type"] == "late"
    assert chance[late].min() > chance[~late].max()


def test_four_of_five_touch_times_fall_between_the_outer_quantiles(fitted, a_sample):
    later, sample = a_sample(700, 4), a_sample(700, 2)
    model = TouchTime.calibrated(fitted("touch").trees, later.rows, later.minutes)

    low, _, high = model.predict(sample.rows).T

    inside = (sample.minutes >= low) & (sample.minutes <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.07)


def test_at_least_three_of_four_times_to_resolve_fall_between_the_outer_quantiles(fitted, a_sample):
    sample = a_sample(700, 2)

    low, _, high = predict(fitted("hazard"), sample.rows).T

    assert ((sample.hours >= low) & (sample.hours <= high)).mean() > 0.75


def test_the_constant_touch_time_has_the_quantiles_of_all(fitted, a_sample):
    result = fitted("constant touch").predict(a_sample(3, 2).rows)

    expected = np.quantile(a_sample().minutes, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(result, np.tile(expected, (3, 1)), rtol=1e-6)


def test_the_constant_harm_is_the_mean_of_the_labels(fitted, a_sample):
    chance = predict(fitted("constant harm"), a_sample(3, 2).rows)

    np.testing.assert_allclose(chance, (a_sample().hours > 48).mean())


def test_the_curve_of_harm_rises_to_near_certainty(fitted, a_sample):
    curve = fitted("harm").curve(a_sample(5, 2).rows.columns)

    assert curve.shape == (5, 11)
    assert (np.diff(curve, axis=1) >= 0).all()
    assert (curve[:, -1] > 0.9).all()


def test_the_curve_of_harm_counts_from_the_deadline_where_it_is_known(a_sample):
    rows = a_sample(4, 2).rows
    detected = rows.columns["detected_at"]
    due = detected + np.array([10, 30, 50, 90]) * MS_PER_HOUR
    hours = np.linspace(-50, 50, 200)
    clock = BreachByLateness.fit(
        ClosedExceptions(np.full(200, DEADLINE_GROUP, object), hours, hours > 0), 0.0
    )

    curve = BreachRisk(None, clock, 0.5).curve({**rows.columns, "due_at": due})

    # Ages are 0, 1, 4, 8, 24, 48, 96 hours, ...
    assert (curve > 0.5).argmax(axis=1).tolist() == [4, 5, 6, 6]


def test_hours_to_a_deadline_that_is_not_known_are_not_a_number(a_sample):
    assert np.isnan(due_hours(a_sample(3, 2).rows.columns)).all()


def test_weights_decide_what_counts(a_sample):
    sample = a_sample()
    late = sample.rows.columns["type"] == "late"
    turned = replace(sample, hours=np.where(late, 1.0, 500.0))
    weight, resolved = late.astype(float), np.full(sample.rows.n, True)

    result = ConstantResolveTime.fit(turned.rows, turned.hours, resolved, weight)

    assert result.predict(sample.rows.take(np.array([0])))[0, 2] <= 1.0
