"""Choice of the open orders to fill."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.domain import BadInputError
from models.inventory import order_filling
from models.inventory.order_filling import fill_orders

some_orders = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 50).map(lambda cents: cents / 4)),
    min_size=1,
    max_size=8,
)


def columns(orders: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([n for n, _ in orders]), np.array([money for _, money in orders])


def most_avoided(units: np.ndarray, loss: np.ndarray, pool: int) -> float:
    """By trying every choice."""
    choices = (np.array(choice) for choice in product((0, 1), repeat=len(units)))
    return max(loss @ choice for choice in choices if units @ choice <= pool)


@given(some_orders, st.integers(0, 40))
def test_whole_orders_avoid_as_much_as_the_best_of_all_choices(orders, pool):
    units, loss = columns(orders)
    result = fill_orders(units, loss, pool)

    assert result.avoided.sum() == pytest.approx(most_avoided(units, loss, pool))


@given(some_orders, st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_the_program_for_many_orders_avoids_as_much(orders, pool):
    units, loss = columns(orders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_filling, "MAX_TABLE_CELLS", 0)
        result = fill_orders(units, loss, pool)

    assert result.avoided.sum() == pytest.approx(most_avoided(units, loss, pool))


@given(some_orders, st.integers(0, 40))
def test_whole_orders_are_filled_whole_and_within_the_pool(orders, pool):
    units, loss = columns(orders)
    result = fill_orders(units, loss, pool)

    assert ((result.units == 0) | (result.units == units)).all()
    assert result.units.sum() + result.left == pool
    assert result.left >= 0


@given(some_orders, st.integers(0, 40))
def test_orders_in_part_avoid_as_much_as_the_best_single_units(orders, pool):
    units, loss = columns(orders)
    singles = np.sort(np.repeat(loss / units, units))[::-1][:pool]

    assert fill_orders(units, loss, pool, in_part=True).avoided.sum() == pytest.approx(
        singles.sum()
    )


def test_two_small_orders_go_before_a_large_one_that_loses_less_than_both():
    result = fill_orders(np.array([10, 5, 5]), np.array([10.0, 6.0, 6.0]), 10)

    assert result.units.tolist() == [0, 5, 5]


def test_an_order_that_loses_nothing_is_filled_from_what_is_left():
    assert fill_orders(np.array([3, 2]), np.array([9.0, 0.0]), 5).units.tolist() == [3, 2]


def test_an_order_larger_than_the_pool_gets_nothing():
    assert fill_orders(np.array([9]), np.array([100.0]), 5).left == 5


def test_no_orders_leave_the_pool():
    assert fill_orders(np.zeros(0), np.zeros(0), 5).left == 5


@pytest.mark.parametrize(
    ("units", "loss", "pool"),
    [([0], [1.0], 5), ([1.5], [1.0], 5), ([1], [-1.0], 5), ([1], [np.nan], 5), ([1], [1.0], -1)],
)
def test_what_is_no_order_or_no_pool_is_refused(units, loss, pool):
    with pytest.raises(BadInputError):
        fill_orders(np.array(units), np.array(loss), pool)
