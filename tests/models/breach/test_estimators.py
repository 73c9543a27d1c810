"""Contract of every file of `models/breach/estimators`."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.breach.catalog import breach_estimators
from models.breach.estimators import resolve_clock, soft_trees

every_estimator = pytest.mark.parametrize("name", breach_estimators())
with_and_without_messages = pytest.mark.parametrize("messages", [True, False])


@pytest.fixture(scope="module")
def fitted(a_task):
    return cache(
        lambda name, messages=True: breach_estimators()[name].fit(a_task(700, 1, messages))
    )


@every_estimator
def test_an_estimator_is_stored_as_the_name_of_its_file(fitted, name):
    assert breach_estimators()[name].__name__.endswith(f".{name}")
    assert fitted(name).stored_as == name


@every_estimator
@with_and_without_messages
def test_chances_lie_between_0_and_1(fitted, a_task, times_of, name, messages):
    rows = a_task(90, 2, messages).rows

    chance = fitted(name, messages).predict(rows, times_of(rows))

    assert chance.shape == (90,)
    assert ((chance >= 0) & (chance <= 1)).all()


@every_estimator
@with_and_without_messages
def test_a_row_alone_gets_the_chance_that_it_gets_among_others(
    fitted, a_task, times_of, name, messages
):
    rows, model = a_task(90, 2, messages).rows, fitted(name, messages)
    times = times_of(rows)

    alone = [model.predict(rows.take(row), times.take(row))[0] for row in np.arange(20)[:, None]]

    np.testing.assert_allclose(alone, model.predict(rows, times)[:20], rtol=1e-9)


@every_estimator
@with_and_without_messages
def test_words_that_no_subject_had_are_predicted(fitted, strangers, times_of, name, messages):
    rows = strangers(messages)

    chance = fitted(name, messages).predict(rows, times_of(rows))

    assert ((chance >= 0) & (chance <= 1)).all()


@every_estimator
def test_an_estimator_read_back_predicts_the_same(fitted, a_task, times_of, name):
    model, rows = fitted(name), a_task(90, 2).rows

    again = breach_estimators()[name].load(model.to_json())

    times = times_of(rows)
    np.testing.assert_array_equal(again.predict(rows, times), model.predict(rows, times))
    assert again.kind == model.kind


@every_estimator
def test_the_stored_form_is_json_and_texts(fitted, name):
    values, files = fitted(name).to_json()

    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert all(isinstance(text, str) for text in files.values())


@every_estimator
def test_an_estimator_fitted_again_predicts_the_same(fitted, a_task, times_of, name):
    rows = a_task(90, 2).rows

    again = breach_estimators()[name].fit(a_task())

    times = times_of(rows)
    np.testing.assert_array_equal(again.predict(rows, times), fitted(name).predict(rows, times))


@every_estimator
def test_what_takes_long_has_the_higher_chance(fitted, a_task, times_of, name):
    rows = a_task(300, 2).rows

    chance = fitted(name).predict(rows, times_of(rows))

    late = rows.columns["type"] == "late"
    assert chance[late].mean() > chance[~late].mean() + 0.2
    assert chance[late].min() > chance[~late].max()


@every_estimator
def test_a_task_without_times_suits_what_reads_only_known_outcomes(a_task, name):
    untimed = replace(a_task(), clock=None, soft_label=None)

    assert breach_estimators()[name].suits(untimed) == (
        name not in (resolve_clock.NAME, soft_trees.NAME)
    )


@pytest.mark.parametrize(
    "name", sorted(breach_estimators().keys() - {resolve_clock.NAME, soft_trees.NAME})
)
def test_outcomes_that_are_not_known_are_not_read(fitted, a_task, times_of, name):
    task, rows = a_task(), a_task(90, 2).rows
    closed = replace(
        task,
        rows=task.rows.take(task.labelled),
        label=task.label[task.labelled],
        label_weight=task.label_weight[task.labelled],
    )

    model = breach_estimators()[name].fit(closed)

    times = times_of(rows)
    np.testing.assert_array_equal(model.predict(rows, times), fitted(name).predict(rows, times))
