"""Bounds of a share from counts are the exact ones."""

import numpy as np
import pytest
from scipy.stats import beta, binom

from models.automation.binomial import (
    binomial_cdf,
    rows_expected,
    rows_needed,
    share_interval,
    upper_bound,
)

SHARES = np.array([0.02, 0.05, 0.1])


def test_two_in_a_hundred_at_95_percent_need_149_cases_without_an_error():
    assert rows_needed(np.array([0.02]), 0.05).tolist() == [149]


@pytest.mark.parametrize("wrong", [0, 1, 7])
def test_one_row_fewer_than_needed_shows_nothing(wrong):
    needed = rows_needed(SHARES, 0.05, wrong)

    assert (binom.cdf(wrong, needed, SHARES) <= 0.05).all()
    assert (binom.cdf(wrong, needed - 1, SHARES) > 0.05).all()


def test_the_chance_is_the_binomial_one():
    wrong, n = np.array([0, 3, 9]), np.array([50, 100, 90])

    assert binomial_cdf(wrong, n, SHARES) == pytest.approx(binom.cdf(wrong, n, SHARES))


def test_nothing_seen_shows_nothing():
    nothing = np.zeros(1)

    assert binomial_cdf(nothing, nothing, np.array([0.05])) == 1
    assert upper_bound(nothing, nothing, 0.05) == 1


def test_the_bound_is_below_the_promise_exactly_where_so_few_are_unlikely():
    wrong, n = np.divmod(np.arange(4_000), 400)
    n = n + wrong + 1
    below = upper_bound(wrong, n, 0.05) <= 0.05

    assert (below == (binomial_cdf(wrong, n, np.array(0.05)) <= 0.05)).all()


def test_the_interval_is_that_of_clopper_and_pearson():
    low, high = share_interval(3, 100)

    assert low == pytest.approx(beta.ppf(0.025, 3, 98))
    assert high == pytest.approx(beta.ppf(0.975, 4, 97))


def test_none_of_none_can_be_any_share():
    assert share_interval(0, 0) == (0, 1)


def test_an_error_above_the_promise_is_never_enough():
    assert rows_expected(np.array([0.05]), np.array([0.05]), np.array([0.06])) == np.inf


def test_the_nearer_the_error_to_the_promise_the_more_rows_it_takes():
    shares = np.array([0.0, 0.01, 0.03, 0.045])

    needed = rows_expected(np.full(4, 0.05), np.full(4, 0.05), shares)

    assert needed[0] == 59
    assert (np.diff(needed) > 0).all()
