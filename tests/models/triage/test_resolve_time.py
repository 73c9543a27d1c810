"""Times to resolve as chances by interval: open cases count, and intervals follow the history."""

import numpy as np
import pytest

from models.time_grid import INTERVALS
from models.triage.resolve_time import ConstantResolveTime, ResolveTime


@pytest.fixture(scope="module")
def censored(a_sample):
    """A month of cases that take five days, as of a day when half of them are still open."""
    sample = a_sample(600)
    lasts = np.random.default_rng(4).exponential(120.0, 600)
    watched = np.random.default_rng(5).uniform(0, 200, 600)
    return sample.rows, np.minimum(lasts, watched), lasts <= watched


@pytest.mark.parametrize("model", [ResolveTime, ConstantResolveTime])
def test_open_cases_make_the_expected_time_longer(censored, model):
    rows, hours, resolved = censored
    weight = np.ones(rows.n)

    with_open = model.fit(rows, hours, resolved, weight).predict(rows)[:, 1]
    closed = rows.take(resolved)
    without = model.fit(closed, hours[resolved], resolved[resolved], weight[resolved]).predict(rows)

    assert np.median(with_open) > 1.3 * np.median(without[:, 1])


def test_the_product_limit_finds_the_true_median_under_censoring(censored):
    rows, hours, resolved = censored

    model = ConstantResolveTime.fit(rows, hours, resolved, np.ones(rows.n))

    assert model.predict(rows)[0, 1] == pytest.approx(120 * np.log(2), rel=0.15)


@pytest.mark.parametrize("model", [ResolveTime, ConstantResolveTime])
def test_the_chances_of_all_intervals_sum_to_one(censored, model):
    rows, hours, resolved = censored

    mass = model.fit(rows, hours, resolved, np.ones(rows.n)).chances(rows).mass

    assert mass.shape == (rows.n, INTERVALS)
    assert (mass >= 0).all()
    np.testing.assert_allclose(mass.sum(axis=1), 1.0)


@pytest.mark.parametrize("model", [ResolveTime, ConstantResolveTime])
def test_quantiles_scale_with_the_times_of_the_history(censored, model):
    rows, hours, resolved = censored
    weight = np.ones(rows.n)

    plain = model.fit(rows, hours, resolved, weight).predict(rows)
    scaled = model.fit(rows, 100 * hours, resolved, weight).predict(rows)

    np.testing.assert_allclose(np.median(scaled, axis=0), 100 * np.median(plain, axis=0), rtol=0.2)


@pytest.mark.parametrize("model", [ResolveTime, ConstantResolveTime])
def test_a_champion_stored_without_edges_reads_the_first_grid(censored, model):
    rows, hours, resolved = censored
    values, files = model.fit(rows, hours, resolved, np.ones(rows.n)).to_json()

    again = model.from_json({name: v for name, v in values.items() if name != "edges"}, files)

    assert again.grid.edges[[0, 1, -1]].tolist() == [0, 0.1, 3000]


def test_what_the_raw_columns_add_is_learned_from_later_times(censored):
    rows, hours, resolved = censored
    model = ResolveTime.fit(rows, hours, resolved, np.ones(rows.n))
    shares = {share: model.sharing(share) for share in (0.05, 0.5, 0.95)}
    loss = {
        share: -own.chances(rows).log_likelihood(hours, resolved).mean()
        for share, own in shares.items()
    }

    learned = model.sharing(model.likeliest_raw_share(rows, hours, resolved))

    own = -learned.chances(rows).log_likelihood(hours, resolved).mean()
    assert own <= min(loss.values()) + 0.01


def test_a_hazard_by_raw_columns_that_adds_nothing_is_left_out(censored):
    rows, hours, resolved = censored
    model = ResolveTime.fit(rows, hours, resolved, np.ones(rows.n))

    alone = model.sharing(0.0)

    assert model.raw is not None
    assert alone.raw is None
    assert alone.likeliest_raw_share(rows, hours, resolved) == 0.0
    assert alone.to_json().files.keys() == {"trees.txt"}
