"""Recalibration of a chance of a breach that was learned without times: known outcomes decide."""

import pandas as pd
import pytest

from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.triage.recalibration import recalibrate_triage
from training.triage.train import train_triage

AS_OF = pd.Timestamp("2022-05-30", tz="UTC")
LATER = pd.Timestamp("2022-07-06", tz="UTC")


@pytest.fixture(scope="module")
def before_and_after(breach_history, tmp_path_factory):
    store = ModelRegistry(tmp_path_factory.mktemp("untimed") / "mlruns")
    history = breach_history(timed=False, has_category=True)
    first = train_triage(history, AS_OF, store, lambda _: None)
    second = recalibrate_triage(history, LATER, store, lambda _: None)
    return load_triage(store, first.version), load_triage(store, second.version), second


def test_a_chance_without_times_is_recalibrated(before_and_after):
    before, after, _ = before_and_after

    assert before.breach_risk.blend.weights == after.breach_risk.blend.weights
    assert before.breach_risk.blend.calibration != after.breach_risk.blend.calibration


def test_the_rate_becomes_that_of_the_outcomes_since_training(before_and_after):
    _, after, _ = before_and_after

    assert after.breach_risk.rate == pytest.approx(0.37, abs=0.07)


def test_the_change_is_said(before_and_after):
    *_, result = before_and_after

    assert result.reasons["harm"].startswith("shift")
