"""Times to resolve as chances by interval: open cases count, and quantiles come out of chances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.triage.resolve_time import (
    EDGES_HOURS,
    ConstantResolveTime,
    ResolveTime,
    exposures,
    quantiles,
    remaining_mass,
)

INTERVALS = len(EDGES_HOURS) - 1
masses = (
    st.lists(st.floats(0, 1), min_size=INTERVALS, max_size=INTERVALS)
    .filter(lambda weights: sum(weights) > 0.01)
    .map(lambda weights: np.array([weights]) / sum(weights))
)
hours_open = st.floats(0, 4_000)


@given(mass=masses)
def test_quantiles_are_ordered_and_within_the_edges(mass):
    result = quantiles(mass, (0.1, 0.3, 0.5, 0.7, 0.9))[0]

    assert (np.diff(result) >= -1e-9).all()
    assert result[0] >= 0
    assert result[-1] <= EDGES_HOURS[-1] * (1 + 1e-9)


def test_the_median_of_one_interval_lies_in_it():
    mass = np.eye(INTERVALS)

    median = quantiles(mass)[:, 1]

    assert (median > EDGES_HOURS[:-1]).all()
    assert (median < EDGES_HOURS[1:]).all()


@given(mass=masses, hours=hours_open)
def test_what_is_still_open_has_no_chance_in_the_past(mass, hours):
    left = remaining_mass(mass, np.array([hours]))

    assert left.sum() == pytest.approx(1.0)
    over = EDGES_HOURS[1:-1] <= hours
    assert left[0, :-1][over].sum() == 0


@given(mass=masses, hours=hours_open)
def test_to_have_lasted_never_shortens_the_expected_time(mass, hours):
    before = np.cumsum(mass[0])
    after = np.cumsum(remaining_mass(mass, np.array([hours]))[0])

    assert (after <= before + 1e-6).all()


def test_nothing_outlived_changes_nothing():
    mass = np.full((1, INTERVALS), 1 / INTERVALS)

    np.testing.assert_allclose(remaining_mass(mass, np.zeros(1)), mass, atol=1e-6)


def test_a_resolved_case_counts_whole_in_every_interval_it_was_open_in():
    subject, interval, ended, exposure = exposures(np.array([10.0]), np.array([True]))

    assert subject.tolist() == [0] * 5
    assert interval.tolist() == [0, 1, 2, 3, 4]  # 10 hours lie between 4 and 12
    assert ended.tolist() == [0, 0, 0, 0, 1]
    assert exposure.tolist() == [1] * 5


def test_an_open_case_counts_in_part_in_the_interval_it_is_last_seen_in():
    _, interval, ended, exposure = exposures(np.array([8.0]), np.array([False]))

    assert interval.tolist() == [0, 1, 2, 3, 4]
    assert ended.sum() == 0
    assert exposure.tolist() == [1, 1, 1, 1, 0.5]  # 8 hours: half way from 4 to 12


def test_a_case_beyond_the_last_edge_ends_in_the_last_interval():
    _, interval, ended, _ = exposures(np.array([9_999.0]), np.array([True]))

    assert interval[-1] == INTERVALS - 1
    assert ended[-1] == 1


@pytest.fixture(scope="module")
def censored(a_sample):
    """A month of cases that take five days, seen when half of them are still open."""
    sample = a_sample(600)
    lasts = np.random.default_rng(4).exponential(120.0, 600)
    watched = np.random.default_rng(5).uniform(0, 200, 600)
    return sample.rows, np.minimum(lasts, watched), lasts <= watched


@pytest.mark.parametrize("model", [ResolveTime, ConstantResolveTime])
def test_open_cases_make_the_expected_time_longer(censored, model):
    rows, hours, resolved = censored
    weight = np.ones(rows.n)

    with_open = model.fit(rows, hours, resolved, weight).predict(rows)[:, 1]
    closed = rows.take(resolved)
    without = model.fit(closed, hours[resolved], resolved[resolved], weight[resolved]).predict(rows)

    assert np.median(with_open) > 1.3 * np.median(without[:, 1])


def test_the_product_limit_finds_the_true_median_under_censoring(censored):
    rows, hours, resolved = censored

    model = ConstantResolveTime.fit(rows, hours, resolved, np.ones(rows.n))

    assert model.predict(rows)[0, 1] == pytest.approx(120 * np.log(2), rel=0.15)


@pytest.mark.parametrize("model", [ResolveTime, ConstantResolveTime])
def test_the_chances_of_all_intervals_sum_to_one(censored, model):
    rows, hours, resolved = censored

    mass = model.fit(rows, hours, resolved, np.ones(rows.n)).mass(rows)

    assert mass.shape == (rows.n, INTERVALS)
    assert (mass >= 0).all()
    np.testing.assert_allclose(mass.sum(axis=1), 1.0)


def test_nothing_resolved_yet_means_a_long_time(a_sample):
    rows = a_sample(50).rows
    hours, resolved = np.full(50, 100.0), np.zeros(50, bool)

    result = ConstantResolveTime.fit(rows, hours, resolved, np.ones(50)).predict(rows)

    assert (result[:, 0] >= 900).all()
