"""A random search varies the trees of a run, before the window that is reported."""

import numpy as np
import pytest

from data.domain import NotEnoughDataError
from models.boosters import (
    NO_VARIATION,
    Booster,
    TreeSettings,
    TreeVariation,
    run_variation,
    seeded,
    varied,
)
from training.common.trials import NO_TRIALS, TRIALS_FILE, search

SETTINGS = TreeSettings(rounds=10, leaves=8)


def few_leaves() -> dict[str, float]:
    """A loss that is the less the fewer leaves the trees have."""
    return {"breach": 1.0 + run_variation().of(SETTINGS).leaves}


def searched(trials: int = 12):
    return search(trials, lambda: few_leaves, "2024-03-01", lambda _: None)


def test_the_trial_with_the_least_loss_serves():
    result = searched()

    best = result.table["leaves"].min()
    assert best < 1.0
    assert result.variation.leaves == best
    assert "before 2024-03-01" in result.reason


def test_the_settings_as_they_are_are_the_first_trial():
    first = searched().table.iloc[0]

    assert first["relative"] == 1.0
    assert first["trial"] == 0


def test_where_nothing_is_better_the_settings_stay():
    def no_better() -> dict[str, float]:
        return {"breach": 1.0 if run_variation() == NO_VARIATION else 2.0}

    result = search(5, lambda: no_better, "2024-03-01", lambda _: None)

    assert result.variation == NO_VARIATION
    assert "the settings as they are" in result.reason


def test_a_seed_draws_the_same_trials_again_and_another_one_others():
    tables = []
    for seed in (1, 1, 2):
        with seeded(seed):
            tables.append(searched().table)

    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_trials_are_logged_as_a_table_and_as_params(tmp_path):
    result = searched()
    result.write(tmp_path)

    lines = (tmp_path / TRIALS_FILE).read_text().splitlines()
    assert len(lines) == 1 + 1 + 12
    assert result.params["trials"] == 12
    assert result.params["trials.leaves"] == result.variation.leaves


def test_too_little_before_the_window_is_said_and_changes_nothing():
    def prepare():
        raise NotEnoughDataError("orders", 3, 60, "Import more.")

    result = search(5, prepare, "2024-03-01", lambda _: None)

    assert result.variation == NO_VARIATION
    assert "no trial was possible" in result.reasons["trials"]


def test_without_trials_nothing_is_read_or_logged():
    result = search(0, lambda: pytest.fail("it was read"), "2024-03-01", lambda _: None)

    assert result is NO_TRIALS
    assert result.params == {}
    assert result.reasons == {}


def test_a_variation_reaches_the_boosters_but_not_those_that_stay():
    table, label = np.random.default_rng(0).normal(size=(400, 3)), np.arange(400) % 7.0
    fixed = TreeSettings(rounds=10, varies=False)

    with varied(TreeVariation(rounds=2.0)):
        boosters = [
            Booster.fit(table, label, own, objective="regression") for own in (SETTINGS, fixed)
        ]

    assert [booster.booster.current_iteration() for booster in boosters] == [20, 10]


def test_a_gain_within_chance_does_not_change_the_settings():
    def hardly_better() -> dict[str, float]:
        return {"breach": 1.0 if run_variation() == NO_VARIATION else 0.999}

    result = search(5, lambda: hardly_better, "2024-03-01", lambda _: None)

    assert result.variation == NO_VARIATION
    assert "0.9990 times" in result.reason
