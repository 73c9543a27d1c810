"""Chances follow the outcomes of late, and nothing that was not yet known."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from data.ticks import MS_PER_DAY, NEVER
from training.early_warning.dataset import OrderDataset
from training.early_warning.surplus import PRIOR_FAILURES, PastChances, outcome_surplus

N = 400
CHANCE = 0.2


def orders(failed: np.ndarray) -> OrderDataset:
    """Orders that end one a day, those of a mask by an exception, the others by their delivery."""
    ended = (np.arange(N) + 1) * MS_PER_DAY
    failed_at = np.where(failed, ended, NEVER)
    dataset: Any = SimpleNamespace(
        stage=np.full(N, "placed", object),
        failed_at=failed_at,
        raised_at={"late_shipment": failed_at},
        delivery_known_at=np.where(failed, NEVER, ended),
        weight=np.ones(N) * 100.0,
    )
    return cast("OrderDataset", dataset)


def surplus(dataset: OrderDataset, day: int) -> float:
    past = PastChances(np.arange(N), np.full(N, CHANCE))
    at = np.array([day * MS_PER_DAY])
    return float(outcome_surplus(dataset, ["late_shipment"], past, at)[0])


def test_a_season_of_failures_raises_the_chance_and_a_calm_one_lowers_it():
    assert surplus(orders(np.arange(N) % 2 == 0), 300) > 0.5
    assert surplus(orders(np.arange(N) % 50 == 0), 300) < -0.5


def test_failures_as_predicted_change_nothing():
    assert abs(surplus(orders(np.arange(N) % 5 == 0), 300)) < 0.05


def test_what_becomes_known_later_is_not_read():
    calm_then_bad = np.arange(N) >= 300

    assert surplus(orders(calm_then_bad), 300) == surplus(orders(np.zeros(N, bool)), 300)


def test_before_anything_ended_nothing_is_followed():
    assert surplus(orders(np.ones(N, bool)), 1) == 0.0


def test_few_orders_shift_a_chance_but_little():
    dataset = orders(np.ones(N, bool))
    few: Any = SimpleNamespace(**{**vars(dataset), "weight": np.full(N, 0.01)})

    assert 0 < surplus(few, 300) < 1 / PRIOR_FAILURES
