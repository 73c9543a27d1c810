"""The stock page of one SKU: sliders that begin where all pays, bars that fit, plain words."""

import numpy as np
import pytest

from data.policy.policy import Policy
from serving.forecast_book import PreparedBook
from serving.inventory.stock_detail import ahead, sharing, sliders

SKU = "A-00001"


@pytest.fixture
def policy():
    return Policy.read()


def test_the_pool_begins_with_all_that_pays(a_book, policy):
    book = a_book()
    pool = sliders(book, SKU, policy)["pool"]
    placed = [sharing(book, SKU, policy, units)["placed"] for units in (pool - 1, pool, pool + 1)]

    assert placed == [pool - 1, pool, pool]


def test_the_slider_of_the_pool_ends_beyond_what_pays(a_book, policy):
    at = sliders(a_book(), SKU, policy)
    assert at["max_pool"] > at["pool"]


def test_the_margin_begins_at_price_less_cost(a_book, policy):
    assert sliders(a_book(), SKU, policy)["margin"] == 8.0


def test_the_margin_as_it_is_known_changes_nothing(a_book, policy):
    book = a_book()
    assert sharing(book, SKU, policy, 12, 8.0) == sharing(book, SKU, policy, 12)


def test_margins_of_sites_grow_alike(a_book, policy):
    book = a_book()
    book.stock.unit_price[:] = [20, 20, 16, 22, 20, 20]
    locations = sharing(book, SKU, policy, 12, 14.0)["locations"]

    assert [location["sale_value"]["amount"] for location in locations] == ["8.00", "20.00"]


def test_no_bar_is_longer_than_the_rail(a_book, policy):
    for location in sharing(a_book(), SKU, policy, 30)["locations"]:
        bars = location["bars"]
        assert bars["stock"] + bars["given"] <= 1 + 1e-9
        assert 0 <= bars["demand"] <= 1


def test_what_to_order_is_told_with_what_it_does_to_the_risk(a_book, policy):
    book = a_book(horizon=6)
    book.stock.on_hand[:] = 0
    shown = ahead(PreparedBook(book), "A-00002", "south", policy)
    what = shown.words()[-1]

    assert what.startswith(f"Order {shown.order} units now: they can be sold from 8 Mar on")
    assert "in the week of 8 Mar falls from" in what


def test_enough_stock_needs_no_order(a_book, policy):
    book = a_book(horizon=6)
    book.stock.on_hand[:] = 10_000
    words = ahead(PreparedBook(book), "A-00000", "north", policy).words()

    assert words == [
        "As it is, it more likely than not lasts beyond 5 Apr.",
        "Nothing has to be ordered now.",
    ]


def test_of_stock_that_was_never_counted_nothing_is_said(a_book, policy):
    book = a_book()
    book.stock.on_hand[:] = np.nan

    assert ahead(PreparedBook(book), "A-00000", "north", policy) is None
