"""Pools shared over places: held to the optimum of HiGHS."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize

from data.domain import BadInputError
from models.inventory import allocation as allocation_module
from models.inventory.allocation import allocate
from models.inventory.discrete_demand import DiscreteDemand
from models.inventory.locations import Locations

PROBABILITIES = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])


def some_places(seed: int, rows: int, *, reserves: bool = True) -> Locations:
    rng = np.random.default_rng(seed)
    quantiles = np.sort(rng.gamma(0.7, rng.gamma(1, 8, (rows, 1)), (rows, len(PROBABILITIES))), 1)
    reserve = rng.integers(0, 4, rows) * (rng.random(rows) < 0.4) if reserves else np.zeros(rows)
    return Locations(
        DiscreteDemand(PROBABILITIES, quantiles),
        stock=rng.integers(-2, 8, rows),
        sale_value=rng.uniform(1, 10, rows),
        leftover_cost=rng.uniform(0, 3, rows),
        placing_cost=rng.uniform(0, 1, rows),
        reserve=reserve,
        cap=reserve + rng.integers(0, 25, rows),
        name=np.array([f"place {row}" for row in range(rows)]),
    )


pools = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(0, 60))


def best_gain(places: Locations, pool: float) -> float:
    """The optimum by HiGHS, a binary for every unit that a place could take."""
    whole = places.validated()
    rows, worth, limits = [], [], []
    for row in range(len(whole)):
        location = whole.take(np.array([row]))
        for number in range(1, int(min(location.cap[0], pool)) + 1):
            rows.append(row)
            worth.append(float(location.worth(np.array([number]))[0]))
    if not rows:
        return 0.0
    of = np.equal.outer(np.arange(len(whole)), rows).astype(float)
    limits = optimize.LinearConstraint(of, whole.reserve, whole.cap)
    within = optimize.LinearConstraint(np.ones((1, len(rows))), ub=pool)
    integral = np.ones(len(rows))
    result = optimize.milp(
        -np.array(worth),
        integrality=integral,
        bounds=optimize.Bounds(0, 1),
        constraints=[limits, within],
    )
    return float(np.array(worth) @ np.round(result.x))


@given(pools)
@settings(max_examples=60, deadline=None)
def test_the_gain_is_the_optimum_of_the_mixed_integer_program(pool):
    seed, rows, units = pool
    places = some_places(seed, rows)
    assume(np.sum(places.reserve) <= units)

    gain = allocate(places, units).by_pool.gain[0]

    assert gain == pytest.approx(best_gain(places, units), rel=1e-9, abs=1e-9)


@given(pools)
def test_bisection_gains_as_much_as_placing_the_units_one_by_one(pool):
    seed, rows, units = pool
    places = some_places(seed, rows)
    by_one = allocate(places, units)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocation_module, "MAX_UNITS_TO_SORT", 0)
        by_halves = allocate(places, units)

    assert by_halves.by_pool.gain == pytest.approx(by_one.by_pool.gain, rel=1e-9, abs=1e-9)


@given(pools)
def test_more_in_the_pool_never_gains_less(pool):
    seed, rows, units = pool
    places = some_places(seed, rows, reserves=False)

    less, more = (allocate(places, pool_units).by_pool.gain[0] for pool_units in (units, units + 1))

    assert more >= less - 1e-9


@given(pools)
def test_the_shadow_price_is_what_one_unit_more_gains(pool):
    seed, rows, units = pool
    places = some_places(seed, rows)
    assume(np.sum(places.reserve) <= units)
    now, more = allocate(places, units), allocate(places, units + 1)

    assert more.by_pool.gain - now.by_pool.gain == pytest.approx(now.shadow_price, abs=1e-9)


@given(pools)
def test_pool_caps_and_reserves_are_kept(pool):
    seed, rows, units = pool
    places = some_places(seed, rows)
    result = allocate(places, units)

    assert result.units.sum() + result.retained[0] == units
    assert result.retained[0] >= 0
    assert (result.units <= places.cap).all()
    if not result.short_of_reserves[0]:
        assert (result.units >= places.reserve).all()


@given(pools)
def test_a_place_whose_sales_are_worth_twice_as_much_never_gets_less(pool):
    seed, rows, units = pool
    places = some_places(seed, rows, reserves=False)
    doubled = np.array(places.sale_value)
    doubled[0] *= 2

    before = allocate(places, units).units[0]
    after = allocate(replace(places, sale_value=doubled), units).units[0]

    assert after >= before


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_many_pools_at_once_gain_what_each_gains_alone(seed, rows):
    rng = np.random.default_rng(seed)
    places = some_places(seed, rows)
    places = replace(places, pool=rng.integers(0, 5, rows))
    units = rng.integers(0, 40, 5)
    together = allocate(places, units)

    for pool in range(5):
        here = np.flatnonzero(places.pool == pool)
        alone = allocate(replace(places.validated().take(here), pool=0), units[pool])
        assert together.by_pool.gain[pool] == pytest.approx(alone.by_pool.gain.sum(), abs=1e-9)


def test_large_volumes_are_settled_by_halving_as_exactly():
    rng = np.random.default_rng(7)
    quantiles = np.sort(rng.gamma(2, 3_000, (12, len(PROBABILITIES))), 1)
    places = Locations(DiscreteDemand(PROBABILITIES, quantiles), 0, rng.uniform(1, 5, 12), 0.5)
    result = allocate(places, 40_000)
    whole = places.validated()

    last, after = whole.worth(result.units), whole.worth(result.units + 1)

    assert result.units.sum() == 40_000
    assert last[result.units > 0].min() >= after.max() - 1e-9


def test_units_that_sum_to_almost_a_whole_one_are_one():
    assert allocate(some_places(7, 4, reserves=False), 0.3 / 0.1).units.sum() == 3


def test_an_empty_pool_gives_nothing():
    result = allocate(some_places(7, 4, reserves=False), 0)

    assert result.units.tolist() == [0, 0, 0, 0]
    assert result.by_pool.gain == 0


def test_without_demand_all_is_kept_back():
    places = Locations(DiscreteDemand(PROBABILITIES, np.zeros((2, 7))), 0, 5.0, 1.0)
    result = allocate(places, 10)

    assert result.retained == 10
    assert result.by_location.fill_rate.tolist() == [1, 1]


def test_without_places_all_is_kept_back():
    result = allocate(Locations(DiscreteDemand(PROBABILITIES, np.zeros((0, 7))), 0, 5.0), 10)

    assert result.retained == 10


def test_one_place_gets_units_until_they_no_longer_pay():
    table = DiscreteDemand(np.array([0.0, 1.0]), np.array([[0.5, 10.5]]))
    # The k-th of 10 units sells with chance 1.1 - k / 10; it pays above 1 / (3 + 1).
    result = allocate(Locations(table, 0, 3.0, 1.0), 100)

    assert result.units.tolist() == [8]
    assert result.shadow_price == 0


def test_units_owed_already_come_before_those_that_might_sell():
    table = DiscreteDemand(PROBABILITIES, np.tile(np.arange(7.0), (2, 1)))
    result = allocate(Locations(table, np.array([-3, 0]), 5.0), 3)

    assert result.units.tolist() == [3, 0]
    assert result.by_location.sold[0] == 3


def test_a_pool_short_of_its_reserves_is_shared_among_them_by_worth():
    table = DiscreteDemand(PROBABILITIES, np.tile(np.full(7, 9.0), (3, 1)))
    places = Locations(table, 0, np.array([1.0, 2.0, 9.0]), reserve=np.array([4, 4, 0]))
    result = allocate(places, 6)

    assert result.units.tolist() == [2, 4, 0]
    assert result.short_of_reserves.all()


def test_reserves_of_a_short_pool_are_filled_even_where_they_do_not_pay():
    places = Locations(DiscreteDemand(PROBABILITIES, np.zeros((2, 7))), 0, 0.0, 1.0, reserve=4)

    assert allocate(places, 6).units.sum() == 6


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cap": np.array([9, 1]), "reserve": 2}, "York: the cap is below the reserve"),
        ({"sale_value": np.array([1.0, np.nan])}, "York: sale_value"),
        ({"leftover_cost": -1.0}, "Leeds: leftover_cost"),
        ({"stock": np.array([0, np.inf])}, "York: stock"),
        ({"pool": np.array([0, 1])}, "for 1 pools"),
    ],
)
def test_contradictions_are_refused_by_name(changed, words):
    table = DiscreteDemand(PROBABILITIES, np.ones((2, 7)))
    places = replace(Locations(table, 0, 1.0, name=np.array(["Leeds", "York"])), **changed)

    with pytest.raises(BadInputError, match=words):
        allocate(places, 5)


def test_a_pool_below_nothing_is_refused():
    with pytest.raises(BadInputError, match="pool_units"):
        allocate(some_places(7, 2), -1)
