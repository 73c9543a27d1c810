"""The quick way to read quantiles gives what the other one gives."""

import numpy as np
import pytest

from models.demand.level_sets import LevelSets
from models.demand.quantiles import QuantileReader

LEVELS = np.array([0.025, 0.4, 0.5, 0.975])


@pytest.fixture
def tables():
    """Of different lengths; one of a single bin."""
    random = np.random.default_rng(5)
    levels = [np.repeat(np.geomspace(0.1, top, n), 5) for top, n in ((50, 700), (5, 200), (2, 5))]
    return [LevelSets.fit(level, random.poisson(level)) for level in levels]


def test_it_reads_what_the_forecast_reads(tables):
    random = np.random.default_rng(6)
    point = np.concatenate([[0, 1e6], random.gamma(0.5, 20, 998)]).astype(np.float32)
    reader = QuantileReader(tables, LEVELS)
    for code, table in enumerate(tables):
        expected = np.maximum.accumulate(np.maximum(table.quantiles(point, LEVELS), 0), axis=1)
        result = reader.read(point, np.full(point.shape, code, np.uint8))
        assert result == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_each_period_is_read_at_its_own_table(tables):
    point = np.full((1, 3), 1.5, np.float32)
    mixed = QuantileReader(tables, LEVELS).read(point, np.array([[0, 1, 2]], np.uint8))
    for code in range(3):
        alone = QuantileReader(tables, LEVELS).read(point[:, :1], np.array([[code]], np.uint8))
        assert mixed[0, code] == pytest.approx(alone[0, 0])
