"""Every class estimator of the folder keeps its contract, a baseline as well as boosted trees."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from features.engine.class_shares import LABEL
from features.engine.compute import Matrix
from models.classifiers.calibration import Calibration, prior_of
from models.classifiers.catalog import estimator_named, estimators
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.contract import ClassTask
from models.classifiers.meaning import without_messages

NAMES = [estimator.NAME for estimator in estimators()]
LEARNING = ["trees", "candidates", "linear", "lookup"]
every_estimator = pytest.mark.parametrize("name", NAMES)
with_and_without_messages = pytest.mark.parametrize("messages", [True, False])


def task_of(sample, **changes):
    task = ClassTask(
        rows=sample.rows,
        code=sample.label,
        names=list(sample.names),
        prior=prior_of(sample.label, len(sample.names)),
        weight=np.ones(sample.rows.n),
        word_columns=list(sample.words),
        first_column="type",
        share_entities=sample.entities,
        past=sample.log(),
    )
    return replace(task, **changes)


def fit(name, sample, **changes):
    return estimator_named(name).fit(task_of(sample, **changes))


@pytest.fixture(scope="module")
def fitted(a_sample):
    """Fit an estimator once, into a calibrated model of the label."""

    @cache
    def _fitted(name, messages=True):
        sample = a_sample(messages=messages)
        prior = prior_of(sample.label, len(sample.names))
        # Candidates are told no first class: customers alone must tell it.
        changes = {"first_column": ""} if name == "candidates" else {}
        estimator = fit(name, sample, **changes)
        return CalibratedClassifier(
            "team", sample.names, prior, estimator, Calibration(), "for tests"
        )

    return _fitted


def test_what_a_blend_is_made_of_is_fitted_once(a_sample):
    task = task_of(a_sample())
    blend = task.fitted(estimator_named("trees_and_words").fit)

    assert task.fitted(estimator_named("trees_and_words").fit) is blend
    assert task.fitted(estimator_named("linear").fit) is blend.words
    assert replace(task).fitted(estimator_named("linear").fit) is not blend.words


@every_estimator
def test_a_name_is_found_and_a_sample_suits(a_sample, name):
    assert name == estimator_named(name).NAME
    assert estimator_named(name).suits(task_of(a_sample()))


@every_estimator
def test_a_champion_stores_a_name_that_can_load_it(fitted, name):
    assert fitted(name).estimator.stored_as in NAMES


def test_models_go_before_baselines_and_names_are_unique():
    baselines = [estimator.IS_BASELINE for estimator in estimators()]

    assert baselines == sorted(baselines)
    assert len(set(NAMES)) == len(NAMES)


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match="candidates"):
        estimator_named("magic")


@every_estimator
@with_and_without_messages
def test_probabilities_of_a_row_sum_to_one(fitted, a_sample, name, messages):
    probability = fitted(name, messages).probability(a_sample(90, 2, messages).rows)

    assert probability.shape == (90, 3)
    assert (probability > 0).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


@pytest.mark.parametrize("name", LEARNING)
def test_what_type_and_customer_tell_is_learned(fitted, a_sample, name):
    sample = a_sample(400, 2)

    right = fitted(name).probability(sample.rows).argmax(axis=1) == sample.label

    typed = sample.rows.columns["type"] != None  # noqa: E711 - elementwise
    assert right[typed].mean() > 0.9


def test_words_alone_decide_where_nothing_else_is_recorded(fitted, a_sample):
    sample = a_sample(400, 2)
    matrix = sample.rows.matrix
    alone = Matrix(np.full_like(matrix.dense, np.nan), matrix.messages)
    rows = sample.rows._replace(matrix=alone)
    written = np.array([len(buckets) > 0 for buckets in matrix.messages.buckets])

    def chance(trees):
        scores = trees.scores(rows) - np.logaddexp.reduce(trees.scores(rows), axis=1)[:, None]
        return np.exp(scores[np.arange(rows.n), sample.label])[written].mean()

    with_copies = fitted("trees_and_words").estimator.trees
    assert chance(with_copies) > 0.9
    assert chance(fitted("trees").estimator) < 0.8


def test_all_else_decides_where_no_message_can_be_read(fitted, a_sample):
    sample = a_sample(400, 2)
    typed = np.flatnonzero(sample.rows.columns["type"] != None)  # noqa: E711 - elementwise
    rows = without_messages(sample.rows, np.arange(400)).take(typed)

    scores = fitted("trees_and_words").estimator.trees.scores(rows)

    assert (scores.argmax(axis=1) == sample.label[typed]).mean() > 0.9


def test_the_past_of_a_customer_tells_where_the_type_does_not(fitted, a_sample):
    sample = a_sample(400, 2)
    typeless = sample.rows.columns["type"] == None  # noqa: E711 - elementwise

    right = fitted("candidates").probability(sample.rows).argmax(axis=1) == sample.label

    assert right[typeless].mean() > 0.6


@every_estimator
@with_and_without_messages
def test_one_row_alone_is_predicted_as_among_others(fitted, a_sample, name, messages):
    rows, model = a_sample(90, 2, messages).rows, fitted(name, messages)

    alone = [model.probability(rows.take(np.array([i])))[0] for i in range(20)]

    np.testing.assert_allclose(alone, model.probability(rows)[:20], rtol=1e-9)


@every_estimator
@with_and_without_messages
def test_what_was_never_seen_is_predicted_too(fitted, strangers, name, messages):
    probability = fitted(name, messages).probability(strangers(messages))

    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


@every_estimator
def test_a_model_read_back_predicts_the_same(fitted, a_sample, name):
    model, rows = fitted(name), a_sample(90, 2).rows

    again = CalibratedClassifier.from_json(*model.to_json(), a_sample().log())

    np.testing.assert_array_equal(again.probability(rows), model.probability(rows))


@every_estimator
def test_fitting_again_gives_the_same(fitted, a_sample, name):
    rows = a_sample(90, 2).rows

    again, before = fit(name, a_sample()), fit(name, a_sample())

    np.testing.assert_array_equal(again.scores(rows), before.scores(rows))


def test_candidates_without_their_past_are_refused(fitted):
    plain, files = fitted("candidates").to_json()

    with pytest.raises(ValueError, match="labelled past"):
        CalibratedClassifier.from_json(plain, files, None)


def test_candidates_read_the_past_they_are_continued_by(fitted, a_sample):
    model, sample = fitted("candidates"), a_sample()
    month = 30 * MS_PER_DAY
    log = sample.log()
    turned = replace(log, known_at=log.known_at + month, values={LABEL: (sample.label + 1.0) % 3})
    later = sample.rows._replace(as_of=sample.rows.as_of + 2 * month)

    continued = model.with_recent(model.shares.with_recent(turned)).probability(later)

    newest = (sample.label + 1) % 3
    chance = continued[np.arange(later.n), newest]
    assert chance.mean() > model.probability(later)[np.arange(later.n), newest].mean() + 0.2


@pytest.mark.parametrize("name", sorted({*NAMES} - {"candidates"}))
def test_a_model_that_reads_no_labelled_past_stays_the_same(fitted, a_sample, name):
    model = fitted(name)

    assert model.with_recent(a_sample().shares()) is model
    assert model.shares is None


def test_a_lookup_gives_the_usual_where_the_word_is_new(fitted, strangers):
    model = fitted("lookup")

    probability = model.probability(strangers(True))

    np.testing.assert_allclose(probability, np.tile(model.prior, (3, 1)))


def test_the_majority_is_the_same_for_each(fitted, a_sample):
    model = fitted("majority")

    probability = model.probability(a_sample(30, 2).rows)

    np.testing.assert_allclose(probability, np.tile(model.prior, (30, 1)))


def test_linear_weights_serve_a_label_of_two_classes(a_sample):
    sample = a_sample()
    two = sample.rows.take(sample.label < 2)
    label = sample.label[sample.label < 2]

    task = task_of(sample, rows=two, code=label, weight=np.ones(two.n))
    scores = estimator_named("linear").fit(task).scores(two)

    assert (scores.argmax(axis=1) == label).mean() > 0.85


def test_linear_weights_serve_rows_without_any_word(a_sample):
    sample = a_sample(messages=False)

    scores = fit("linear", sample, word_columns=[]).scores(sample.rows)

    assert scores.argmax(axis=1).tolist() == [np.bincount(sample.label).argmax()] * sample.rows.n
