"""In histories whose truth is known, promises are as sure as they say."""

import numpy as np
import pytest

from data.policy.policy import Policy
from models.automation.sequential_test import SequentialTest
from training.triage.automation_truth import (
    SimulatedBusiness,
    audits_until_withdrawn,
    keep_promises,
)

TERMS = Policy.read().promises
FEW, MANY = SimulatedBusiness(), SimulatedBusiness(classes=40, cells=6, past=8_000, tested=4_000)
NEARLY = SimulatedBusiness(errors=(0.0501, 0.052))


def most(histories):
    """A share of 5 % with three standard errors of so many histories."""
    return 0.05 + 3 * np.sqrt(0.05 * 0.95 / histories)


@pytest.mark.parametrize("business", [FEW, NEARLY], ids=["few classes", "all a little too bad"])
def test_promises_are_false_no_more_often_than_they_say(business):
    kept = keep_promises(business, TERMS, histories=100)

    assert kept.share_false <= most(100)
    assert kept.share_false_after <= most(100)


@pytest.mark.slow
@pytest.mark.parametrize("business", [FEW, NEARLY], ids=["few classes", "all a little too bad"])
def test_in_a_thousand_histories_promises_hold_also_after_a_new_fit(business):
    kept = keep_promises(business, TERMS, histories=1_000, seed=2)

    assert kept.share_false <= most(1_000)
    assert kept.share_false_after <= most(1_000)


def test_many_classes_do_not_make_promises_false():
    kept = keep_promises(MANY, TERMS, histories=40)

    assert kept.made >= 40
    assert kept.share_false <= most(40)
    assert kept.share_false_after <= most(40)


def test_what_can_be_promised_is():
    terms = TERMS.model_copy(update={"error": 0.1})

    assert keep_promises(FEW, terms, histories=20).automatic >= 0.4


@pytest.mark.parametrize(
    ("actual", "good", "within"), [(0.1, 0, 500), (0.2, 0, 80), (0.2, 300, 150), (0.4, 0, 30)]
)
def test_after_a_drift_a_promise_is_withdrawn_within_so_many_audits(actual, good, within):
    found = audits_until_withdrawn(SequentialTest(0.05, 0.05), actual, good=good, runs=300)

    assert np.quantile(found, 0.95) <= within


def test_while_a_promise_holds_it_is_suspended_no_more_often_than_the_level():
    found = audits_until_withdrawn(SequentialTest(0.05, 0.05), 0.05, runs=300, most=1_000)

    assert np.isfinite(found).mean() <= most(300)
