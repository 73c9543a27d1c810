"""Demand read from quantile tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.domain import BadInputError
from models.inventory.discrete_demand import DiscreteDemand

PROBABILITIES = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
UNIFORM = (np.arange(20_000) + 0.5) / 20_000


@st.composite
def tables(draw: st.DrawFn) -> DiscreteDemand:
    seed = draw(st.integers(0, 2**32 - 1))
    level = draw(st.sampled_from([0.3, 3, 30]))
    rng = np.random.default_rng(seed)
    quantiles = np.sort(rng.gamma(0.7, level, (3, len(PROBABILITIES))), 1)
    if draw(st.booleans()):
        quantiles = np.round(quantiles)
    return DiscreteDemand(PROBABILITIES, quantiles.astype(np.float32))


def whole_demand(table: DiscreteDemand) -> np.ndarray:
    """Distribution that the table stands for, at 20,000 points."""
    drawn = [np.interp(UNIFORM, table.probabilities, row) for row in table.quantiles]
    return np.floor(np.array(drawn) + 0.5)


@given(tables(), st.integers(-2, 60))
def test_the_chance_of_a_unit_is_that_of_demand_rounded_to_units(table, units):
    expected = (whole_demand(table) >= units).mean(1)

    assert table.chance(np.full(3, units)) == pytest.approx(expected, abs=1e-3)


@given(tables(), st.integers(-2, 60))
def test_expected_sales_are_those_of_demand_rounded_to_units(table, stock):
    expected = np.minimum(whole_demand(table), stock).mean(1)

    assert table.expected_sold(np.full(3, stock)) == pytest.approx(expected, abs=2e-3, rel=1e-3)


@given(tables(), st.floats(0.001, 0.999))
def test_no_unit_beyond_the_last_one_above_a_chance_is_above_it(table, chance):
    last = table.units_above(np.full(3, chance))

    assert (table.chance(last + 1) <= chance + 1e-6).all()
    assert (table.chance(last) >= chance - 1e-6).all()


def test_nothing_sells_beyond_the_last_quantile():
    table = DiscreteDemand(PROBABILITIES, np.array([[0.0, 1, 5, 9, 12]]))

    assert table.chance(np.array([12])) == pytest.approx(0.01 + 0.09 * 0.5 / 3)
    assert table.chance(np.array([13])) == 0


def test_a_table_of_zeros_expects_nothing():
    table = DiscreteDemand(PROBABILITIES, np.zeros((1, 5)))

    assert table.mean() == 0


def test_a_table_of_samples_has_their_mean():
    samples = np.random.default_rng(7).poisson(12.0, (2, 5_000))

    assert DiscreteDemand.from_samples(samples).mean() == pytest.approx(samples.mean(1), rel=0.01)


@pytest.mark.parametrize(
    ("probabilities", "quantiles"),
    [
        ([0.1, 0.9], [[3.0, 2.0]]),
        ([0.1, 0.9], [[-1.0, 2.0]]),
        ([0.1, 0.9], [[1.0, np.inf]]),
        ([0.1, 0.9], [[1.0, np.nan]]),
        ([0.9, 0.1], [[1.0, 2.0]]),
        ([0.1, 1.1], [[1.0, 2.0]]),
        ([0.1, 0.5, 0.9], [[1.0, 2.0]]),
    ],
)
def test_what_is_no_quantile_table_is_refused(probabilities, quantiles):
    with pytest.raises(BadInputError):
        DiscreteDemand(np.array(probabilities), np.array(quantiles)).check()
