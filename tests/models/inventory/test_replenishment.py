"""Replenishment under lost sales."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.domain import BadInputError
from models.inventory.order_terms import OrderTerms
from models.inventory.projection import StockPosition, project
from models.inventory.replenishment import order_units, replenish

COSTS = OrderTerms(lead_periods=3, holding_cost=0.2, shortage_cost=1.0)


def shelf(on_hand: float, inbound: list[float]) -> StockPosition:
    return StockPosition(np.array([on_hand]), np.array([inbound]))


def certain(*demand: float) -> np.ndarray:
    """One future, and so nothing to doubt."""
    return np.array([[demand]], np.float32)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, StockPosition, OrderTerms]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    paths = rng.poisson(draw(st.sampled_from([0.4, 4, 40])), (3, 30, 7)).astype(np.float32)
    stock = StockPosition(rng.integers(0, 60, 3), rng.integers(0, 20, (3, 7)))
    lead, review = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    costs = {"holding_cost": rng.uniform(0.05, 1, 3), "shortage_cost": rng.uniform(0, 5, 3)}
    return paths, stock, OrderTerms(lead, review, **costs, pack_units=draw(st.integers(1, 4)))


def expected_cost(
    paths: np.ndarray, stock: StockPosition, terms: OrderTerms, order: float
) -> np.ndarray:
    """Cost of the periods that the order is for, by playing them."""
    inbound = stock.inbound.astype(float)
    first = int(terms.lead_periods) - 1
    inbound[:, first] += order
    result = project(paths, StockPosition(stock.on_hand, inbound))
    window = slice(first, first + terms.review_periods)
    left, lost = result.stock[:, window].sum(1), result.lost[:, window].sum(1)
    return terms.holding_cost * left + terms.shortage_cost * lost


def up_to_the_next_order(paths: np.ndarray, stock: StockPosition, terms: OrderTerms):
    """Return what is known of the periods up to the arrival of the next order, and no more."""
    end = int(terms.lead_periods) - 1 + terms.review_periods
    return paths[:, :, :end], replace(stock, inbound=stock.inbound[:, :end])


@given(cases())
@settings(max_examples=60, deadline=None)
def test_no_other_order_costs_less(case):
    paths, stock, terms = case
    paths, stock = up_to_the_next_order(paths, stock, terms)
    order = order_units(paths, stock, terms)
    tried = [expected_cost(paths, stock, terms, packs * terms.pack_units) for packs in range(130)]
    chosen = np.array([tried[int(n // terms.pack_units)][row] for row, n in enumerate(order)])

    assert chosen == pytest.approx(np.min(tried, axis=0), rel=1e-9, abs=1e-9)


@given(cases())
def test_knowing_that_another_order_follows_never_orders_more(case):
    paths, stock, terms = case
    alone = order_units(*up_to_the_next_order(paths, stock, terms), terms)

    assert (order_units(paths, stock, terms) <= alone).all()


@pytest.mark.parametrize("order", range(12))
def test_no_other_order_with_its_best_successor_costs_less(order):
    rng = np.random.default_rng(5)
    paths = rng.poisson(2, (1, 200, 4)).astype(np.float32)

    def cost(first: int, second: int) -> float:
        result = project(paths, shelf(3, [1, 2, first, second]))
        return 0.2 * result.stock[:, 2:].sum() + result.lost[:, 2:].sum()

    chosen = int(order_units(paths, shelf(3, [1, 2, 0, 0]), COSTS)[0])
    best = min(cost(chosen, second) for second in range(20))

    assert best <= min(cost(order, second) for second in range(20)) + 1e-9


@given(cases())
def test_a_dearer_shortage_never_orders_less(case):
    paths, stock, terms = case
    dearer = replace(terms, shortage_cost=terms.shortage_cost * 1.5)

    assert (order_units(paths, stock, dearer) >= order_units(paths, stock, terms)).all()


@given(cases(), st.integers(0, 6))
def test_more_stock_or_inbound_never_orders_more(case, period):
    paths, stock, terms = case
    more = replace(stock, on_hand=stock.on_hand + 5)
    inbound = stock.inbound.copy()
    inbound[:, period] += 5
    coming = replace(stock, inbound=inbound)
    order = order_units(paths, stock, terms)

    assert (order_units(paths, more, terms) <= order).all()
    assert (order_units(paths, coming, terms) <= order).all()


@given(cases())
def test_with_a_review_each_period_it_is_the_critical_ratio_quantile_of_what_is_short(case):
    paths, stock, terms = case
    terms = replace(terms, review_periods=1, pack_units=1)
    paths, stock = up_to_the_next_order(paths, stock, terms)
    first = int(terms.lead_periods) - 1
    short = np.repeat(stock.on_hand[:, None].astype(float), 30, 1)
    for t in range(first):
        short = np.maximum(short + stock.inbound[:, t, None] - paths[:, :, t], 0)
    short = np.sort(paths[:, :, first] - short - stock.inbound[:, first, None], axis=1)
    ratio = terms.shortage_cost / (terms.shortage_cost + terms.holding_cost)
    rank = np.maximum(np.ceil(ratio * 30 - 1e-9).astype(int) - 1, 0)
    expected = np.where(ratio > 0, np.maximum(short[np.arange(3), rank], 0), 0)

    assert order_units(paths, stock, terms).tolist() == expected.tolist()


def test_known_demand_is_ordered_exactly():
    # 10 - 4 + 2 - 5 leave 3 when the order comes, for a demand of 9.
    assert order_units(certain(4, 5, 9), shelf(10, [0, 2, 0]), COSTS).tolist() == [6]


def test_demand_that_was_lost_before_the_order_comes_is_not_ordered():
    assert order_units(certain(50, 50, 9), shelf(10, [0, 0, 0]), COSTS).tolist() == [9]


def test_an_order_lasts_until_the_next_one_comes():
    terms = replace(COSTS, review_periods=2)

    assert order_units(certain(0, 0, 9, 4), shelf(0, [0, 0, 0, 1]), terms).tolist() == [12]


def test_a_period_far_ahead_is_not_worth_six_periods_of_holding():
    # Holding a unit for the five periods before the last costs 5 x 0.2, as much as losing it.
    terms = replace(COSTS, review_periods=6, shortage_cost=0.99)

    assert order_units(certain(0, 0, 1, 0, 0, 0, 0, 7), shelf(0, [0] * 8), terms).tolist() == [1]


def test_enough_stock_orders_nothing():
    assert order_units(certain(1, 1, 1), shelf(10, [0, 0, 0]), COSTS).tolist() == [0]


def test_lead_times_may_differ():
    paths = np.repeat(certain(1, 2, 4), 3, axis=0)
    stock = StockPosition(np.zeros(3), np.zeros((3, 3)))
    terms = replace(COSTS, lead_periods=np.array([3, 1, 2]))

    assert order_units(paths, stock, terms).tolist() == [4, 1, 2]


@pytest.mark.parametrize(("level", "units"), [(0.5, 5), (0.9, 9), (0.91, 10), (0.0, 0)])
def test_a_service_level_is_the_chance_that_nothing_is_lost(level, units):
    paths = np.arange(1.0, 11)[None, :, None]
    terms = OrderTerms(1, service_level=level)

    assert order_units(paths, shelf(0, [0]), terms).tolist() == [units]


def test_a_service_level_is_kept_by_whole_packs():
    terms = OrderTerms(1, service_level=0.9, pack_units=4)

    assert order_units(np.arange(1.0, 11)[None, :, None], shelf(0, [0]), terms).tolist() == [12]


@pytest.mark.parametrize(("least", "units"), [(0, 6), (8, 8), (500, 0)])
def test_a_minimum_order_is_met_where_that_pays(least, units):
    terms = replace(COSTS, min_units=least)

    assert order_units(certain(0, 0, 6), shelf(0, [0, 0, 0]), terms).tolist() == [units]


def test_the_projection_with_the_order_has_it_when_it_comes():
    result = replenish(certain(4, 5, 9), shelf(10, [0, 2, 0]), COSTS)

    assert result.arrives.tolist() == [2]
    assert result.as_it_is.lost[0].tolist() == [0, 0, 6]
    assert result.with_order.lost[0].tolist() == [0, 0, 0]


def test_what_is_on_the_way_is_left_as_it_was():
    stock = shelf(10, [0, 2, 0])
    replenish(certain(4, 5, 9), stock, COSTS)

    assert stock.inbound.tolist() == [[0, 2, 0]]


def test_paths_that_end_before_the_order_comes_are_refused():
    with pytest.raises(BadInputError, match="Forecast 3 periods"):
        order_units(certain(1, 1), shelf(0, [0, 0]), COSTS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lead_periods": 0},
        {"review_periods": 0},
        {"holding_cost": -1},
        {"shortage_cost": np.nan},
        {"service_level": 1.0},
        {"pack_units": 0},
        {"min_units": -1},
    ],
)
def test_terms_out_of_range_are_refused(wrong):
    with pytest.raises(BadInputError):
        order_units(certain(1, 1, 1), shelf(0, [0, 0, 0]), replace(COSTS, **wrong))
