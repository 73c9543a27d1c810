"""Remaining time of an order against what is left of its promise."""

import numpy as np
import pytest

from models.early_warning.delivery_time import DeliveryTime


@pytest.fixture(scope="module")
def fitted():
    """Orders to far places take three days, others one."""
    dice = np.random.default_rng(1)
    far = (dice.random(1_500) < 0.5).astype(np.float32)
    hours = np.where(far > 0, 72.0, 24.0) * dice.lognormal(0, 0.1, 1_500)
    return DeliveryTime.fit(far[:, None], hours, np.ones(1_500), grace_hours=0.0)


def shortage(model, far, hours_left):
    return model.shortage(np.array([[far]], np.float32), np.array([hours_left]))[0]


def test_time_is_short_only_where_it_takes_longer_than_is_left(fitted):
    assert shortage(fitted, 1.0, 48.0) > 0 > shortage(fitted, 0.0, 48.0)


def test_less_time_left_is_never_less_short(fitted):
    short = [shortage(fitted, 1.0, left) for left in (200.0, 100.0, 50.0, 1.0, -30.0)]

    assert short == sorted(short)


def test_without_a_promise_nothing_is_short(fitted):
    assert shortage(fitted, 1.0, np.nan) == 0.0


def test_slower_orders_than_predicted_have_a_residual_above_0(fitted):
    near = np.zeros((2, 1), np.float32)

    slower, quicker = fitted.residual(near, np.array([48.0, 12.0]))

    assert slower > 0 > quicker


def test_it_is_the_same_after_it_was_kept_as_files(fitted):
    again = DeliveryTime.from_json(*fitted.to_json())

    assert shortage(again, 1.0, 48.0) == shortage(fitted, 1.0, 48.0)
