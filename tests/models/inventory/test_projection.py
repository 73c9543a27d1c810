"""Stock played forward along sample paths."""

import numpy as np
import pytest

from data.domain import BadInputError
from models.inventory.projection import StockPosition, project


def shelf(on_hand: float, inbound: list[float]) -> StockPosition:
    return StockPosition(np.array([on_hand]), np.array([inbound]))


def paths(*futures: list[float]) -> np.ndarray:
    return np.array([futures], np.float32)


def test_lost_sales_are_not_made_up_for_when_stock_arrives():
    result = project(paths([5, 5, 1]), shelf(3, [0, 0, 10]))

    assert result.lost[0].tolist() == [2, 5, 0]
    assert result.stock[0].tolist() == [0, 0, 9]


def test_stock_that_arrives_can_be_sold_in_the_same_period():
    assert project(paths([5]), shelf(0, [5])).lost[0].tolist() == [0]


def test_the_risk_is_the_share_of_paths_that_lose_something():
    result = project(paths([4, 0, 9], [0, 0, 9], [0, 0, 1], [0, 0, 0]), shelf(3, [0, 0, 0]))

    assert result.risk[0].tolist() == [0.25, 0, 0.5]
    assert result.out_by[0].tolist() == [0.25, 0.25, 0.5]


def test_selling_the_last_unit_is_not_running_out():
    assert project(paths([3]), shelf(3, [0])).risk[0].tolist() == [0]


@pytest.mark.parametrize(("chance", "period"), [(0.1, 0), (0.5, 1), (0.9, 3)])
def test_it_runs_out_in_the_first_period_by_which_the_chance_is_reached(chance, period):
    result = project(paths([9, 0, 0], [0, 9, 0], [0, 0, 0]), shelf(3, [0, 0, 0]))

    assert result.runs_out(chance).tolist() == [period]


def test_the_fill_rate_counts_units():
    assert project(paths([4, 4], [2, 0]), shelf(3, [0, 0])).fill_rate == pytest.approx([0.5])


def test_a_series_without_demand_is_filled():
    assert project(paths([0, 0]), shelf(0, [0, 0])).fill_rate.tolist() == [1]


def test_series_do_not_touch_each_other():
    rng = np.random.default_rng(7)
    demand = rng.gamma(1, 5, (300, 20, 6)).astype(np.float32)
    stock = StockPosition(rng.integers(0, 20, 300), rng.integers(0, 5, (300, 6)))
    some = np.array([0, 130, 299])

    together = project(demand, stock).lost[some]

    assert together == pytest.approx(project(demand[some], stock.take(some)).lost)


@pytest.mark.parametrize(
    "wrong", [shelf(-1, [0, 0]), shelf(1, [0, -1]), shelf(np.nan, [0, 0]), shelf(1, [0])]
)
def test_stock_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadInputError):
        project(paths([1, 1]), wrong)
