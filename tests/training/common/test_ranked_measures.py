"""Measures made for the bootstrap are scikit-learn's on the drawn rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from training.common.measures import binary_measures, class_measures
from training.early_warning.report import weighted_measures

seeds = st.integers(0, 10_000)


@given(seeds)
@settings(max_examples=50)
def test_a_chance_is_measured_as_scikit_learn_does(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    chance, happened = (
        rng.choice(np.linspace(0.05, 0.95, 7), n),
        rng.integers(0, 2, n).astype(float),
    )
    rows = rng.integers(0, n, n)
    measured = binary_measures(chance, happened)

    if len(np.unique(happened[rows])) < 2:
        assert np.isnan([measured["auc"](rows), measured["average_precision"](rows)]).all()
    else:
        assert measured["auc"](rows) == pytest.approx(roc_auc_score(happened[rows], chance[rows]))
        assert measured["average_precision"](rows) == pytest.approx(
            average_precision_score(happened[rows], chance[rows])
        )


@given(seeds)
@settings(max_examples=50)
def test_a_chance_of_weighted_rows_is_measured_as_scikit_learn_does(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    chance, happened = rng.choice(np.linspace(0.05, 0.95, 7), n), rng.random(n) < 0.4
    weight, rows = rng.uniform(0.01, 3.0, n), rng.integers(0, n, n)
    measured = weighted_measures(chance, happened, weight)

    if len(np.unique(happened[rows])) < 2:
        assert np.isnan([measured["auc"](rows), measured["average_precision"](rows)]).all()
    else:
        drawn = happened[rows], chance[rows]
        assert measured["auc"](rows) == pytest.approx(
            roc_auc_score(*drawn, sample_weight=weight[rows])
        )
        assert measured["average_precision"](rows) == pytest.approx(
            average_precision_score(*drawn, sample_weight=weight[rows])
        )


@given(seeds)
@settings(max_examples=50)
def test_a_class_is_measured_as_scikit_learn_does(seed):
    rng = np.random.default_rng(seed)
    n, classes = int(rng.integers(1, 60)), int(rng.integers(2, 6))
    probability = rng.dirichlet(np.ones(classes), n)
    code = rng.integers(-1, classes, n)
    rows = rng.integers(0, n, n)
    predicted = probability.argmax(axis=1)[rows]

    result = class_measures(probability, code)["macro_f1"](rows)

    assert result == pytest.approx(
        f1_score(code[rows], predicted, average="macro", zero_division=0.0)
    )
