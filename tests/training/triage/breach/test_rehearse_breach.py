"""Real outcomes of a later window choose what gives the chance of a breach."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from data.ticks import tick_of
from models.breach.catalog import breach_estimators
from models.breach.contract import BreachEstimator
from models.breach.estimators import known_trees, logistic, raw_trees, resolve_clock, soft_trees
from models.estimator import ModelState
from models.registry.store import ModelRegistry
from training.triage.breach.rehearse_breach import RATE, rehearse_breach
from training.triage.dataset import TriageDataset
from training.triage.fit import TrainingRows
from training.triage.fit_resolve import fit_resolve
from training.triage.rehearsal import rehearse
from training.triage.train import train_triage
from training.triage.window import breach_window

LATER = pd.Timestamp("2030-01-01", tz="UTC")


class Inverted(BreachEstimator):
    """Certain of the opposite of what plain LightGBM says."""

    kind, stored_as = "inverted", "inverted"

    def __init__(self, right):
        self.right = right

    def predict(self, rows, times):
        return 1 - self.right.predict(rows, times)

    def to_json(self):
        return ModelState({}, {})


class InvertedFile:
    """What a file of `models/breach/estimators` defines."""

    NAME = "inverted"

    def suits(self, task):
        return True

    def fit(self, task):
        return Inverted(raw_trees.fit(task))


@pytest.fixture(scope="module")
def rehearsed(prepared):
    """Rehearse the chance of a breach of a history."""

    def run(history):
        exceptions = prepared(history, LATER)
        window = breach_window(exceptions.dataset)
        models = fit_resolve(exceptions, TrainingRows.before(exceptions.dataset, window.cut))
        return rehearse_breach(exceptions, window, models, resolve_baseline=False)

    return run


@pytest.fixture(scope="module")
def by_type(breach_history, rehearsed):
    """Rehearsal of a history whose breaches follow the type, while ends follow the carrier."""
    return rehearsed(breach_history())


def auc(rehearsed):
    return roc_auc_score(rehearsed.evidence.label, rehearsed.evidence.chance)


def test_what_tells_real_outcomes_apart_serves(by_type):
    assert by_type.served.blend is not None
    assert auc(by_type) > 0.75


def test_what_serves_is_learned_from_the_whole_window(by_type):
    assert by_type.served.blend.members.keys() == by_type.judged.blend.members.keys()
    assert by_type.served.rate != by_type.judged.rate


def test_the_reason_says_what_was_compared_on_how_many_outcomes(by_type):
    assert "one rate" in by_type.reason
    assert "plain LightGBM" in by_type.reason
    assert f"on {len(by_type.evidence.label):,} known outcomes" in by_type.reason


def test_each_estimator_has_a_loss_of_its_own(by_type):
    kinds = {"trees on known outcomes", "soft-label trees", "logistic regression"}

    assert kinds | {"blend", RATE} <= by_type.losses.keys()


def test_soft_labels_that_flatter_are_not_believed(by_type):
    """Ends say nothing of real breaches here, so soft labels are alike and easy to predict."""
    weights = by_type.served.blend.weights

    by_times = weights.get(soft_trees.NAME, 0) + weights.get(resolve_clock.NAME, 0)
    by_outcomes = sum(weights.get(f.NAME, 0) for f in (known_trees, logistic, raw_trees))
    assert by_times < by_outcomes / 2


def test_an_estimator_that_is_worse_than_a_constant_does_not_serve(
    breach_history, rehearsed, monkeypatch
):
    monkeypatch.setitem(breach_estimators(), InvertedFile.NAME, InvertedFile())

    result = rehearsed(breach_history())

    assert result.losses["inverted"] > result.losses[RATE]
    assert "inverted" not in result.served.blend.weights


def test_outcomes_that_follow_nothing_are_not_learned(breach_history, rehearsed):
    result = rehearsed(breach_history(follows="nothing"))

    assert result.served.blend is None
    assert result.reason.startswith(f"not learned, {RATE}")


def test_the_rate_that_serves_is_that_of_the_window(breach_history, rehearsed):
    assert rehearsed(breach_history(follows="nothing")).served.rate == pytest.approx(0.3, abs=0.06)


@pytest.fixture(scope="module")
def outcome_of_nothing(breach_history, tmp_path_factory):
    """Result of a training on outcomes that follow nothing."""
    history = breach_history(follows="nothing", timed=False)
    store = ModelRegistry(tmp_path_factory.mktemp("nothing") / "mlruns")
    return train_triage(history, LATER, store, lambda _: None)


def test_a_first_challenger_of_which_nothing_beats_a_constant_is_refused(outcome_of_nothing):
    assert not outcome_of_nothing.decision.promoted
    assert "no model is better than a constant" in outcome_of_nothing.decision.reason


def test_outcomes_without_a_resolution_train_the_chance_of_a_breach(
    breach_history, prepared, fit, predicted
):
    history = breach_history(timed=False)

    triage = fit(history, LATER)

    chance = predicted(triage, history, LATER).p_breach
    breached = prepared(history, LATER).dataset.labels.breached
    assert triage.resolve is None
    assert roc_auc_score(breached, chance) > 0.75


def test_a_chance_without_times_has_no_curve(breach_history, fit, predicted):
    history = breach_history(timed=False)

    assert predicted(fit(history, LATER), history, LATER).curve is None


@pytest.fixture
def later_auc(breach_history, fit, predicted):
    """AUC of a model of the first two thirds of a history on the last third."""

    def run(follows, scale):
        history = breach_history(n=3_000, follows=follows, scale=scale)
        dataset = TriageDataset.read(history, LATER)
        as_of = pd.Timestamp(int(np.quantile(dataset.detected_at, 2 / 3)), unit="ms", tz="UTC")
        chance = predicted(fit(history, as_of), history, LATER).p_breach
        later = dataset.detected_at >= tick_of(as_of)
        return roc_auc_score(dataset.labels.breached[later], chance[later])

    return run


@pytest.mark.parametrize("follows", ["type", "lateness"])
def test_times_eight_times_as_long_are_told_as_well(later_auc, follows):
    assert later_auc(follows, 8.0) == pytest.approx(later_auc(follows, 1.0), abs=0.02)


def test_a_rehearsal_in_which_the_rate_serves_is_no_learned_model(breach_history, prepared):
    exceptions = prepared(breach_history(follows="nothing"), LATER)

    assert "harm" in rehearse(exceptions, labels=()).use_baseline


def test_too_few_breaches_are_said(prepared, breach_history):
    exceptions = prepared(breach_history(n=150), LATER)

    untrained = rehearse(exceptions, labels=()).triage.untrained

    assert "breaches" in untrained["harm"]


def test_outcomes_weigh_1_on_average(by_type):
    assert by_type.evidence.weight.mean() == pytest.approx(1.0)
    assert np.isfinite(by_type.evidence.losses).all()
