"""What every estimator of a class keeps to, a baseline as well as boosted trees."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.engine.class_shares import LABEL
from models.classifiers.boosted import BoostedClassifier
from models.classifiers.calibration import Calibration, prior_of
from models.classifiers.candidate_ranker import CandidateRanker
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.linear import LinearClassifier
from models.classifiers.lookup import LookupClassifier

KINDS = ["trees", "candidates", "linear", "lookup", "majority"]
every_kind = pytest.mark.parametrize("kind", KINDS)
with_and_without_messages = pytest.mark.parametrize("messages", [True, False])


def fit(kind, sample):
    rows, label, names, weight = sample.rows, sample.label, sample.names, np.ones(sample.rows.n)
    words, prior = list(sample.words), prior_of(label, len(names))
    match kind:
        case "trees":
            return BoostedClassifier.fit(rows, label, len(names), words, weight)
        case "candidates":
            return CandidateRanker.fit(rows, label, sample.shares(), list(names), "", weight)
        case "linear":
            return LinearClassifier.fit(rows, label, len(names), words)
        case "lookup":
            return LookupClassifier.fit(rows, label, prior, "type")
    return LookupClassifier.fit(rows, label, prior, "")


@pytest.fixture(scope="module")
def fitted(a_sample):
    """Fit an estimator once, into a calibrated model of the label."""

    @cache
    def _fitted(kind, messages=True):
        sample = a_sample(messages=messages)
        prior = prior_of(sample.label, len(sample.names))
        estimator = fit(kind, sample)
        return CalibratedClassifier(
            "team", sample.names, prior, estimator, Calibration(), "for tests"
        )

    return _fitted


@every_kind
@with_and_without_messages
def test_probabilities_of_a_row_sum_to_one(fitted, a_sample, kind, messages):
    probability = fitted(kind, messages).probability(a_sample(90, 2, messages).rows)

    assert probability.shape == (90, 3)
    assert (probability > 0).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_what_type_and_customer_tell_is_learned(fitted, a_sample, kind):
    sample = a_sample(400, 2)

    right = fitted(kind).probability(sample.rows).argmax(axis=1) == sample.label

    typed = sample.rows.columns["type"] != None  # noqa: E711 - elementwise
    assert right[typed].mean() > 0.9


def test_the_past_of_a_customer_tells_where_the_type_does_not(fitted, a_sample):
    sample = a_sample(400, 2)
    typeless = sample.rows.columns["type"] == None  # noqa: E711 - elementwise

    right = fitted("candidates").probability(sample.rows).argmax(axis=1) == sample.label

    assert right[typeless].mean() > 0.6


@every_kind
@with_and_without_messages
def test_one_row_alone_is_predicted_as_among_others(fitted, a_sample, kind, messages):
    rows, model = a_sample(90, 2, messages).rows, fitted(kind, messages)

    alone = [model.probability(rows.take(np.array([i])))[0] for i in range(20)]

    np.testing.assert_allclose(alone, model.probability(rows)[:20], rtol=1e-9)


@every_kind
@with_and_without_messages
def test_what_was_never_seen_is_predicted_too(fitted, strangers, kind, messages):
    probability = fitted(kind, messages).probability(strangers(messages))

    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


@every_kind
def test_a_model_read_back_predicts_the_same(fitted, a_sample, kind):
    model, rows = fitted(kind), a_sample(90, 2).rows

    again = CalibratedClassifier.from_json(*model.to_json(), model.shares)

    np.testing.assert_array_equal(again.probability(rows), model.probability(rows))


@every_kind
def test_fitting_again_gives_the_same(fitted, a_sample, kind):
    rows = a_sample(90, 2).rows

    again = fit(kind, a_sample())

    np.testing.assert_array_equal(again.scores(rows), fitted(kind).estimator.scores(rows))


def test_candidates_without_their_past_are_refused(fitted):
    plain, files = fitted("candidates").to_json()

    with pytest.raises(ValueError, match="labelled past"):
        CalibratedClassifier.from_json(plain, files, None)


def test_candidates_read_the_past_they_are_continued_by(fitted, a_sample):
    model, sample = fitted("candidates"), a_sample()
    month = 30 * 86_400_000
    log = sample.log()
    turned = replace(log, known_at=log.known_at + month, values={LABEL: (sample.label + 1.0) % 3})
    later = sample.rows._replace(as_of=sample.rows.as_of + 2 * month)

    continued = model.with_recent(model.shares.with_recent(turned)).probability(later)

    newest = (sample.label + 1) % 3
    chance = continued[np.arange(later.n), newest]
    assert chance.mean() > model.probability(later)[np.arange(later.n), newest].mean() + 0.2


@pytest.mark.parametrize("kind", ["trees", "linear", "lookup"])
def test_a_model_that_reads_no_labelled_past_stays_the_same(fitted, a_sample, kind):
    model = fitted(kind)

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

    scores = LinearClassifier.fit(two, label, 3, list(sample.words)).scores(two)

    assert (scores.argmax(axis=1) == label).mean() > 0.85


def test_linear_weights_serve_rows_without_any_word(a_sample):
    sample = a_sample(messages=False)

    scores = LinearClassifier.fit(sample.rows, sample.label, 3, []).scores(sample.rows)

    assert scores.argmax(axis=1).tolist() == [np.bincount(sample.label).argmax()] * sample.rows.n
