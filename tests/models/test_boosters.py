"""One row, a few and many take different roads through LightGBM and must come out alike."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.boosters import DEFAULT_SEED, Booster, TreeSettings, seeded

QUICK = TreeSettings(rounds=20, smallest_leaf=5)


def fit(sample, **objective):
    objective = objective or {"objective": "multiclass", "num_class": 3}
    table = sample.rows.matrix.table
    return Booster.fit(table, sample.label, QUICK, words=list(sample.words), **objective)


@pytest.fixture(scope="module", params=[True, False], ids=["messages", "no messages"])
def sample(request, a_sample):
    return a_sample(400, 3, request.param)


@pytest.fixture(scope="module")
def trees(sample):
    return fit(sample)


def alone(trees, matrix, rows):
    return np.concatenate([trees.predict(matrix.take(np.array([row]))) for row in rows])


def test_each_row_alone_is_predicted_as_all_at_once(trees, sample):
    matrix = sample.rows.matrix

    np.testing.assert_array_equal(alone(trees, matrix, range(100)), trees.predict(matrix)[:100])


def test_a_few_rows_are_predicted_as_all_at_once(trees, sample):
    matrix = sample.rows.matrix
    few = matrix.take(np.arange(10, 20))

    np.testing.assert_array_equal(trees.predict(few), trees.predict(matrix)[10:20])


def test_a_row_of_nothing_is_predicted_alone_as_among_others(trees, sample, strangers):
    matrix = strangers(sample.rows.matrix.messages is not None).matrix

    np.testing.assert_array_equal(alone(trees, matrix, range(3)), trees.predict(matrix))


@pytest.mark.parametrize("objective", ["regression", "binary", "cross_entropy"])
def test_an_objective_of_one_output_is_predicted_alone_as_among_others(sample, objective):
    label = (sample.label > 0).astype(float)
    trees = Booster.fit(sample.rows.matrix.table, label, QUICK, objective=objective)
    matrix = sample.rows.matrix

    result = trees.predict(matrix)

    assert result.shape == (400, 1)
    np.testing.assert_array_equal(alone(trees, matrix, range(50)), result[:50])


def test_trees_read_from_their_text_predict_the_very_same(trees, sample):
    matrix = sample.rows.matrix
    again = Booster.from_text(trees.to_text())

    np.testing.assert_array_equal(again.predict(matrix), trees.predict(matrix))
    np.testing.assert_array_equal(alone(again, matrix, range(9)), alone(trees, matrix, range(9)))


def test_the_same_seed_grows_the_same_trees(trees, sample):
    assert fit(sample).to_text() == trees.to_text()


def test_threads_do_not_disturb_each_other(trees, sample):
    matrix = sample.rows.matrix
    expected = trees.predict(matrix)

    with ThreadPoolExecutor(4) as pool:
        result = list(pool.map(lambda row: alone(trees, matrix, [row])[0], range(200)))

    np.testing.assert_array_equal(result, expected[:200])


def test_contributions_and_their_base_add_up_to_the_raw_score(sample):
    label = (sample.label > 0).astype(float)
    table = sample.rows.matrix.table
    trees = Booster.fit(table, label, QUICK, objective="binary")

    raw = trees.contributions(table).sum(axis=1)

    chance = trees.predict(sample.rows.matrix)[:, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-raw)), chance, rtol=1e-6)


def test_the_column_that_decides_is_the_most_important(sample):
    label = np.nan_to_num(sample.rows.matrix.dense[:, 0])
    trees = Booster.fit(sample.rows.matrix.table, label, QUICK, objective="regression")

    assert trees.importance().argmax() == 0


def test_another_seed_gives_other_trees(sample, trees):
    with seeded(DEFAULT_SEED + 1):
        other = fit(sample)

    assert other.to_text() != trees.to_text()


def test_the_default_seed_changes_nothing(sample, trees):
    with seeded(DEFAULT_SEED):
        same = fit(sample)

    assert same.to_text() == trees.to_text()


def test_the_seed_holds_until_the_block_ends(sample, trees):
    with seeded(DEFAULT_SEED + 1):
        pass

    assert fit(sample).to_text() == trees.to_text()
