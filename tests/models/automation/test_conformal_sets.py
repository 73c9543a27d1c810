"""A set holds the right class as often as is promised, whichever that is."""

import numpy as np
import pytest

from models.automation.conformal_sets import MIN_ROWS_FOR_OWN_THRESHOLD, SetThresholds

NAMES = tuple(f"c{k}" for k in range(6))
SHARES = np.array([0.5, 0.2, 0.15, 0.1, 0.04, 0.01])


@pytest.fixture(scope="module")
def rows():
    """Rows of a model that is less sure of some classes than of others."""

    def draw(n, seed):
        rng = np.random.default_rng(seed)
        code = rng.choice(6, n, p=SHARES)
        scores = rng.normal(size=(n, 6)) + np.log(SHARES)
        scores[np.arange(n), code] += np.array([4.0, 3.0, 2.0, 3.0, 2.0, 2.0])[code]
        chance = np.exp(scores)
        return chance / chance.sum(axis=1, keepdims=True), code

    return draw


@pytest.fixture(scope="module")
def sets(rows):
    return SetThresholds.fit("category", NAMES, *rows(4_000, 1))


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_each_frequent_class_is_covered(rows, coverage):
    covered = np.zeros(4)
    for seed in range(20):
        sets = SetThresholds.fit("category", NAMES, *rows(2_500, seed))
        chance, code = rows(4_000, 100 + seed)
        members = sets.members(chance, coverage)[np.arange(4_000), code]
        covered += [members[code == k].mean() / 20 for k in range(4)]

    # A mean of 20 windows: their spread is below 0.01.
    assert (covered >= coverage - 0.02).all()
    assert (covered <= coverage + 0.03).all()


def test_rare_classes_are_covered_together(rows, sets):
    chance, code = rows(40_000, 5)
    rare = code >= 4

    covered = sets.members(chance, 0.9)[np.arange(len(code)), code]

    assert sets.rows[5] < MIN_ROWS_FOR_OWN_THRESHOLD
    assert covered[code == 5].mean() == pytest.approx(0.9, abs=0.15)
    assert rare.any()


def test_a_higher_coverage_only_adds_names(rows, sets):
    chance, _ = rows(500, 7)

    assert (sets.members(chance, 0.95) >= sets.members(chance, 0.8)).all()


def test_too_few_rows_for_a_coverage_put_a_class_in_no_set(rows):
    chance, code = rows(8, 1)

    assert not SetThresholds.fit("category", NAMES, chance, code).members(chance, 0.95).any()


def test_a_coverage_between_two_is_the_higher_one(sets):
    np.testing.assert_array_equal(sets.min_probability(0.901), sets.min_probability(0.91))
    np.testing.assert_array_equal(sets.min_probability(0.9), sets.thresholds[:, 40])


def test_a_new_class_is_a_rare_one(sets):
    other = sets.ordered(("new", "c0"))

    np.testing.assert_array_equal(other.thresholds[0], sets.together)
    np.testing.assert_array_equal(other.thresholds[1], sets.thresholds[0])


def test_rows_whose_class_is_not_known_to_the_model_are_left_out(rows, sets):
    chance, code = rows(4_000, 1)
    more = np.concatenate([chance, chance[:50]]), np.concatenate([code, np.full(50, -1)])

    np.testing.assert_array_equal(
        SetThresholds.fit("category", NAMES, *more).thresholds, sets.thresholds
    )


def test_sets_are_read_back_as_they_were_written(rows, sets):
    chance, _ = rows(500, 9)
    again = SetThresholds.from_json(sets.to_json())

    np.testing.assert_array_equal(again.members(chance, 0.9), sets.members(chance, 0.9))
