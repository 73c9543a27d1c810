"""Plain LightGBM is a fair mark: it learns, and from nothing that was recorded later."""

import numpy as np
import pytest

from data.history.history import END_OF_TIME
from data.ticks import MS_PER_HOUR, tick_of
from models.classifiers.calibration import codes, log_loss
from models.triage.load import load_triage
from training.triage.dataset import TriageDataset
from training.triage.plain_lightgbm import plain_classes, plain_quantiles

ROWS = np.arange(100)


@pytest.fixture(scope="module")
def champion(shop):
    return load_triage(shop.store, shop.outcome.version)


@pytest.fixture(scope="module")
def datasets(shop, champion):
    """The exceptions as of the training, and as they are known today."""
    return [
        TriageDataset.read(shop.history, at, champion.kinds) for at in (shop.as_of, END_OF_TIME)
    ]


@pytest.fixture(scope="module")
def names(champion):
    return list(champion.classes["category"].names)


def test_nothing_recorded_later_is_learned_from(shop, datasets, names):
    tick = tick_of(shop.as_of)
    before, today = (plain_classes(own, ROWS, tick, "category", names) for own in datasets)

    np.testing.assert_array_equal(before, today)


def test_its_probabilities_beat_the_share_of_each_class(shop, datasets, names, champion):
    today = datasets[1]
    later = np.flatnonzero(today.detected_at >= tick_of(shop.as_of))
    code = codes(today.labels.classes["category"].at(today.tick, len(today.ids))[later], names)
    rows, code = later[code >= 0], code[code >= 0]

    chance = plain_classes(today, rows, tick_of(shop.as_of), "category", names)

    prior = np.tile(champion.classes["category"].prior, (len(rows), 1))
    assert chance is not None
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    assert log_loss(chance, code) < log_loss(prior, code)


def test_its_quantiles_do_not_cross(shop, datasets):
    today, tick = datasets[1], tick_of(shop.as_of)
    hours = (today.labels.resolved_at - today.detected_at) / MS_PER_HOUR
    recorded = today.labels.resolved_known_at < tick

    quantiles = plain_quantiles(today, ROWS, tick=tick, values=hours, recorded=recorded)

    assert quantiles is not None
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= 0).all()


def test_too_few_times_give_none(shop, datasets):
    today = datasets[1]
    never = np.zeros(len(today.ids), bool)
    values = np.ones(len(today.ids))

    assert plain_quantiles(today, ROWS, tick_of(shop.as_of), values, never) is None
