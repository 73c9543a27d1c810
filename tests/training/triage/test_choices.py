"""Whoever trains chooses what is read and what competes; a name that is not there is answered."""

import pytest

from data.domain import BadInputError, UnknownChoiceError
from training.triage.choices import CompetingEstimators, TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose


@pytest.fixture(scope="module")
def dataset(shop):
    return TriageDataset.read(shop.history, shop.as_of)


def plan_of(dataset, choices):
    return choose(choices.narrowed(dataset), choices).plan


def test_without_a_feature_nothing_of_the_plan_names_it(dataset):
    plan = plan_of(dataset, TrainingChoices(without=("type*",)))

    names = [*plan.words, *plan.attributes, *plan.entities]
    assert not [name for name in names if name.startswith("type")]


def test_without_a_feature_its_raw_column_is_empty(dataset):
    column = TrainingChoices(without=("type",)).narrowed(dataset).columns["type"]

    assert not any(column)


def test_with_some_features_the_plan_holds_no_others(dataset):
    plan = plan_of(dataset, TrainingChoices(features=("type", "channel")))

    assert {*plan.words, *plan.attributes, *plan.entities} == {"type", "channel"}


def test_without_the_message_no_message_is_read(dataset):
    assert not plan_of(dataset, TrainingChoices(without=("message",))).messages


def test_a_pattern_that_matches_nothing_is_answered_with_near_names(dataset):
    with pytest.raises(BadInputError, match=r"--without: no feature is called 'chanel'.*channel"):
        TrainingChoices(without=("chanel",)).narrowed(dataset)


def test_baselines_compete_whatever_is_named():
    assert "majority" in (CompetingEstimators.named(["trees"]).classes or ())


def test_the_plain_trees_compete_whatever_is_named():
    assert CompetingEstimators.named(["logistic"]).breach == {"logistic", "raw_trees"}


def test_names_may_stand_in_one_text():
    apart = CompetingEstimators.named(["logistic", "soft_trees"])

    assert CompetingEstimators.named(["logistic, soft_trees"]) == apart


def test_an_estimator_that_is_not_there_is_answered_with_those_there_are():
    with pytest.raises(UnknownChoiceError, match=r"no estimator 'tree'.*raw_trees.*trees"):
        CompetingEstimators.named(["tree"])
