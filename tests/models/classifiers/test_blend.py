"""Blend of class estimators: weights by what came, a stored blend reads back the same."""

from dataclasses import replace

import numpy as np
import pytest

from models.classifiers.blend import (
    AS_POOLED,
    MAX_MEMBERS,
    BlendMember,
    ClassPlan,
    pair_weights,
)
from models.classifiers.calibration import Calibration, floor_of_errors, prior_of
from models.classifiers.catalog import estimator_named
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.contract import ClassTask

MEMBERS = ("candidates", "raw_trees")


@pytest.fixture(scope="module")
def task(a_sample):
    sample = a_sample()
    return ClassTask(
        rows=sample.rows,
        code=sample.label,
        names=list(sample.names),
        prior=prior_of(sample.label, len(sample.names)),
        weight=np.ones(sample.rows.n),
        word_columns=list(sample.words),
        share_entities=sample.entities,
        past=sample.log(),
    )


@pytest.fixture(scope="module")
def model(task):
    fitted = {name: estimator_named(name).fit(task) for name in MEMBERS}
    plan = ClassPlan(
        {
            "candidates": BlendMember(0.75, Calibration(2.0, 0.01)),
            "raw_trees": BlendMember(0.25, Calibration(1.0, 0.002)),
        }
    )
    return CalibratedClassifier(
        label="team",
        names=tuple(task.names),
        prior=task.prior,
        estimator=plan.estimator(fitted, task.prior),
        calibration=AS_POOLED,
        selection_reason="for tests",
    )


def test_probabilities_are_the_weighted_mean_of_those_of_the_members(model, task):
    members = model.estimator.members
    of_candidates = Calibration(2.0, 0.01).apply(
        members["candidates"].scores(task.rows), task.prior
    )
    of_trees = Calibration(1.0, 0.002).apply(members["raw_trees"].scores(task.rows), task.prior)

    probability = model.probability(task.rows)

    np.testing.assert_allclose(probability, 0.75 * of_candidates + 0.25 * of_trees)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


def test_a_row_is_scored_alone_as_among_others(model, task):
    together = model.probability(task.rows)[5]

    alone = model.probability(task.rows.take(np.array([5])))[0]

    np.testing.assert_allclose(alone, together, rtol=1e-5)


def test_a_stored_blend_reads_back_the_same(model, task):
    plain, files = model.to_json()

    again = CalibratedClassifier.from_json(plain, files, task.past)

    assert again.estimator.kind == model.estimator.kind
    np.testing.assert_array_equal(again.probability(task.rows), model.probability(task.rows))


def test_a_blend_reads_the_past_that_its_ranker_reads(model, task, a_sample):
    later = task.rows.take(np.arange(3))
    later = later._replace(as_of=np.full(3, task.rows.as_of.max() + 1))
    continued = model.shares.with_recent(replace_labels(a_sample().log()))

    moved = model.with_recent(continued)

    assert moved.shares is continued
    assert not np.array_equal(moved.probability(later), model.probability(later))


def replace_labels(log):
    """Return the same log with all rows of one class, later known."""
    values = {name: np.zeros_like(value) for name, value in log.values.items()}
    return replace(log, values=values)


def test_the_kind_names_the_heaviest_first(model):
    assert model.estimator.kind.startswith("75% candidate ranking + 25% plain LightGBM")


def test_a_plan_of_one_is_the_estimator_itself(model, task):
    member = model.estimator.members["raw_trees"]

    assert ClassPlan.of("raw_trees").estimator({"raw_trees": member}, task.prior) is member


def test_weights_follow_what_explains_the_labels():
    right, half, wrong = np.full(500, 0.9), np.full(500, 0.5), np.full(500, 0.05)

    weights = pair_weights({"wrong": wrong, "half": half, "right": right})

    assert weights == {"right": 1.0}


def test_two_that_are_right_about_different_rows_share_the_weight():
    first = np.tile([0.95, 0.05], 200)

    weights = pair_weights({"first": first, "second": first[::-1]})

    assert weights == pytest.approx({"first": 0.5, "second": 0.5})


def test_no_more_members_than_the_heaviest_serve():
    alike = {f"estimator {number}": np.full(50, 0.5) for number in range(6)}

    weights = pair_weights(alike)

    assert len(weights) == MAX_MEMBERS
    assert sum(weights.values()) == pytest.approx(1.0)


def test_an_estimator_that_never_errs_may_be_surer():
    assert floor_of_errors(0, 1_000) < floor_of_errors(1, 1_000) < 0.002
    assert floor_of_errors(200, 1_000) == floor_of_errors(0, 20) == 0.002
