"""A forecast book holds what was known at its moment, of every series, and nothing later."""

from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError, NoChampionError
from data.policy.policy import Policy
from models.demand.forecaster import DemandForecaster
from models.registry.store import ModelRegistry, TrainedModel
from training.demand.champion import MODEL
from training.demand.dataset import read_panel
from training.forecast_book.make_book import ForecastJob, make_book

AS_OF = pd.Timestamp("2025-01-27", tz="UTC")
HORIZON, LEAD_DAYS = 4, 10.0


def moment(*days):
    return [AS_OF + pd.Timedelta(day, "D") for day in days]


@pytest.fixture(scope="module")
def tables(demand_tables):
    """Demand, and the stock of three series: 8 units are to come, 5 have come, 9 come too late."""
    stock = pd.DataFrame(
        {
            "sku": ["sku-03", "sku-03", "sku-05"],
            "site": ["north", "south", "south"],
            "counted_at": moment(-2, -3, -1),
            "on_hand": [11.0, 0.0, 7.0],
            "inbound": [8.0, 5.0, 9.0],
            "inbound_at": moment(9, -1, 300),
            "known_at": moment(-2, -3, -1),
        }
    )
    later = stock.assign(on_hand=99.0, counted_at=moment(1, 1, 1), known_at=moment(1, 1, 1))
    products = {"sku": ["sku-03"], "unit_price": [20.0], "cost": [12.0], "product_group": ["toys"]}
    sites = {"site": ["north"], "lead_time_days": [LEAD_DAYS]}
    return demand_tables | {
        "stock": pd.concat([stock, later]),
        "products": pd.DataFrame(products | {"known_at": moment(-300)}),
        "sites": pd.DataFrame(sites | {"known_at": moment(-300)}),
    }


@pytest.fixture(scope="module")
def history(a_history, tables):
    return a_history(tables)


@pytest.fixture(scope="module")
def store(history, tmp_path_factory):
    """A store whose champion is a moving average."""
    store = ModelRegistry(tmp_path_factory.mktemp("forecast") / "mlruns")
    demand = DemandForecaster.fit(read_panel(history, AS_OF), HORIZON, method="average")
    version = store.record(
        TrainedModel(MODEL, demand.to_files(), {}, {}, {}, {}), now_ms=1_772_323_200_000
    )
    store.promote(MODEL, version, why="for tests", now="2025-01-27T00:00:00Z")
    return store


def made(history, store, **more):
    return make_book(ForecastJob(history, AS_OF, Policy.read(), **more), store, lambda _: None)


@pytest.fixture(scope="module")
def book(history, store):
    return made(history, store)


def test_every_series_is_in_it_in_the_order_it_is_looked_up_by(book, demand_tables):
    pairs = list(zip(book.forecast.sku, book.forecast.site, strict=True))
    series = demand_tables["demand"][["sku", "site"]].drop_duplicates()

    assert pairs == sorted(series.itertuples(index=False, name=None))
    assert all(book.row(*pair) == row for row, pair in enumerate(pairs))


def test_the_forecast_begins_where_the_history_ends(book):
    week = np.timedelta64(7, "D")

    assert book.forecast.periods.tolist() == [
        *(np.datetime64("2025-01-27") + week * np.arange(HORIZON)).tolist()
    ]
    assert book.recent.periods[-1] + week == book.forecast.periods[0]


def test_it_says_which_model_made_it_and_as_of_when(book):
    assert (book.model_version, book.as_of_ms) == ("demand-1", AS_OF.value // 1_000_000)
    assert book.made_at_ms > book.as_of_ms


def test_the_stock_is_that_of_the_last_count_known_then_and_what_has_come_since(book):
    rows = [book.row("sku-03", "north"), book.row("sku-03", "south"), book.row("sku-05", "south")]

    assert book.stock.on_hand[rows].tolist() == [11, 5, 7]
    assert np.isnan(book.stock.on_hand[book.row("sku-07", "north")])


def test_what_is_on_its_way_comes_in_its_period_or_is_left_out(book):
    rows = [book.row("sku-03", "north"), book.row("sku-03", "south"), book.row("sku-05", "south")]

    assert book.stock.inbound[rows].tolist() == [[0, 8, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_prices_costs_and_lead_times_are_taken_where_they_are_known(book):
    row, other = book.row("sku-03", "north"), book.row("sku-05", "south")
    stock = book.stock

    assert (stock.unit_price[row], stock.unit_cost[row], stock.lead_time_days[row]) == (20, 12, 10)
    unknown = [stock.unit_price[other], stock.unit_cost[other], stock.lead_time_days[other]]
    assert np.isnan(unknown).all()


def test_sums_have_the_means_of_their_series(book):
    sums = book.aggregates
    total, north = sums.rows["total", ""], sums.rows["site", "north"]
    toys = sums.rows["product_group", "toys"]

    assert sums.mean[total] == pytest.approx(book.forecast.mean.sum(0), rel=1e-4)
    here = book.forecast.site == "north"
    assert sums.mean[north] == pytest.approx(book.forecast.mean[here].sum(0), rel=1e-4)
    assert sums.mean[toys] == pytest.approx(book.forecast.mean[book.rows("sku-03")].sum(0))
    assert {kind for kind, _ in sums.rows} == {"site", "product_group", "total"}


def test_a_sum_is_less_uncertain_than_its_series_together(book):
    sums, edges = book.aggregates, np.array([0.025, 0.975])
    low, high = sums.quantiles(sums.rows["total", ""], edges)[0]
    apart = book.forecast.quantiles(edges)[:, 0].sum(0)

    assert apart[0] < low < high < apart[1]


def test_the_look_back_is_of_the_last_horizon_and_covers_most_of_what_came(book):
    review = book.review

    assert review.quantiles.shape == (book.forecast.series, HORIZON, 3)
    assert review.overall["covered"] > 0.85
    assert review.overall["scored"] == review.figures["scored"].sum()


def with_another_future(tables, as_of):
    """The same tables, with other numbers in the rows that became known from a moment on."""
    changed = {"demand": ["units"], "stock": ["on_hand", "inbound"]}
    altered_tables = dict(tables)
    for name, columns in changed.items():
        later = tables[name]["known_at"] >= as_of
        assert later.any()
        altered_tables[name] = tables[name].copy()
        altered_tables[name].loc[later, columns] = altered_tables[name].loc[later, columns] * 3 + 50
    return altered_tables


def test_the_look_back_saw_nothing_that_came_after_its_moment(tables, a_history, store, book):
    earlier = AS_OF - pd.Timedelta(days=7 * HORIZON)
    other = made(a_history(with_another_future(tables, earlier)), store)

    assert np.array_equal(other.review.quantiles, book.review.quantiles)


def equal(first, other):
    if is_dataclass(first):
        left_out = {"made_at_ms"}
        return all(
            equal(getattr(first, field.name), getattr(other, field.name))
            for field in fields(first)
            if field.name not in left_out
        )
    if isinstance(first, np.ndarray):
        return np.array_equal(first, other, equal_nan=first.dtype.kind == "f")
    if isinstance(first, dict):
        return first.keys() == other.keys() and all(equal(first[key], other[key]) for key in first)
    if isinstance(first, list):
        return all(equal(a, b) for a, b in zip(first, other, strict=True))
    return first == other


def test_nothing_known_later_is_in_a_book(tables, a_history, store, book):
    assert equal(made(a_history(with_another_future(tables, AS_OF)), store), book)


def test_a_shorter_horizon_is_cut_from_the_same_forecast(history, store, book):
    short = made(history, store, horizon=2)

    assert np.array_equal(short.forecast.mean, book.forecast.mean[:, :2])
    assert short.review.quantiles.shape[1] == short.stock.inbound.shape[1] == 2


def test_a_longer_horizon_than_the_model_has_is_refused(history, store):
    with pytest.raises(BadInputError, match="forecasts 4"):
        made(history, store, horizon=9)


def test_without_a_champion_it_says_what_to_run(history, empty_store):
    with pytest.raises(NoChampionError, match="python -m training demand"):
        made(history, empty_store)
