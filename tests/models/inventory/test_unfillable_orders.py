"""Choosing which orders to fill is worth what it saves over serving the first first."""

import numpy as np
import pytest

from models.inventory.unfillable_orders import OpenOrders, first_come_first_served, price_choice
from models.loss_curve import CURVE_AGES_HOURS

SMALL_THEN_DEAR = OpenOrders(
    units=np.array([2.0, 2.0]), loss=np.array([10.0, 90.0]), due_hours=np.array([48.0, 48.0])
)
DEAR_ONLY = np.array([False, True])


def choice(fill=DEAR_ONLY, helps=0.8, orders=SMALL_THEN_DEAR, pool_units=2.0):
    return price_choice(orders, fill, pool_units, helps=helps, deadline_hours=48.0)


def test_it_saves_what_serving_the_first_first_would_have_lost():
    result = choice()

    assert result.lost_unchosen == 90
    assert result.lost_chosen == pytest.approx(10 * 0.2)
    assert result.saving == pytest.approx(88)


def test_the_same_orders_filled_still_save_the_customers_who_are_told():
    result = choice(fill=np.array([True, False]))

    assert result.saving == pytest.approx(90 * 0.8)


def test_the_saving_is_gone_when_those_who_would_be_left_out_are_due():
    curve = choice().curve

    assert curve[CURVE_AGES_HOURS < 48].tolist() == [0] * 5
    assert curve[CURVE_AGES_HOURS >= 48].tolist() == [1] * 6


def test_orders_without_a_deadline_are_lost_by_half_at_the_assumed_one():
    orders = OpenOrders(SMALL_THEN_DEAR.units, SMALL_THEN_DEAR.loss, np.full(2, np.nan))

    assert choice(orders=orders).curve[CURVE_AGES_HOURS == 48] == 0.5


def test_what_is_overdue_already_is_not_counted_as_saved():
    orders = OpenOrders(np.full(3, 2.0), np.full(3, 50.0), np.array([48.0, -1.0, 48.0]))
    result = choice(orders=orders, fill=np.array([True, False, False]), helps=1.0)

    assert result.saving == pytest.approx(50)
    assert result.curve[0] == 0


def test_where_all_are_overdue_it_is_lost():
    orders = OpenOrders(SMALL_THEN_DEAR.units, SMALL_THEN_DEAR.loss, np.full(2, -1.0))

    assert choice(orders=orders).curve.tolist() == [1.0] * len(CURVE_AGES_HOURS)


def test_the_first_that_fits_is_served():
    filled = first_come_first_served(np.array([5.0, 3.0, 2.0]), 4.0)

    assert filled.tolist() == [False, True, False]
