"""Pools shared in packs, with minimum orders and shared room."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.domain import BadInputError
from models.inventory.allocation import allocate
from models.inventory.coupled_allocation import Coupling, allocate_coupled
from models.inventory.discrete_demand import DiscreteDemand
from models.inventory.locations import Locations

PROBABILITIES = np.array([0.05, 0.3, 0.6, 0.95])
SURE = DiscreteDemand(PROBABILITIES, np.tile(np.full(4, 6.0), (2, 1)))  # each place sells six


def some_places(seed: int, rows: int) -> Locations:
    rng = np.random.default_rng(seed)
    quantiles = np.sort(rng.gamma(1, 5, (rows, 4)), 1)
    money = rng.uniform(1, 9, rows), rng.uniform(0, 3, rows), rng.uniform(0, 1, rows)
    return Locations(
        DiscreteDemand(PROBABILITIES, quantiles), rng.integers(0, 4, rows), *money, cap=9
    )


def gain(places: Locations, units: tuple[int, ...]) -> float:
    """Gain of units, one by one."""
    whole, total = places.validated(), 0.0
    for number in range(1, max(units) + 1):
        worth = whole.worth(np.full(len(units), number))
        total += worth[np.array(units) >= number].sum()
    return total


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
@settings(max_examples=25, deadline=None)
def test_without_ties_it_gains_what_the_worthiest_units_gain(seed, units):
    places = replace(some_places(seed, 6), pool=np.array([0, 1] * 3))
    pools = np.array([units, 7])

    coupled = allocate_coupled(places, pools, Coupling()).by_pool.gain

    assert coupled == pytest.approx(allocate(places, pools).by_pool.gain, rel=1e-9, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_packs_minima_and_room_gain_the_most_of_all_that_keep_them(seed, pool):
    places = some_places(seed, 3)
    pack, least, size, room = np.array([1, 2, 3]), np.array([0, 4, 3]), np.array([1, 2, 1.5]), 18.0
    tie = Coupling(pack, least, np.array([room]), np.zeros(3), size)
    limits = [
        units
        for units in product(range(10), (0, 4, 6, 8), (0, 3, 6, 9))
        if sum(units) <= pool and size @ units <= room
    ]
    best = max(gain(places, units) for units in limits)

    assert allocate_coupled(places, pool, tie).by_pool.gain[0] == pytest.approx(best, rel=1e-5)


def test_large_volumes_gain_nearly_what_the_worthiest_units_gain():
    rng = np.random.default_rng(7)
    table = DiscreteDemand(PROBABILITIES, np.sort(rng.gamma(1, 5_000, (8, 4)), 1))
    places = Locations(table, 0, rng.uniform(1, 9, 8), 0.5, pool=np.array([0, 1] * 4))
    pools = np.array([9_000, 40_000])
    # Room for twice as much binds nothing, and minima of 2 units ask for what is best anyway.
    tie = Coupling(min_units=2, room=np.array([98_000.0]), in_room=0)

    coupled = allocate_coupled(places, pools, tie).by_pool.gain

    assert coupled == pytest.approx(allocate(places, pools).by_pool.gain, rel=1e-5)


def test_units_go_in_whole_packs():
    result = allocate_coupled(Locations(SURE, 0, np.array([5.0, 4.0])), 11, Coupling(pack=4))

    assert result.units.tolist() == [4, 4]


def test_a_pack_that_pays_only_in_part_is_placed_where_the_sum_pays():
    result = allocate_coupled(Locations(SURE, 0, np.array([5.0, 0.0]), 1.0), 99, Coupling(pack=4))

    assert result.units.tolist() == [8, 0]


def test_a_minimum_that_does_not_pay_gives_nothing():
    result = allocate_coupled(
        Locations(SURE, 0, 1.0, 5.0), 99, Coupling(min_units=np.array([6, 9]))
    )

    assert result.units.tolist() == [6, 0]


def test_room_shared_by_two_skus_goes_to_the_dearer():
    places = Locations(SURE, 0, np.array([5.0, 4.0]), pool=np.array([0, 1]))
    tie = Coupling(room=np.array([8.0]), in_room=0)

    assert allocate_coupled(places, np.array([50, 50]), tie).units.tolist() == [6, 2]


def test_a_place_in_no_room_is_not_held_by_it():
    tie = Coupling(room=np.array([2.0]), in_room=np.array([0, -1]))

    assert allocate_coupled(Locations(SURE, 0, 5.0), 50, tie).units.tolist() == [2, 6]


def test_reserves_are_rounded_up_to_packs():
    places = Locations(SURE, 0, np.array([9.0, 1.0]), reserve=np.array([0, 1]))

    assert allocate_coupled(places, 8, Coupling(pack=4)).units.tolist() == [4, 4]


def test_nothing_to_share_is_shared():
    assert allocate_coupled(Locations(SURE, 0, 5.0), 0, Coupling(pack=3)).units.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("tie", "words"),
    [
        (Coupling(pack=0), "coupling"),
        (Coupling(min_units=-1), "coupling"),
        (Coupling(in_room=0), "in_room"),
        (Coupling(room=np.array([1.0]), in_room=0), "keeps the reserves"),
        (Coupling(pack=8), "cap is below the reserve"),
    ],
)
def test_ties_that_cannot_be_kept_are_refused(tie, words):
    places = Locations(SURE, 0, 5.0, reserve=2, cap=7)

    with pytest.raises(BadInputError, match=words):
        allocate_coupled(places, 20, tie)
