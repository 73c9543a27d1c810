"""Simulation of stock: worked out by hand, timed as documented, never looking ahead."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.demand.grain import Grain
from features.demand.panel import Panel
from training.stock_replay.policies import Benchmark, Foresight
from training.stock_replay.simulator import (
    Episode,
    Opening,
    OrderingPolicy,
    PolicyInputs,
    SeriesPanel,
    StockReplayTerms,
    simulate,
)

PAST, DAYS = 60, 7
FIRST = np.datetime64("2024-01-01")
VN2 = StockReplayTerms(lead_periods=3, holding=0.2, shortage=1.0)
demands = st.lists(st.integers(0, 9), min_size=8, max_size=8)


@dataclass
class Fixed:
    """Orders a fixed series of units; records its inputs."""

    orders: list[float]
    inputs: list[PolicyInputs] = field(default_factory=list)

    def order(self, inputs: PolicyInputs) -> np.ndarray:
        self.inputs.append(inputs)
        return np.full(len(inputs.on_hand), self.orders[len(self.inputs) - 1])


def panel_of(units: np.ndarray) -> Panel:
    series, length = units.shape
    periods = FIRST + DAYS * np.arange(length)
    names = np.array([f"s{i}" for i in range(series)])
    stocked = np.ones_like(units, np.float32)
    return Panel(Grain.WEEK, periods, names, names, units.astype(np.float32), stocked)


def simulated(
    policy: OrderingPolicy,
    demand: list[list[float]],
    on_hand: float,
    inbound: list[float],
    terms: StockReplayTerms = VN2,
) -> Episode:
    """Simulate a policy on series that sold 2 a period before."""
    coming = np.array(demand, float)
    series = len(coming)
    everything = panel_of(np.concatenate([np.full((series, PAST), 2.0), coming], axis=1))
    opening = Opening(np.full(series, on_hand), np.tile(inbound, (series, 1)).astype(float))
    return simulate(
        policy,
        opening,
        demand=coming,
        terms=terms,
        panel_before=lambda k: SeriesPanel(everything.until(PAST + k), np.arange(series)),
    )


@pytest.fixture
def episode() -> Episode:
    """Four periods, worked out by hand in the tests."""
    return simulated(Fixed([4, 1]), [[2, 3, 9, 0]], on_hand=5, inbound=[1, 0])


def test_what_is_left_follows_arrivals_and_sales(episode):
    assert episode.left.tolist() == [[4, 1, 0, 1]]


def test_demand_without_stock_is_lost(episode):
    assert episode.lost.tolist() == [[0, 0, 4, 0]]


def test_a_unit_left_and_a_unit_lost_cost_what_the_terms_say(episode):
    assert episode.holding_cost == pytest.approx(np.array([[0.8, 0.2, 0, 0.2]]))
    assert episode.shortage_cost == pytest.approx(np.array([[0, 0, 4, 0]]))
    assert episode.cost == pytest.approx(5.2)


def test_the_fill_rate_is_the_share_of_demand_met(episode):
    assert episode.fill_rate == pytest.approx(10 / 14)


def test_an_order_of_period_r_is_sold_from_r_plus_lead_on(episode):
    assert episode.arrived.tolist() == [[1, 0, 4, 1]]


def test_eight_periods_with_a_lead_of_three_take_six_orders():
    policy = Fixed([1] * 8)
    simulated(policy, [[1] * 8], on_hand=0, inbound=[0, 0])

    assert [inputs.panel.length - PAST for inputs in policy.inputs] == [0, 1, 2, 3, 4, 5]


def test_a_policy_sees_what_is_left_and_what_is_on_the_way():
    policy = Fixed([4, 1])
    simulated(policy, [[2, 3, 9, 0]], on_hand=5, inbound=[1, 0])

    assert [inputs.on_hand.tolist() for inputs in policy.inputs] == [[5], [4]]
    assert [inputs.inbound.tolist() for inputs in policy.inputs] == [[[1, 0]], [[0, 4]]]


def test_a_lead_of_one_arrives_in_the_next_period():
    terms = StockReplayTerms(lead_periods=1, holding=1, shortage=1)
    episode = simulated(Fixed([3, 2]), [[3, 2]], on_hand=0, inbound=[], terms=terms)

    assert episode.cost == 0


def test_a_period_of_unknown_demand_sells_and_costs_nothing():
    episode = simulated(Fixed([0]), [[np.nan, 2, 0]], on_hand=2, inbound=[0, 0])

    assert (episode.cost, episode.left.tolist()) == (0, [[2, 0, 0]])


@given(demands, st.integers(0, 20), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_no_order_changes_the_periods_before_the_lead(demand, on_hand, inbound):
    some = simulated(Fixed([7] * 6), [demand], on_hand, list(inbound))
    other = simulated(Foresight(np.array([demand], float)), [demand], on_hand, list(inbound))

    assert some.left[:, :2].tolist() == other.left[:, :2].tolist()


@given(demands, st.lists(st.integers(0, 9), min_size=6, max_size=6), st.integers(0, 20))
def test_foresight_is_never_beaten(demand, orders, on_hand):
    oracle = simulated(Foresight(np.array([demand], float)), [demand], on_hand, [1, 1])

    assert oracle.cost <= simulated(Fixed(orders), [demand], on_hand, [1, 1]).cost + 1e-9


def test_foresight_loses_nothing_that_an_order_could_have_met():
    episode = simulated(
        Foresight(np.array([[5, 5, 3, 0, 9, 1, 1, 4.0]])), [[5, 5, 3, 0, 9, 1, 1, 4]], 0, [0, 0]
    )

    assert episode.lost.tolist() == [[5, 5, 0, 0, 0, 0, 0, 0]]


def test_what_comes_after_a_decision_changes_no_order_before_it():
    coming = [3.0, 0, 5, 2, 1, 4, 2, 2]
    altered = [*coming[:4], 90, 90, 90, 90]

    before = simulated(Benchmark(), [coming], 3, [0, 3])
    after = simulated(Benchmark(), [altered], 3, [0, 3])

    # Decisions 0 to 4 saw the first four periods at most; the last of them arrives in period 7.
    assert before.arrived[:, :7].tolist() == after.arrived[:, :7].tolist()


def test_the_benchmark_orders_up_to_four_periods_of_cover():
    episode = simulated(Benchmark(), [[2] * 8], on_hand=3, inbound=[1, 0])

    assert episode.arrived[0, 2] == 4 * 2 - 4
