"""Recalibration moves what is read from the boosters, and never the boosters."""

import shutil

import numpy as np
import pandas as pd
import pytest

from data.domain import NotEnoughDataError
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.common.promotion import GateLosses, decide_recalibration
from training.triage.dataset import TriageDataset
from training.triage.recalibration import recalibrate_triage, recalibrated


@pytest.fixture(scope="module")
def store(shop, tmp_path_factory):
    """A copy of the store, whose champion may change."""
    root = tmp_path_factory.mktemp("recalibrated") / "mlruns"
    shutil.copytree(shop.store.root, root)
    return ModelRegistry(root)


@pytest.fixture(scope="module")
def outcome(shop, store):
    return recalibrate_triage(shop.history, shop.end, store, lambda _: None)


@pytest.fixture(scope="module")
def before_and_after(shop, store, outcome):
    return load_triage(store, shop.outcome.version), load_triage(store, outcome.version)


def test_the_boosters_are_the_same(before_and_after):
    before, after = (triage.to_files() for triage in before_and_after)

    boosters = [name for name in before if name.endswith("trees.txt")]
    assert boosters
    assert all(before[name] == after[name] for name in boosters)


def test_the_calibration_is_another(before_and_after):
    before, after = before_and_after

    assert before.classes["category"].calibration != after.classes["category"].calibration
    assert before.breach_risk.blend.calibration != after.breach_risk.blend.calibration


def test_its_promises_rest_on_what_came_since(before_and_after):
    before, after = before_and_after

    assert (before.evidence["category"].accepted != after.evidence["category"].accepted).any()
    assert after.evidence["category"].names == after.classes["category"].names


def test_it_says_why_it_was_promoted_or_not(store, outcome):
    assert "mean log loss" in outcome.decision.reason
    champion = store.champion_version("triage")
    assert (champion == outcome.version) == outcome.decision.promoted


def test_the_version_says_what_it_comes_from(shop, store, outcome):
    tags = next(v.tags for v in store.versions("triage") if v.version == outcome.version)

    assert tags["recalibrated_from"] == f"triage-{shop.outcome.version}"


def test_a_history_without_labels_recalibrates_the_chance_of_a_breach_alone(shop, store):
    champion = load_triage(store, shop.outcome.version)
    champion.classes = {}
    dataset = TriageDataset.read(shop.history, shop.end, champion.kinds)

    made = recalibrated(champion, champion, dataset)

    assert list(made.changes) == ["harm"]
    assert made.served.breach_risk.blend.calibration != champion.breach_risk.blend.calibration
    assert champion.trained_as_of < made.from_tick < dataset.tick


def test_right_after_training_there_is_nothing_to_recalibrate_on(shop, store):
    store.promote("triage", shop.outcome.version, why="test", now="")
    soon = shop.as_of + pd.Timedelta(1, "D")

    with pytest.raises(NotEnoughDataError, match="since the training"):
        recalibrate_triage(shop.history, soon, store, lambda _: None)


@pytest.mark.parametrize(
    ("loss", "error", "promoted"), [(0.5, 0.02, True), (0.7, 0.02, False), (0.5, 0.09, False)]
)
def test_a_recalibration_that_is_worse_is_refused(loss, error, promoted):
    blocks = [np.arange(100)] * 10
    champion = GateLosses(np.full(100, 0.5), 0.02)

    decision = decide_recalibration(
        GateLosses(np.full(100, loss), error), champion, blocks, "today"
    )

    assert decision.promoted == promoted
