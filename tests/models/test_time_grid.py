"""Grid of times: edges follow the history, quantiles come out of chances, open subjects count."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.time_grid import INTERVALS, ResolveChances, TimeGrid

EDGES = np.array(
    [0, 0.1, 0.25, 1, 4, 12, 24, 48, 72, 96, 114, 144, 192, 288, 480, 960, 3000], float
)
GRID = TimeGrid(EDGES)
masses = (
    st.lists(st.floats(0, 1), min_size=INTERVALS, max_size=INTERVALS)
    .filter(lambda weights: sum(weights) > 0.01)
    .map(lambda weights: np.array([weights]) / sum(weights))
)
hours_open = st.floats(0, 4_000)
recorded_hours = st.lists(st.floats(0, 50_000), min_size=1, max_size=60).map(np.array)


@given(hours=recorded_hours)
def test_edges_rise_from_zero_to_beyond_the_longest_time(hours):
    edges = TimeGrid.of(hours).edges

    assert len(edges) == INTERVALS + 1
    assert edges[0] == 0
    assert (np.diff(edges) > 0).all()
    assert edges[-1] > hours.max()


@given(
    seed=st.integers(0, 999),
    median=st.floats(0.5, 500),
    scale=st.sampled_from([0.1, 8.0, 365.0]),
)
def test_edges_scale_with_times_that_are_not_tied(seed, median, scale):
    hours = median * np.random.default_rng(seed).lognormal(0, 1, 200)

    scaled = TimeGrid.of(scale * hours).edges

    np.testing.assert_allclose(scaled, scale * TimeGrid.of(hours).edges, rtol=1e-9)


def test_as_many_times_fall_into_each_interval_but_the_last():
    hours = np.random.default_rng(3).lognormal(3, 2, 15_000)

    counts = np.histogram(hours, TimeGrid.of(hours).edges)[0]

    np.testing.assert_allclose(counts[:-1], 1_000, atol=2)


def test_equal_times_still_give_all_intervals():
    edges = TimeGrid.of(np.full(30, 24.0)).edges

    assert len(np.unique(edges)) == INTERVALS + 1
    assert 24.0 in edges


@given(mass=masses)
def test_quantiles_are_ordered_and_within_the_edges(mass):
    result = GRID.quantiles(mass, (0.1, 0.3, 0.5, 0.7, 0.9))[0]

    assert (np.diff(result) >= -1e-9).all()
    assert result[0] >= 0
    assert result[-1] <= EDGES[-1] * (1 + 1e-9)


def test_quantiles_of_whole_days_are_whole_days():
    days = np.repeat([24.0, 48.0, 96.0, 144.0], 100)
    grid = TimeGrid.of(days)
    mass = np.histogram(days, np.append(grid.edges[:-1] + 1e-6, grid.edges[-1]))[0] / len(days)

    quantiles = grid.quantiles(mass[None, :], (0.1, 0.4, 0.6, 0.9))

    np.testing.assert_allclose(quantiles, [[24.0, 48.0, 96.0, 144.0]])


@given(hours=recorded_hours, share=st.floats(0.01, 0.99))
def test_quantiles_lie_within_their_interval_also_where_times_are_recorded(hours, share):
    grid = TimeGrid.of(np.repeat(hours, 20))
    quantiles = grid.quantiles(np.eye(INTERVALS), (share,))[:, 0]

    assert (quantiles >= grid.edges[:-1] * (1 - 1e-9)).all()
    assert (quantiles <= grid.edges[1:] * (1 + 1e-9)).all()


def test_a_grid_read_back_is_the_same():
    grid = TimeGrid.of(np.random.default_rng(3).lognormal(3, 2, 500))
    again = TimeGrid.from_json(orjson.loads(orjson.dumps(grid.to_json())))
    mass = np.full((1, INTERVALS), 1 / INTERVALS)

    np.testing.assert_array_equal(again.quantiles(mass, (0.3,)), grid.quantiles(mass, (0.3,)))


def test_a_grid_of_edges_alone_is_read_as_it_was():
    old = TimeGrid.from_json({"edges": EDGES.tolist()})

    assert old.within is None
    assert old.quantiles(np.eye(INTERVALS)[[3]], (0.5,)) == pytest.approx(5**0.5 * 2**0.5 - 1)


def test_the_median_of_one_interval_lies_in_it():
    median = ResolveChances(GRID, np.eye(INTERVALS)).quantiles()[:, 1]

    assert (median > EDGES[:-1]).all()
    assert (median < EDGES[1:]).all()


@given(mass=masses, hours=hours_open)
def test_what_is_still_open_has_no_chance_in_the_past(mass, hours):
    left = GRID.remaining(mass, np.array([hours]))

    assert left.sum() == pytest.approx(1.0)
    over = EDGES[1:-1] <= hours
    assert left[0, :-1][over].sum() == 0


@given(mass=masses, hours=hours_open)
def test_to_have_lasted_never_shortens_the_expected_time(mass, hours):
    before = np.cumsum(mass[0])
    after = np.cumsum(GRID.remaining(mass, np.array([hours]))[0])

    assert (after <= before + 1e-6).all()


def test_nothing_outlived_changes_nothing():
    mass = np.full((1, INTERVALS), 1 / INTERVALS)

    np.testing.assert_allclose(GRID.remaining(mass, np.zeros(1)), mass, atol=1e-6)


def test_a_resolved_case_counts_whole_in_every_interval_it_was_open_in():
    subject, interval, ended, exposure = GRID.exposures(np.array([10.0]), np.array([True]))

    assert subject.tolist() == [0] * 5
    assert interval.tolist() == [0, 1, 2, 3, 4]  # 10 hours lie between 4 and 12
    assert ended.tolist() == [0, 0, 0, 0, 1]
    assert exposure.tolist() == [1] * 5


def test_an_open_case_counts_in_part_in_its_latest_interval():
    _, interval, ended, exposure = GRID.exposures(np.array([8.0]), np.array([False]))

    assert interval.tolist() == [0, 1, 2, 3, 4]
    assert ended.sum() == 0
    assert exposure.tolist() == [1, 1, 1, 1, 0.5]  # 8 hours: half way from 4 to 12


def test_a_case_beyond_the_last_edge_ends_in_the_last_interval():
    _, interval, ended, _ = GRID.exposures(np.array([9_999.0]), np.array([True]))

    assert interval[-1] == INTERVALS - 1
    assert ended[-1] == 1


def test_an_interval_is_read_at_five_points_within_it():
    points = GRID.points.reshape(INTERVALS, 5)

    assert (points > EDGES[:-1, None]).all()
    assert (points < EDGES[1:, None]).all()


def test_chances_joined_are_the_chances_of_each_part():
    parts = [ResolveChances(GRID, np.eye(INTERVALS)[rows]) for rows in (slice(3), slice(3, 16))]

    np.testing.assert_array_equal(ResolveChances.concatenate(parts).mass, np.eye(INTERVALS))


def test_cases_still_open_say_that_times_in_an_interval_are_longer():
    hours = np.random.default_rng(5).uniform(1, 1_000, 4_000)
    recorded = hours < 900
    alone = TimeGrid.of(hours[recorded])
    beside = TimeGrid.of(hours[recorded], np.full((~recorded).sum(), 880.0))
    mass = np.eye(INTERVALS)[-2:-1]

    assert beside.quantiles(mass, (0.5,)) > alone.quantiles(mass, (0.5,))
